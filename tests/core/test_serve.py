"""The helper's side: what it answers, and that no frame makes it read or do anything else."""

import io
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any, cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from exporter_core import errors, wire
from exporter_core.content import BlobInfo, Image
from exporter_core.errors import PlanError, ShipglassError, StoreError
from exporter_core.metadata import Blob, Container, Ingest, Lease, Namespace, Sandbox, Snapshot
from exporter_core.serve import serve
from exporter_core.wire import Garbled
from exporter_core.wire.problems import error_json, parse_error
from exporter_core.wire.values import parse, to_json
from tests.core.helpers import NAME, noise, sample
from tests.images import OCI_LAYER, StoreBuilder

CHECKOUT = Path(__file__).parents[2]
VALUES = (Blob, BlobInfo, Container, Image, Ingest, Lease, Namespace, Sandbox, Snapshot)

Frame = tuple[dict[str, Any], bytes]


class Client:
    """The other end of a helper's pipes, which says whatever it is told to."""

    def __init__(self, send: io.RawIOBase, source: io.BufferedReader) -> None:
        self._send, self.source = send, source

    def say(self, **header: Any) -> None:
        self.raw(wire.head(header))

    def raw(self, data: bytes) -> None:
        self._send.write(data)

    def frame(self) -> Frame | None:
        found = wire.read_head(self.source)
        return None if found is None else (found[0], wire.read_fully(self.source, found[1]))

    def answer(self, number: int) -> tuple[bytes, dict[str, Any]]:
        """All chunks of one answer and its end; each chunk allows another."""
        data = b""
        while (frame := self.frame()) is not None:
            header, payload = frame
            assert header["id"] == number
            if "end" in header or "error" in header:
                return data, header
            data += payload
            if payload:
                self.say(id=number, more=1)
        raise AssertionError("the helper ended")

    def end(self) -> list[Frame]:
        """Say no more; all that still comes."""
        self._send.close()
        return list(iter(self.frame, None))


@contextmanager
def served(location: Path | str) -> Iterator[Client]:
    """A helper in a thread; it must end when its input does."""
    ask_read, ask_write = os.pipe()
    tell_read, tell_write = os.pipe()
    source, sink = os.fdopen(ask_read, "rb"), os.fdopen(tell_write, "wb", buffering=0)

    def work() -> None:
        with source, sink:
            serve(str(location), source, cast(Any, sink))

    thread = threading.Thread(target=work)
    thread.start()
    send, answers = os.fdopen(ask_write, "wb", buffering=0), os.fdopen(tell_read, "rb")
    with answers:
        try:
            wire.find_magic(answers)
            yield Client(cast(Any, send), cast(Any, answers))
        finally:
            send.close()
            while answers.read(1 << 20):
                pass
            thread.join(20)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample().write_layout(tmp_path_factory.mktemp("served") / "store")


def test_it_says_what_it_serves_and_answers(tmp_path: Path) -> None:
    builder = StoreBuilder()
    blob = builder.blob(noise(7_000_000), OCI_LAYER)
    builder.name(NAME, builder.image())
    with served(builder.write_layout(tmp_path / "store")) as client:
        greeting = client.frame()
        assert greeting and greeting[0]["kind"] == "OCI layout" and greeting[0]["has"] == ""
        client.say(id=1, ask="images")
        listed = json.loads(client.answer(1)[0])
        assert [image["name"] for image in listed] == [NAME]
        client.say(id=2, ask="read", digest=blob["digest"])
        assert client.answer(2) == (noise(7_000_000), {"id": 2, "end": True})
        client.say(id=3, ask="read", digest=blob["digest"], offset=6_999_990)
        assert client.answer(3)[0] == noise(7_000_000)[-10:]
        client.say(id=4, ask="info", digest="sha256:" + "0" * 64)
        assert client.answer(4)[0] == b"null"
        client.say(id=5, ask="read", digest="sha256:" + "0" * 64)
        assert client.answer(5)[1]["error"]["type"] == "MissingBlob"


def test_no_more_is_sent_than_allowed_and_many_answers_are_under_way(tmp_path: Path) -> None:
    builder = StoreBuilder()
    blobs = [builder.blob(noise(6 << 20, n), OCI_LAYER) for n in range(3)]
    with served(builder.write_layout(tmp_path / "store")) as client:
        client.frame()
        for number, blob in enumerate(blobs):
            client.say(id=number, ask="read", digest=blob["digest"])
        got = dict.fromkeys(range(3), b"")
        for _ in range(3 * (1 + wire.WINDOW)):
            header, payload = client.frame() or ({}, b"")
            got[header["id"]] += payload
        assert {len(data) for data in got.values()} == {wire.WINDOW * wire.CHUNK}
        client.say(id=7, ask="info", digest=blobs[0]["digest"])  # nothing of the others comes before it
        assert json.loads(client.answer(7)[0])["size"] == 6 << 20
        client.say(id=0, stop=True)
        assert client.answer(0) == (b"", {"id": 0, "end": True})
        for number in (1, 2):
            client.say(id=number, more=1)
            rest, _ = client.answer(number)
            assert got[number] + rest == noise(6 << 20, number)


@pytest.mark.parametrize("location", ["/etc/passwd", "/nowhere", "ssh://host/path", "sudo:/etc", "pkexec:/"])
def test_what_cannot_be_served_is_told(location: str) -> None:
    with served(location) as client:
        header, _ = client.frame() or ({}, b"")
        error = parse_error(header["error"])
        assert isinstance(error, StoreError) and error.hint
        assert client.frame() is None


def test_the_command_serves_and_ends_with_its_input(store: Path) -> None:
    command = [sys.executable, "-m", "exporter_core", "serve", "--stdio"]
    done = subprocess.run([*command, store], input=b"", capture_output=True, timeout=30, cwd=CHECKOUT)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.startswith(wire.MAGIC + b"\n")
    done = subprocess.run([*command, "/nowhere"], input=b"", capture_output=True, timeout=30, cwd=CHECKOUT)
    assert done.returncode == 3 and b'"type":"StoreError"' in done.stdout


# --- a hostile client -------------------------------------------------------------------------------------

RAW = {
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "long-header": struct.pack(">II", wire.ASK_LIMIT + 1, 0),
    "longest": b"\xff" * 8,
    "payload": struct.pack(">II", 2, 1) + b"{}x",
    "no-object": struct.pack(">II", 2, 0) + b"[]",
    "no-json": struct.pack(">II", 2, 0) + b"{]",
    "deep": struct.pack(">II", 10_000, 0) + b"[" * 10_000,
    "cut": struct.pack(">II", 100, 0) + b"{",
    "no-number": wire.head({"ask": "images"}),
    "text-number": wire.head({"id": "1", "ask": "images"}),
    "huge-number": wire.head({"id": 2**64, "ask": "images"}),
    "true-number": wire.head({"id": True, "ask": "images"}),
}


@pytest.mark.parametrize("data", RAW.values(), ids=list(RAW))
def test_nonsense_ends_it(data: bytes, store: Path) -> None:
    with served(store) as client:
        client.frame()
        client.raw(data)
        assert client.end() == []


def test_too_many_questions_end_it(tmp_path: Path) -> None:
    builder = StoreBuilder()
    blob = builder.blob(noise(5 << 20), OCI_LAYER)
    with served(builder.write_layout(tmp_path / "store")) as client:
        client.frame()

        def flood() -> None:
            for number in range(wire.STREAMS + 1):
                client.say(id=number, ask="read", digest=blob["digest"])

        thread = threading.Thread(target=flood)
        thread.start()
        while client.frame() is not None:
            pass
        thread.join(20)


PASSWD = "/etc/passwd"
PATHS = (PASSWD, f"../../..{PASSWD}", f"file://{PASSWD}", "blobs/../../x", f"sha256:../..{PASSWD}")
ASKS = ("images", "read", "info", "namespace", "notes", "blobs", "open", "changes")
WORDS = st.sampled_from([*PATHS, *ASKS, ""])
FIELDS = st.one_of(
    WORDS, st.text(max_size=20), st.integers(-2, 9), st.none(), st.booleans(), st.floats(-9, 9)
)
KEYS = ("digest", "store", "offset", "name", "path", "location", "more", "stop", "namespace")
HEADERS = st.fixed_dictionaries({"ask": FIELDS}, optional=dict.fromkeys(KEYS, FIELDS))

AUDITED = """
import sys
sys.path.insert(0, sys.argv[1])
import exporter_core.serve, exporter_core.stores.layout, exporter_core.plan, encodings.idna
def look(event, args):
    if event in WATCHED and open is not None:
        sys.stderr.write(f"{event} {args[0]!r}\\n")
WATCHED = {"open", "os.listdir", "os.scandir", "subprocess.Popen", "os.exec", "os.system", "os.posix_spawn",
           "os.fork", "os.remove", "os.rename", "os.mkdir", "socket.connect", "socket.bind", "ctypes.dlopen"}
sys.addaudithook(look)
sys.exit(exporter_core.serve.serve_stdio(sys.argv[2]))
"""


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(headers=st.lists(HEADERS, min_size=20, max_size=100))
def test_no_frame_makes_it_open_anything_but_the_store(headers: list[dict[str, Any]], store: Path) -> None:
    digest = json.loads((store / "index.json").read_text())["manifests"][0]["digest"]
    fixed = [{"ask": ask, "digest": text} for ask in ("read", "info") for text in (*PATHS, digest)]
    asked = b"".join(wire.head({"id": n, **header}) for n, header in enumerate([*fixed, *headers]))
    command = [sys.executable, "-c", AUDITED, str(CHECKOUT), str(store)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as helper:
        assert helper.stdin and helper.stdout and helper.stderr
        wire.find_magic(helper.stdout)
        helper.stdin.write(asked)
        helper.stdin.flush()
        client = Client(cast(Any, helper.stdin), cast(Any, helper.stdout))
        ended = set()
        while len(ended) < len(fixed) + len(headers):
            header, payload = client.frame() or pytest.fail("the helper ended")
            assert b"root:" not in payload
            if "end" in header or "error" in header:
                ended.add(header.get("id"))
        helper.stdin.close()
        said = helper.stderr.read().decode()
        assert helper.wait(20) == 0
    opened = [line.partition(" ") for line in said.splitlines()]
    sources = (str(CHECKOUT), sys.base_prefix, sys.prefix, os.path.dirname(os.__file__))
    for event, _, path in opened:
        place = path.strip("'\"")
        assert event in ("open", "os.listdir", "os.scandir"), (event, path)
        assert place.startswith(str(store)) or place.startswith(sources), (event, path)
    assert any(str(store) in path for _, _, path in opened)


# --- errors and values ------------------------------------------------------------------------------------

ERRORS: list[ShipglassError] = [
    errors.UsageError("a", hint="b"),
    errors.InvalidReference("a"),
    StoreError("über", hint="\udcff\n"),
    errors.ContentError("a", hint="b", digest="c", owner="d"),
    errors.DigestError("a", digest="x"),
    errors.MalformedDocument("a", where="b.c", hint="d"),
    errors.DocumentTooLarge("a", size=2, limit=1),
    errors.MissingBlob("a", place="/b", owner="c"),
    errors.SizeMismatch("a", expected=1, actual=None),
    errors.SizeMismatch("a", expected=1, actual=2),
    errors.DigestMismatch("a", actual="b", size=3),
    errors.UnreadableBlob("a", reason="b"),
    errors.ImageNotFound("a"),
    errors.CyclicImage("a"),
    errors.ArchiveError("a"),
    errors.PlatformError("a"),
    errors.TargetError("a"),
    errors.Cancelled(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_comes_out_as_it_went_in(error: ShipglassError) -> None:
    back = parse_error(json.loads(json.dumps(error_json(error))))
    assert type(back) is type(error)
    assert vars(back) == vars(error)
    assert (str(back), back.hint, back.exit_code) == (str(error), error.hint, error.exit_code)


def test_every_error_of_the_tree_is_known() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    tree = {kind for kind in kinds if issubclass(kind, ShipglassError)}
    assert tree - {type(error) for error in ERRORS} == {PlanError, ShipglassError}


def test_an_error_of_another_tree_is_told_as_a_store_error() -> None:
    back = parse_error(error_json(ZeroDivisionError("oops")))
    assert type(back) is StoreError and "ZeroDivisionError: oops" in str(back)
    assert len(parse_error(error_json(StoreError("x" * 10**6))).message) < 20_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(value=JSON)
def test_a_made_up_error_is_an_error_or_garbled(value: object) -> None:
    for tried in (value, {"type": "MissingBlob", "message": value}, {"type": value}):
        with pytest.raises(Garbled):
            parse_error(tried)


@settings(max_examples=200)
@given(data=st.data(), kind=st.sampled_from(VALUES))
def test_a_made_up_value_is_a_value_or_garbled(data: st.DataObject, kind: type) -> None:
    value = data.draw(st.fixed_dictionaries(dict.fromkeys(kind.__dataclass_fields__, JSON)) | JSON)
    try:
        made = parse(kind, value)
    except Garbled:
        return
    assert parse(kind, json.loads(json.dumps(to_json(made)))) == made
