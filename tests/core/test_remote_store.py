"""The store behind a helper: as the store itself, whatever the other side is, says or fails to say."""

import os
import re
import shlex
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from exporter_core import Descriptor, Digest, Store, open_store, wire
from exporter_core.errors import ContentError, DocumentTooLarge, StoreError, UnreadableBlob
from exporter_core.metadata import MetadataStore, SandboxStore
from exporter_core.stores.remote import helper, parse_address
from exporter_core.stores.remote.helper import explained
from exporter_core.stores.remote.parcel import FIRST
from tests.bolt_writer import namespace, write_root
from tests.core.helper_processes import RUN_LAST, standing_in, through_helper
from tests.core.helpers import NAME, exported, noise, sample
from tests.images import OCI_LAYER, StoreBuilder


def children() -> set[int]:
    """The processes that this one started and that still are."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    if not listed.exists():
        pytest.skip("needs /proc")
    return {
        int(pid) for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()
    }


# --- as the store itself ----------------------------------------------------------------------------------


def test_a_root_is_told_whole(tmp_path: Path) -> None:
    builder = sample()
    tree = {b"a": namespace(builder), b"default": namespace(builder)}
    root = write_root(builder, tmp_path / "root", tree)
    with closing(open_store(root)) as direct, closing(through_helper(root, tmp_path / "bin")) as store:
        assert isinstance(store, SandboxStore) and isinstance(direct, SandboxStore)
        assert store.kind == direct.kind and store.notes == direct.notes
        assert store.location == f"ssh://someone@localhost{root}"
        for one in ("images", "namespaces", "leases", "snapshots", "containers", "ingests", "sandboxes"):
            assert getattr(store, one)() == getattr(direct, one)(), one
        assert list(store.blobs()) == list(direct.blobs())
        assert exported(store) == exported(direct)
        with closing(store.in_namespace("a")) as other:
            assert isinstance(other, MetadataStore) and other.namespace == "a"
            assert other.images()[0].namespace == "a"
            assert other.location == f"ssh://someone@localhost{root}?namespace=a"
        with pytest.raises(StoreError, match="no namespace nothing") as caught:
            store.in_namespace("nothing")
        assert "a, default" in caught.value.hint
        assert store.images()  # the other's end is not its own


def test_a_namespace_outlives_the_store_it_came_from(tmp_path: Path) -> None:
    before = children()
    store = through_helper(write_root(sample(), tmp_path / "root"), tmp_path / "bin")
    assert isinstance(store, MetadataStore)
    other = store.in_namespace("default")
    store.close()
    assert len(other.images()) == 1
    other.close()
    assert children() == before
    with pytest.raises(StoreError, match="closed"):
        other.images()


def test_a_namespace_is_opened_by_its_location(tmp_path: Path) -> None:
    builder = sample()
    root = write_root(
        builder, tmp_path / "a 'root", {b"x": namespace(builder), b"k8s.io": namespace(builder)}
    )
    with standing_in(tmp_path / "bin", ssh=RUN_LAST):
        location = f"ssh://localhost{str(root).replace(' ', '%20')}?namespace=k8s.io"
        with closing(open_store(location)) as store:
            assert isinstance(store, MetadataStore) and store.namespace == "k8s.io"


def test_changes_are_told(tmp_path: Path) -> None:
    builder = sample()
    root = write_root(builder, tmp_path / "root")
    stop = threading.Event()
    with closing(through_helper(root, tmp_path / "bin")) as store:
        assert isinstance(store, MetadataStore)
        changes = store.changes(stop.is_set)
        next(changes)
        fresh = write_root(sample(), tmp_path / "fresh", {b"other": namespace(builder)}, txid=9)
        database = "io.containerd.metadata.v1.bolt/meta.db"
        os.replace(fresh / database, root / database)
        next(changes)
        assert [found.name for found in store.namespaces()] == ["other"]
        stop.set()
        assert list(changes) == []


def test_a_blob_can_be_read_from_anywhere(tmp_path: Path) -> None:
    builder = StoreBuilder()
    blob = builder.blob(noise(9_000_000), OCI_LAYER)
    descriptor = Descriptor("", Digest.parse(blob["digest"]), 9_000_000)
    with closing(through_helper(builder.write_layout(tmp_path / "s"), tmp_path / "bin")) as store:
        with store.open(descriptor) as stream:
            for offset in (8_999_990, 5, 6, 2_000_000, 0, 9_000_000, 10_000_000):
                assert stream.seek(offset) == offset
                assert stream.read(4) == noise(9_000_000)[offset : offset + 4]
            with pytest.raises(OSError):
                stream.seek(0, os.SEEK_END)
        for _ in range(2 * wire.STREAMS):  # each lets go of its place
            store.open(descriptor).close()


def test_the_limit_of_documents_holds_over_there(tmp_path: Path) -> None:
    layout = sample().write_layout(tmp_path / "s")
    with (layout / "index.json").open("ab") as file:
        file.write(b" " * 5000)
    with standing_in(tmp_path / "bin", ssh=RUN_LAST):
        store = open_store(f"ssh://localhost{layout}", document_limit=4000)
    with closing(store), pytest.raises(DocumentTooLarge):
        store.images()


# --- the end of it ----------------------------------------------------------------------------------------


def test_nothing_is_left_running(tmp_path: Path) -> None:
    before = children()
    builder = StoreBuilder()
    blob = builder.blob(noise(9_000_000), OCI_LAYER)
    store = through_helper(builder.write_layout(tmp_path / "s"), tmp_path / "bin")
    store.open(Descriptor("", Digest.parse(blob["digest"]), 9_000_000)).read(1)  # and never read to its end
    assert len(children() - before) == 1
    store.close()
    assert children() == before


def test_a_helper_that_dies_is_told_wherever_it_is_asked(tmp_path: Path) -> None:
    before = children()
    builder = StoreBuilder()
    blob = builder.blob(noise(30_000_000), OCI_LAYER)
    store = through_helper(builder.write_layout(tmp_path / "s"), tmp_path / "bin")
    stream = store.open(Descriptor("", Digest.parse(blob["digest"]), 30_000_000))
    stream.read(1)
    (pid,) = children() - before
    os.killpg(pid, signal.SIGKILL)  # the shell that stands in for ssh and the helper
    with pytest.raises(UnreadableBlob, match="helper"):
        while stream.read(1 << 20):
            pass
    with pytest.raises(StoreError, match="helper failed"):
        store.images()
    stream.close()
    store.close()
    assert children() == before


def test_an_interrupt_at_the_terminal_is_not_for_the_helper(tmp_path: Path) -> None:
    before = children()
    layout = sample().write_layout(tmp_path / "s")
    with standing_in(tmp_path / "bin", ssh=RUN_LAST):
        store = open_store(f"ssh://localhost{layout}", terminal=True)
    with closing(store):
        (pid,) = children() - before
        assert os.getpgid(pid) == os.getpgid(0)
        (ignored,) = re.findall(r"^SigIgn:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        assert int(ignored, 16) >> (signal.SIGINT - 1) & 1


# --- a hostile or broken helper ---------------------------------------------------------------------------

HELLO = (
    wire.MAGIC + b"\n" + wire.head({"store": 0, "kind": "x", "notes": [], "has": "metadata", "namespace": ""})
)
BAD_STARTS = {
    "nothing": b"",
    "babble": b"welcome\n" * 100_000,
    "no-line": b"x" * 1_000_000,
    "magic-of-tomorrow": b"shipglass-serve 2\n",
    "cut": HELLO[:-3],
    "no-kind": wire.MAGIC + b"\n" + wire.head({"store": 0, "kind": 7, "notes": []}),
    "many-notes": wire.MAGIC + b"\n" + wire.head({"store": 0, "kind": "x", "notes": ["x"] * 101}),
    "of-no-class": wire.MAGIC + b"\n" + wire.head({"error": {"type": "SystemExit", "message": "x"}}),
    "payload": wire.MAGIC + b"\n" + wire.head({"store": 0}, 1) + b"x",
    "huge": wire.MAGIC + b"\n" + b"\xff" * 8,
}
ANSWERS = {
    "no-json": wire.head({"id": 1}, 3) + b"{{{" + wire.head({"id": 1, "end": True}),
    "no-list": wire.head({"id": 1}, 2) + b"{}" + wire.head({"id": 1, "end": True}),
    "no-image": wire.head({"id": 1}, 3) + b"[7]" + wire.head({"id": 1, "end": True}),
    "empty": wire.head({"id": 1, "end": True}),
    "to-no-question": wire.head({"id": 99, "end": True}),
    "too-much": (wire.head({"id": 1}, 1) + b" ") * (wire.WINDOW + 9) * 100,
    "too-large": wire.head({"id": 1}, wire.CHUNK + 1) + b"x" * (wire.CHUNK + 1),
    "cut": wire.head({"id": 1}, 100) + b"[",
    "bad-error": wire.head({"id": 1, "error": {"type": "MissingBlob", "message": "x"}}),
    "deep": wire.head({"id": 1}, 200_000) + b"[" * 200_000 + wire.head({"id": 1, "end": True}),
}


@pytest.mark.parametrize("said", BAD_STARTS.values(), ids=list(BAD_STARTS))
def test_a_helper_that_starts_badly(said: bytes, tmp_path: Path) -> None:
    before = children()
    (tmp_path / "said").write_bytes(said)
    with (
        standing_in(tmp_path / "bin", ssh=f"exec cat {shlex.quote(str(tmp_path / 'said'))}"),
        pytest.raises(StoreError),
    ):
        open_store("ssh://host/path")
    assert children() == before


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_helper_that_answers_badly(answer: str, tmp_path: Path) -> None:
    before = children()
    folder = tmp_path / "bin"
    # The answer comes once the question was asked: after the core's two parts, a frame with "ask" in it.
    script = (
        f"import os, sys\nsys.stdout.buffer.write({HELLO!r}); sys.stdout.flush()\n"
        "seen = b''\nwhile b'\"ask\":\"images\"' not in seen: seen = seen[-100:] + os.read(0, 65536)\n"
        "sys.stdout.buffer.write(open(sys.argv[1], 'rb').read()); sys.stdout.flush()\n"
        "while sys.argv[2] != 'cut' and os.read(0, 65536): pass\n"
    )
    folder.mkdir()
    (folder / "said").write_bytes(ANSWERS[answer])
    (folder / "answer.py").write_text(script)
    words = [str(folder / "python3"), str(folder / "answer.py"), str(folder / "said"), answer]
    with (
        standing_in(folder, ssh=f"exec {shlex.join(words)}"),
        closing(open_store("ssh://host/path")) as store,
        pytest.raises((StoreError, ContentError)),
    ):
        store.images()
    assert children() == before


def test_a_banner_before_the_magic_is_skipped(tmp_path: Path) -> None:
    layout = sample().write_layout(tmp_path / "s")
    script = 'printf "Welcome\\n\\nto this host: "\nfor last; do :; done\nexec sh -c "$last"'
    with standing_in(tmp_path / "bin", ssh=script), closing(open_store(f"ssh://localhost{layout}")) as store:
        assert store.images()[0].name == NAME


# --- who cannot be started --------------------------------------------------------------------------------

FAILURES = [
    ("ssh://u@h/p", 255, "Permission denied (publickey).", "cannot reach u@h", "ssh-copy-id u@h"),
    ("ssh://u@h:22/p", 255, "Host key verification failed.", "cannot reach u@h:22", "ssh -p 22 u@h"),
    ("ssh://u@h/p", 127, "sh: 1: python3: not found", "no python3 on h", "3.11"),
    ("ssh://u@h/p", 3, "shipglass-boot: python 3.9 is too old", "too old", "3.11"),
    ("ssh://u@h/p?sudo=1", 127, "sh: 1: sudo: not found", "no sudo on h", "sudo=1"),
    ("ssh://u@h/p?sudo=1", 1, "sudo: a password is required", "right password", "NOPASSWD"),
    ("sudo:/p", 1, "sudo: a terminal is required to read the password", "right password", "SUDO_ASKPASS"),
    ("sudo:/p", 1, "Sorry, try again.\nsudo: 3 incorrect password attempts", "right password", "terminal"),
    ("sudo:/p", 1, "u is not in the sudoers file.", "not allowed", "right"),
    ("pkexec:/p", 126, "Error executing: Request dismissed", "cancelled", "password"),
    ("pkexec:/p", 127, "Error executing: Not authorized", "did not get the right", "agent"),
    ("ssh://u@h/p", 1, "Traceback\x1b[31m", "helper failed", ""),
]


@pytest.mark.parametrize(("location", "code", "said", "message", "hint"), FAILURES)
def test_a_failure_says_what_to_do(location: str, code: int, said: str, message: str, hint: str) -> None:
    error = explained(parse_address(location), code, said.encode(), "it ended")
    assert message in str(error) and hint in error.hint
    assert location in str(error) and "\x1b" not in str(error) and said[:6] in str(error)


@pytest.mark.parametrize("code", [126, 127])
def test_a_refusal_is_told_by_the_program_that_refuses(code: int, tmp_path: Path) -> None:
    """pkexec itself needs polkit and a desktop: its place is taken by a script that ends as it does."""
    with (
        standing_in(tmp_path / "bin", pkexec=f"echo Refused by the test >&2\nexit {code}"),
        pytest.raises(StoreError, match="Refused by the test") as caught,
    ):
        open_store(f"pkexec:{tmp_path}")
    assert caught.value.hint


def test_pkexec_and_sudo_are_given_a_python_of_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = sample().write_layout(tmp_path / "s")
    run = 'shift\nprintf "%s\\n" "$@" > "$0.args"\nexec "$@"'
    with standing_in(tmp_path / "bin", pkexec=run, sudo=run):
        for tool in ("pkexec", "sudo"):
            try:
                store: Store = open_store(f"{tool}:{layout}")
            except StoreError as error:
                pytest.skip(str(error))
            with closing(store):
                assert exported(store) == exported(open_store(layout))
            words = (tmp_path / "bin" / f"{tool}.args").read_text().splitlines()
            assert helper._belongs_to_root(words[0]) and words[1:] == [
                "-I",
                "-S",
                "-c",
                FIRST,
                str(layout),
                "8388608",
            ]
        monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
        monkeypatch.setattr(helper, "_PYTHONS", (str(tmp_path / "python3"),))
        with pytest.raises(StoreError, match="belongs to root alone"):
            open_store(f"sudo:{layout}")


def test_what_another_may_alter_does_not_belong_to_root(tmp_path: Path) -> None:
    program = tmp_path / "python3"
    program.write_text("")
    program.chmod(0o777)
    assert not helper._belongs_to_root(str(program))
    assert not helper._belongs_to_root(str(tmp_path / "nothing"))
