"""containerd's socket against `ctr` and the root on disk; daemons that go away, hang or are others."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from exporter_core import (
    Descriptor,
    Digest,
    ExportOptions,
    Store,
    load_tree,
    open_store,
    plan_export,
    run_export,
    verify_location,
)
from exporter_core.cli import main
from exporter_core.errors import Cancelled, DigestMismatch, StoreError, UnreadableBlob
from exporter_core.graph import find_image
from exporter_core.metadata import MetadataStore
from exporter_core.stores.socket import containerd_pb2 as api
from exporter_core.stores.socket import events
from exporter_core.stores.socket.address import socket_address
from exporter_core.stores.socket.reading import SentBlob
from exporter_core.stores.socket.store import ContainerdSocket
from tests.images import StoreBuilder
from tests.interop.conftest import CONFIG, _wait
from tests.interop.programs import SAMPLE, Containerd, export, needed
from tests.interop.test_containerd import LEGACY, WEB, ZSTD
from tests.interop.test_containerd_root import (
    CHECKOUT,
    MANY,
    differences,
    fill,
    our_images,
    their_images,
)
from tests.interop.test_containerd_root import opened as opened_root
from tests.memory import Watched

BIG = "docker.io/library/big:1"
NOBODY = 65534


def location(containerd: Containerd) -> str:
    return f"containerd://{containerd.root}/s?namespace={containerd.namespace}"


@contextmanager
def opened(containerd: Containerd, patience: float = 20.0) -> Iterator[ContainerdSocket]:
    with closing(ContainerdSocket(socket_address(location(containerd)), patience=patience)) as store:
        assert isinstance(store, MetadataStore)
        yield store


def load(containerd: Containerd, archive: Path) -> None:
    """Import it whole, and wait until the daemon has collected the archive's own index.json: it is a blob
    for a moment, that nothing refers to once the import is done.
    """
    containerd.load(archive, "--all-platforms")
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        assert index is not None
        passing = f"sha256:{hashlib.sha256(index.read()).hexdigest()}"
    until = time.monotonic() + 20
    while passing in containerd.blobs():
        assert time.monotonic() < until, "nothing was collected"
        time.sleep(0.02)


class Daemon:
    """A containerd of one test alone, to be killed, stopped and started again.

    Its root is bound over an empty folder in a mount namespace of its own: what its plugins say is their
    folder is empty here, as with a socket that was forwarded from another machine.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen[bytes] | None = None
        (root / "root").mkdir()
        (root / "hidden").mkdir()
        (root / "config.toml").write_text(CONFIG.format(root=root))

    @property
    def containerd(self) -> Containerd:
        return Containerd(self.root)

    def start(self) -> None:
        bind = 'mount --bind "$0/hidden" "$0/root" && exec containerd --config "$0/config.toml"'
        command = ["unshare", "--mount", "sh", "-c", bind, str(self.root)]
        with (self.root / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        _wait(self.process, self.root)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.send(signal.SIGKILL)
            self.process.wait(10)
            self.process = None


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    needed("containerd", "ctr", "unshare")
    if os.geteuid() != 0:
        pytest.skip("containerd runs as root only")
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, timeout=10, check=False)
    if done.returncode:
        pytest.skip(f"no mount namespaces here: {done.stderr.decode()}")
    root = Path(tempfile.mkdtemp(prefix="sg-"))
    made = Daemon(root)
    try:
        made.start()
        yield made
    finally:
        made.kill()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def big(daemon: Daemon, tmp_path: Path) -> Daemon:
    """With an image of 48 MiB, more than any buffer on the way holds."""
    builder = StoreBuilder()
    builder.name(BIG, builder.image([{"data": os.urandom(48 << 20)}], compression=""))
    archive = export(builder.write_layout(tmp_path / "layout"), tmp_path / "big.tar", [BIG])
    daemon.containerd.load(archive, "--all-platforms")
    return daemon


# --- what it tells ----------------------------------------------------------------------------------------


def test_every_table_of_every_namespace(namespace: Containerd, tmp_path: Path) -> None:
    others = [Containerd(namespace.root, f"{namespace.namespace}-{n}") for n in range(2)]
    for containerd in (namespace, *others):
        fill(containerd, tmp_path)
    for containerd in (namespace, *others):
        assert differences(containerd, opened) == {}
    with opened(namespace) as store, opened_root(namespace) as root:
        assert store.images() == root.images()
        blobs = [replace(blob, updated=None) for blob in root.blobs()]  # which is not sent
        assert [replace(blob, updated=None) for blob in store.blobs()] == blobs and len(blobs) > 20
        assert store.namespaces() == root.namespaces()
        assert store.leases() == root.leases()
        assert store.containers() == root.containers()
        ours, theirs = (
            {(one.snapshotter, one.key, one.parent, one.created, one.children) for one in of.snapshots()}
            for of in (store, root)
        )
        assert ours == theirs and len(ours) == 8
        assert store.sandboxes() == root.sandboxes()
        for blob in root.blobs():
            digest = Digest.parse(blob.digest)
            assert store.info(digest) == root.info(digest)
        assert store.notes == () and store.version


@dataclass
class AddResource:
    """A request that this program has no use for."""

    lease: str
    kind: str
    name: str

    def SerializeToString(self) -> bytes:
        resource = api.Resource(id=self.name, type=self.kind).SerializeToString()
        return api.Lease(id=self.lease).SerializeToString() + b"\x12" + bytes([len(resource)]) + resource


def test_leases_with_what_they_hold(namespace: Containerd, tmp_path: Path) -> None:
    """ctr cannot fill a lease, so the daemon is asked itself."""
    lease = f"{namespace.namespace}-x"
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [ZSTD]), "--all-platforms")
    namespace.ctr("leases", "create", "--id", lease, "--expires", "1h")
    namespace.ctr("snapshots", "--snapshotter", "native", "prepare", "key")
    digest = namespace.images()[0].digest
    held = {"content": digest, "snapshots/native": "key", "ingests": "a/b"}
    with opened(namespace) as store:
        for kind, name in held.items():
            store._call("leases.v1.Leases/AddResource", AddResource(lease, kind, name), api.Empty)
        [found] = store.leases()
        assert found.content == (digest,) and found.ingests == ("a/b",)
        assert found.snapshots == (("native", "key"),)
    with opened_root(namespace) as root:
        assert root.leases() == (found,)


def test_an_ingest_under_way(namespace: Containerd) -> None:
    command = ["ctr", "--address", str(namespace.root / "s"), "--namespace", namespace.namespace]
    command += ["content", "ingest", "--expected-size", "9000000", "half"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(bytes(5_000_000))
            process.stdin.flush()
            with opened(namespace) as store:
                until = time.monotonic() + 5
                while not (found := store.ingests()) or not found[0].received:
                    assert time.monotonic() < until
                    time.sleep(0.05)
        finally:
            process.kill()
    [ingest] = found
    assert (ingest.ref, ingest.total) == ("half", 9_000_000) and 0 < ingest.received < 9_000_000
    assert ingest.started and ingest.updated and ingest.updated >= ingest.started


def test_two_thousand_images(namespace: Containerd, tmp_path: Path) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [ZSTD]), "--all-platforms")
    names = [f"registry.example.com/many/image-{n:04}:{n % 7}" for n in range(MANY)]
    for at in range(0, MANY, 250):
        namespace.ctr("images", "tag", ZSTD, *names[at : at + 250])
    with opened(namespace) as store:
        assert len(store.images()) == MANY + 1
        assert our_images(store) == their_images(namespace)
        digest = find_image(store, ZSTD).digest_text
        assert all(store.info(Digest.parse(digest)) for _ in range(100))


def test_namespaces(namespace: Containerd) -> None:
    namespace.ctr("namespaces", "create", namespace.namespace)
    with opened(namespace) as store:
        other = f"{namespace.namespace}-b"
        namespace.ctr("namespaces", "create", other)
        with closing(store.in_namespace(other)) as there:
            assert (there.namespace, there.location) == (
                other,
                f"containerd://{namespace.root}/s?namespace={other}",
            )
        with pytest.raises(StoreError, match="no namespace nowhere") as caught:
            store.in_namespace("nowhere")
        assert namespace.namespace in caught.value.hint
    with closing(open_store(namespace.root / "s")) as store:
        assert isinstance(store, ContainerdSocket)
        assert store.location == str(namespace.root / "s")
        [note] = store.notes
        assert f"namespace {store.namespace} is shown" in note and other in note


def test_the_command_line(namespace: Containerd, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB]), "--all-platforms")
    for place in (location(namespace), f"{namespace.root}/s?namespace={namespace.namespace}"):
        assert main(["images", "--json", place]) == 0
        assert WEB in capsys.readouterr().out
        target = tmp_path / "a.tar"
        words = ["export", "-q", "--force", place, WEB, "--all-platforms", "-o", str(target)]
        assert main(words) == 0
        assert target.read_bytes() == (tmp_path / "sample.tar").read_bytes()


# --- the bytes --------------------------------------------------------------------------------------------


def archive_of(store: Store, names: list[str]) -> bytes:
    target = io.BytesIO()
    plan = plan_export(store, [find_image(store, name) for name in names], ExportOptions(all_platforms=True))
    run_export(plan, store, target)
    return target.getvalue()


def sent(store: Store, name: str) -> bool:
    """Whether the blobs are sent by the daemon, and not read from its folder."""
    target = find_image(store, name).target
    assert isinstance(target, Descriptor)
    with store.open(target) as blob:
        return isinstance(blob, SentBlob)


def test_the_same_bytes_as_from_the_root(namespace: Containerd, tmp_path: Path) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB, LEGACY, ZSTD]), "--all-platforms")
    with opened(namespace) as store, opened_root(namespace) as root:
        assert not sent(store, WEB)
        assert archive_of(store, [WEB, LEGACY]) == archive_of(root, [WEB, LEGACY])
        info = store.info(load_tree(store, find_image(store, WEB)).child.digest)  # type: ignore[union-attr]
        assert info and info.place.startswith(str(namespace.content))


def test_the_same_bytes_from_a_daemon_whose_disk_is_not_here(daemon: Daemon, tmp_path: Path) -> None:
    containerd = daemon.containerd
    names = [WEB, LEGACY, ZSTD]
    load(containerd, export(SAMPLE, tmp_path / "sample.tar", names))
    assert os.listdir(daemon.root / "root") == []
    with opened(containerd) as store, closing(open_store(daemon.root / "hidden")) as root:
        assert sent(store, WEB)
        assert archive_of(store, names) == archive_of(root, names)
    target = export(location(containerd), tmp_path / "ours.tar", names)  # type: ignore[arg-type]
    assert target.read_bytes() == (tmp_path / "sample.tar").read_bytes()
    assert verify_location(target).ok
    report = verify_location(location(containerd))
    assert (report.ok, report.blobs, report.images) == (True, len(containerd.blobs()), 3)


def test_a_corrupt_blob_is_found(daemon: Daemon, tmp_path: Path) -> None:
    containerd = daemon.containerd
    load(containerd, export(SAMPLE, tmp_path / "sample.tar", [ZSTD]))
    digest = containerd.images()[0].digest
    blob = daemon.root / "hidden" / containerd.content.name / "blobs" / digest.replace(":", "/")
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes().replace(b"2", b"3"))
    [problem] = {type(found) for found in verify_location(location(containerd)).problems}
    assert problem is DigestMismatch


def test_a_file_of_another_size_is_not_the_blob(daemon: Daemon, tmp_path: Path) -> None:
    """As where another machine's daemon names a folder that happens to be here too."""
    containerd = daemon.containerd
    containerd.load(export(SAMPLE, tmp_path / "sample.tar", [ZSTD]), "--all-platforms")
    blobs = daemon.root / "root" / containerd.content.name / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    with opened(containerd) as store:
        for blob in store.blobs():
            (blobs / blob.digest.partition(":")[2]).write_bytes(b"x" * (blob.size - 1))
        assert sent(store, ZSTD)
        assert archive_of(store, [ZSTD]) == (tmp_path / "sample.tar").read_bytes()


@contextmanager
def nobody() -> Iterator[None]:
    """As a user of no groups."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def test_a_user_who_may_use_the_socket_and_not_the_folder(daemon: Daemon, tmp_path: Path) -> None:
    expected = export(SAMPLE, tmp_path / "sample.tar", [ZSTD])
    daemon.containerd.load(expected, "--all-platforms")
    (daemon.root / "root").chmod(0o700)
    daemon.root.chmod(0o755)
    (daemon.root / "s").chmod(0o666)
    with nobody(), opened(daemon.containerd) as store:
        assert sent(store, ZSTD)
        found = archive_of(store, [ZSTD])
    assert found == expected.read_bytes()


def test_a_user_who_may_not_use_the_socket(daemon: Daemon) -> None:
    places = [location(daemon.containerd), str(daemon.root / "s")]
    for closed in (True, False):
        daemon.root.chmod(0o700 if closed else 0o755)
        for place in places:
            with nobody(), pytest.raises(StoreError, match="permission denied") as caught:
                open_store(place)
            assert "sudo" in caught.value.hint


# --- a daemon that goes away or hangs ---------------------------------------------------------------------


def watched(store: Store, at: int, act: Callable[[], None]) -> Watched:
    """The store; ``act`` is called before read ``at``."""
    return Watched(store, lambda _, reads: act() if reads == at else None)


def test_killed_half_way(big: Daemon, tmp_path: Path) -> None:
    target = tmp_path / "out" / "a.tar"
    target.parent.mkdir()
    with opened(big.containerd) as store:
        plan = plan_export(store, [find_image(store, BIG)], ExportOptions(all_platforms=True))
        with pytest.raises(UnreadableBlob, match="is gone") as caught:
            run_export(plan, watched(store, 8, big.kill), target)
        assert "systemctl start containerd" in caught.value.hint
        assert os.listdir(target.parent) == []
        with pytest.raises(StoreError, match="is gone"):
            store.images()
        big.start()
        run_export(plan, store, target)
    assert verify_location(target).ok


def test_stopped_half_way(big: Daemon, tmp_path: Path) -> None:
    target = tmp_path / "out" / "a.tar"
    target.parent.mkdir()
    with opened(big.containerd, patience=1.0) as store:
        plan = plan_export(store, [find_image(store, BIG)], ExportOptions(all_platforms=True))
        stop = watched(store, 8, lambda: big.send(signal.SIGSTOP))
        with pytest.raises(UnreadableBlob, match="not answered for 1 seconds"):
            run_export(plan, stop, target)
        assert os.listdir(target.parent) == []
        with pytest.raises(StoreError, match="not answered"):
            store.images()
        with pytest.raises(StoreError, match="not answered"):
            ContainerdSocket(socket_address(location(big.containerd)), patience=0.5)
        big.send(signal.SIGCONT)
        run_export(plan, store, target)
    assert verify_location(target).ok


def test_cancelled_while_it_hangs(big: Daemon, tmp_path: Path) -> None:
    """The export ends at once, and not when its patience does."""
    cancel = threading.Event()

    def act() -> None:
        big.send(signal.SIGSTOP)
        threading.Timer(0.5, cancel.set).start()

    class Acting:
        """Acts before the first look at a blob, and lets it be polled."""

        def __init__(self, store: Store) -> None:
            self._store = store
            self.opened = 0

        def open(self, descriptor: Descriptor) -> object:
            blob = self._store.open(descriptor)
            self.opened += 1
            if descriptor.size > 1 << 20:
                act()
            return blob

    with opened(big.containerd, patience=100.0) as store:
        plan = plan_export(store, [find_image(store, BIG)], ExportOptions(all_platforms=True))
        start = time.monotonic()
        with pytest.raises(Cancelled):
            run_export(plan, Acting(store), tmp_path / "a.tar", cancel=cancel)  # type: ignore[arg-type]
        assert time.monotonic() - start < 20
        big.send(signal.SIGCONT)
    assert not (tmp_path / "a.tar").exists()


def test_a_socket_that_was_left_behind(daemon: Daemon) -> None:
    place = location(daemon.containerd)
    daemon.kill()
    for path in (place, str(daemon.root / "s")):
        with pytest.raises(StoreError, match="nobody listens") as caught:
            open_store(path)
        assert "systemctl start containerd" in caught.value.hint
    (daemon.root / "s").unlink()
    with pytest.raises(StoreError, match="there is nothing at"):
        open_store(place)


# --- word of changes --------------------------------------------------------------------------------------


class Listener:
    """Counts the words of a store's changes, in a thread."""

    def __init__(self, store: MetadataStore) -> None:
        self.count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(store,))
        self._thread.start()

    def _listen(self, store: MetadataStore) -> None:
        for _ in store.changes(self._stop.is_set):
            self.count += 1

    def wait(self, more_than: int) -> int:
        until = time.monotonic() + 10
        while self.count <= more_than:
            assert time.monotonic() < until, "no word of a change"
            time.sleep(0.02)
        return self.count

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive()


def test_changes_are_told(daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOOK", 0.5)
    containerd = daemon.containerd
    containerd.load(export(SAMPLE, tmp_path / "sample.tar", [ZSTD]), "--all-platforms")
    with opened(containerd) as store:
        listener = Listener(store)
        try:
            count = listener.wait(0)
            containerd.ctr("images", "tag", ZSTD, *(f"docker.io/library/many:{n}" for n in range(200)))
            listener.wait(count)
            time.sleep(1)
            assert listener.count - count < 10
            changing: list[Callable[[], object]] = [
                lambda: containerd.ctr("images", "rm", "docker.io/library/many:1"),
                lambda: containerd.ctr("namespaces", "create", "new"),
                lambda: containerd.ctr("leases", "create", "--id", "new"),
                lambda: containerd.ctr("snapshots", "--snapshotter", "native", "prepare", "new"),
            ]
            for change in changing:
                count = listener.count
                change()
                listener.wait(count)
                time.sleep(0.3)
            count = listener.count
            daemon.kill()
            time.sleep(0.7)
            assert listener.count == count
            daemon.start()
            count = listener.wait(count)
            containerd.ctr("images", "rm", "docker.io/library/many:2")
            listener.wait(count)
            assert len(store.images()) == 199
        finally:
            listener.end()


# --- a process that has one open --------------------------------------------------------------------------


def test_forks_and_ends_without_a_word(daemon: Daemon, tmp_path: Path) -> None:
    """Nothing on standard error, no wait at the end, with a store open, a blob half read and a watcher."""
    daemon.containerd.load(export(SAMPLE, tmp_path / "sample.tar", [ZSTD]), "--all-platforms")
    code = f"""
import os, subprocess, sys, threading
from exporter_core import open_store
store = open_store({location(daemon.containerd)!r})
image = store.images()[0]
blob = store.open(image.target)
blob.read(10)
watcher = store.changes(lambda: False)
next(watcher)
threading.Thread(target=lambda: next(watcher), daemon=True).start()
child = os.fork()
if not child:
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
subprocess.run(["true"], check=True, close_fds=False)
assert store.images()[0] == image
print(blob.read() != b"")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, timeout=30, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"True\n", b"", 0)


# --- other daemons ----------------------------------------------------------------------------------------


def test_podmans_socket_is_named(tmp_path: Path) -> None:
    needed("podman")
    folder = Path(tempfile.mkdtemp(prefix="sg-"))
    place = folder / "podman.sock"
    parts = ["--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]
    command = ["podman", *parts, "system", "service", "--time", "20", f"unix://{place}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not place.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        if not place.exists():
            pytest.skip("podman does not start here")
        with pytest.raises(StoreError, match="is Podman's socket") as caught:
            open_store(place)
        assert "podman save --format oci-archive" in caught.value.hint
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def test_the_ttrpc_socket_is_named(containerd: Containerd) -> None:
    place = containerd.root / "containerd.sock.ttrpc"
    with suppress(FileExistsError):
        place.symlink_to(containerd.root / "t")
    with pytest.raises(StoreError, match="ttrpc socket") as caught:
        open_store(place)
    assert str(containerd.root / "containerd.sock") in caught.value.hint
