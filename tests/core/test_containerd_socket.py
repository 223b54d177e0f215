"""containerd's socket: what is meant, what else may be there, what a daemon may do that the real does not."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("grpc")

import grpc

from exporter_core import Descriptor, Digest, MalformedDescriptor, open_store
from exporter_core.errors import MissingBlob, StoreError, UnreadableBlob
from exporter_core.metadata import MetadataStore, SandboxStore
from exporter_core.stores.socket import client, containerd_pb2, values
from exporter_core.stores.socket import containerd_pb2 as api
from exporter_core.stores.socket.address import DEFAULT, Address, socket_address
from exporter_core.stores.socket.store import ContainerdSocket
from tests.containerd_service import Part, Service, image
from tests.core.helpers import NAME, noise
from tests.images import OCI_LAYER, StoreBuilder

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs such sockets")


@pytest.fixture
def place() -> Iterator[Path]:
    """A socket's path, short enough for one."""
    with tempfile.TemporaryDirectory(prefix="sg-") as folder:
        yield Path(folder) / "s"


@pytest.fixture
def service(place: Path) -> Iterator[Service]:
    made = Service(place)
    yield made
    made.stop()


def opened(service: Service, patience: float = 20.0) -> ContainerdSocket:
    return ContainerdSocket(Address(str(service.path), "", str(service.path)), patience=patience)


# --- which socket is meant --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "path", "namespace"),
    [
        ("containerd:///run/c.sock", "/run/c.sock", ""),
        ("containerd:///run/c.sock?namespace=k8s.io", "/run/c.sock", "k8s.io"),
        ("containerd:/run/c.sock", "/run/c.sock", ""),
        ("containerd://localhost/run/c.sock", "/run/c.sock", ""),
        ("containerd:///a%20b/c.sock?namespace=%C3%BC", "/a b/c.sock", "ü"),
        ("unix:///run/c.sock", "/run/c.sock", ""),
        ("containerd://", DEFAULT, ""),
        ("containerd:?namespace=moby", DEFAULT, "moby"),
        ("/run/c.sock?namespace=a", "/run/c.sock", "a"),
    ],
)
def test_locations(location: str, path: str, namespace: str) -> None:
    found = socket_address(location)
    assert (found.path, found.namespace) == (path, namespace)
    again = socket_address(found.location("other"))
    assert (again.path, again.namespace, again.plain) == (path, "other", found.plain)


@pytest.mark.parametrize("location", ["tcp://10.0.0.1:2375", "containerd://host/run/c.sock", "http://host/x"])
def test_other_machines_are_refused(location: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(location)
    assert location in str(caught.value) and "ssh -N -L" in caught.value.hint


@pytest.mark.parametrize("query", ["x=y", "namespace=a&x=y", "namespace"])
def test_what_else_is_asked_for_is_refused(query: str) -> None:
    if query == "namespace":
        assert socket_address(f"containerd:///x?{query}").namespace == ""
        return
    with pytest.raises(StoreError, match=f"asks for {query}"):
        open_store(f"containerd:///x?{query}")


def test_nothing_there_and_nobody_there(place: Path) -> None:
    with pytest.raises(StoreError, match="there is nothing at"):
        open_store(f"containerd://{place}")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
    for location in (str(place), f"unix:{place}"):
        with pytest.raises(StoreError, match="nobody listens at") as caught:
            open_store(location)
        assert "systemctl start containerd" in caught.value.hint
    with pytest.raises(StoreError, match="too long") as caught:
        open_store(f"containerd:///{'x' * 200}")
    assert "ln -s" in caught.value.hint


def test_a_path_of_any_characters(place: Path) -> None:
    odd = place.parent / "a b%20?#é:@"
    odd.mkdir()
    service = Service(place)
    os.rename(place, odd / "s")
    try:
        with closing(open_store(odd / "s")) as store:
            assert store.images() == ()
    finally:
        service.stop()


def test_without_grpc(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.modules['grpc'] = None\n"
        "from exporter_core import open_store\n"
        "from exporter_core.errors import StoreError\n"
        f"try:\n  open_store({str(place)!r})\nexcept StoreError as error:\n  print(error, '|', error.hint)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=30)
    assert "grpcio and protobuf" in done.stdout and "pip install grpcio" in done.stdout, done.stderr


# --- what it tells ----------------------------------------------------------------------------------------


def test_what_is_odd_hides_nothing_else(service: Service) -> None:
    builder = StoreBuilder()
    root = builder.image()
    part = Part.of(builder)
    part.images = [
        image(NAME, root),
        api.Image(name="bad:1"),
        api.Image(name="bad:2", target=api.Descriptor(digest="nonsense", size=1)),
        image("bad:3", {**root, "size": -1}),
    ]
    service.parts["default"] = part
    with closing(opened(service)) as store:
        assert isinstance(store, MetadataStore) and isinstance(store, SandboxStore)
        assert (store.kind, store.version, store.namespace) == ("containerd socket", "2.9.9", "default")
        kinds = {found.name: type(found.target) for found in store.images()}
    bad = MalformedDescriptor
    assert kinds == {"bad:1": bad, "bad:2": bad, "bad:3": bad, NAME: Descriptor}
    assert [*kinds] == sorted(kinds)


def test_times() -> None:
    stamp = api.Timestamp(seconds=1_700_000_000, nanos=123_456_789)
    assert values._time(stamp) == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    for none in (api.Timestamp(), api.Timestamp(seconds=-62135596800), api.Timestamp(seconds=1 << 60)):
        assert values._time(none) is None


def test_no_namespaces(service: Service) -> None:
    with closing(opened(service)) as store:
        assert (store.namespaces(), store.images(), [*store.blobs()]) == ((), (), [])
        assert store.namespace == "default"


def test_what_the_daemon_does_not_know_yet(service: Service) -> None:
    """Sandboxes came with containerd 1.7."""
    with closing(opened(service)) as store:
        assert store.sandboxes() == ()


def test_many_blobs_are_not_asked_for_one_by_one(service: Service) -> None:
    builder = StoreBuilder()
    blobs = [builder.blob(noise(10, n), OCI_LAYER) for n in range(300)]
    service.parts["default"] = Part.of(builder)
    with closing(opened(service)) as store:
        assert all(store.info(Digest.parse(blob["digest"])) for blob in blobs)
        assert store.info(Digest.parse("sha256:" + "0" * 64)) is None
        assert service.asked.count("content.v1.Content/Info") == 32
        assert 1 <= service.asked.count("content.v1.Content/List") < 10


def test_an_answer_that_is_too_long(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_OPTIONS", (("grpc.max_receive_message_length", 10_000),))
    root = StoreBuilder().image()
    service.parts["default"] = Part({}, [image(f"docker.io/library/image:{n}", root) for n in range(200)])
    with closing(opened(service)) as store, pytest.raises(StoreError, match="too long") as caught:
        store.images()
    assert "max_send_message_size" in caught.value.hint


def test_a_daemon_that_refuses(service: Service) -> None:
    service.refused["images.v1.Images/List"] = grpc.StatusCode.INTERNAL
    service.refused["content.v1.Content/Info"] = grpc.StatusCode.PERMISSION_DENIED
    service.refused["content.v1.Content/List"] = grpc.StatusCode.UNAVAILABLE
    digest = Digest.parse("sha256:" + "0" * 64)
    with closing(opened(service)) as store:
        with pytest.raises(StoreError, match="says: refused by the test"):
            store.images()
        with pytest.raises(UnreadableBlob, match="says: refused by the test"):
            store.info(digest)
        with pytest.raises(UnreadableBlob):
            store.open(Descriptor("", digest, 1))
        with pytest.raises(StoreError, match="is gone"):
            [*store.blobs()]


@pytest.mark.parametrize("method", ["images.v1.Images/List", "content.v1.Content/List"])
def test_a_daemon_that_falls_silent(method: str, service: Service) -> None:
    service.silent.add(method)
    with closing(opened(service, patience=0.3)) as store:
        with pytest.raises(StoreError, match=r"has not answered for 0\.3 seconds"):
            [store.images(), *store.blobs()]
        assert store.namespaces() == ()


def test_silence_is_waited_for_once(service: Service) -> None:
    """Thousands of questions to a daemon that hangs do not wait for all their patience each."""
    service.silent.add("content.v1.Content/Info")
    digest = Digest.parse("sha256:" + "0" * 64)
    says = []
    with closing(opened(service, patience=1.0)) as store:
        for _ in range(3):
            with pytest.raises(UnreadableBlob) as caught:
                store.info(digest)
            says.append(str(caught.value).rpartition(" for ")[2])
        assert store.images() == ()
        with pytest.raises(UnreadableBlob, match="for 1 seconds"):
            store.info(digest)
    assert says == ["1 seconds", "0.1 seconds", "0.1 seconds"]


def test_a_blob_that_falls_silent(service: Service) -> None:
    builder = StoreBuilder()
    blob = builder.blob(b"x", OCI_LAYER)
    service.parts["default"] = Part.of(builder)
    service.silent.add("content.v1.Content/Read")
    descriptor = Descriptor("", Digest.parse(blob["digest"]), 1)
    with closing(opened(service, patience=0.5)) as store, store.open(descriptor) as stream:
        assert not stream.poll(0.05)  # type: ignore[attr-defined]
        with pytest.raises(UnreadableBlob, match=r"has not answered for 0\.5 seconds"):
            stream.read()


def test_a_blob_that_goes_after_it_was_seen(service: Service) -> None:
    builder = StoreBuilder()
    blob = builder.blob(b"x", OCI_LAYER)
    part = service.parts["default"] = Part.of(builder)
    descriptor = Descriptor("", Digest.parse(blob["digest"]), 1)
    with closing(opened(service)) as store:
        with store.open(descriptor) as stream:
            assert stream.read() == b"x"
        part.blobs.clear()
        with store.open(descriptor) as stream, pytest.raises(MissingBlob):
            stream.read()
        assert store.info(descriptor.digest) is None
        with pytest.raises(MissingBlob):
            store.open(descriptor)


def test_a_closed_store_says_so(service: Service) -> None:
    store = opened(service)
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.images()


def test_the_environment_stays_as_it_was() -> None:
    code = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); before = dict(os.environ)\n"
        "import exporter_core.stores.socket.store; print(before == dict(os.environ))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_the_stubs_are_those_of_the_definition() -> None:
    """Every message and field of the .proto, with its number."""
    text = Path(containerd_pb2.__file__).with_name("containerd.proto").read_text()
    lines = [line.split("//")[0].split() for line in text.splitlines()]
    written = {(line[-3], line[-1].rstrip(";")) for line in lines if len(line) > 3 and line[-2] == "="}
    messages = [*containerd_pb2.DESCRIPTOR.message_types_by_name.values()]
    messages += [nested for message in messages for nested in message.nested_types]
    made = {(field.name, str(field.number)) for message in messages for field in message.fields}
    names = {line[1] for line in lines if line[:1] == ["message"]}
    assert written <= made and len(written) > 40
    assert names == {message.name for message in messages if not message.GetOptions().map_entry}


# --- other daemons ----------------------------------------------------------------------------------------

DOCKER = (
    b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nCache-Control: no-cache\r\nContent-Length: 2\r\n"
    b"Docker-Experimental: false\r\nOstype: linux\r\nServer: Docker/28.3.2 (linux)\r\n\r\nOK"
)
PODMAN = (
    b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\nContent-Length: 2\r\n"
    b"Server: Libpod/4.3.1 (linux)\r\n\r\nOK"
)
WEB = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "says", "hint"),
    [
        (DOCKER, "is Docker's socket", "docker save"),
        (PODMAN, "is Podman's socket", "podman save --format oci-archive"),
        (WEB, "a web server", DEFAULT),
    ],
    ids=["docker", "podman", "web"],
)
def test_daemons_that_speak_http(answer: bytes, says: str, hint: str, place: Path) -> None:
    """What they really answered to /_ping."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    made, _ = listening.accept()
                except OSError:
                    return
                with made:
                    if made.recv(4096).startswith(b"GET "):
                        made.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with pytest.raises(StoreError, match=says) as caught:
                open_store(place)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert hint in caught.value.hint


def test_a_daemon_that_takes_and_never_answers(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        with pytest.raises(StoreError, match=r"not answered for 0\.3 seconds|is gone"):
            ContainerdSocket(Address(str(place), "", str(place)), patience=0.3)


CRI = api.VersionResponse(version="0.1.0", revision="cri-o").SerializeToString()


@pytest.mark.parametrize(
    ("methods", "says", "hint"),
    [
        ({"/moby.buildkit.v1.Control/Info": b""}, "is BuildKit's socket", "/var/lib/buildkit"),
        ({"/runtime.v1.RuntimeService/Version": CRI}, "is the socket of cri-o", "skopeo copy"),
        ({}, "of a daemon that is not containerd", DEFAULT),
    ],
    ids=["buildkit", "cri-o", "other"],
)
def test_daemons_that_speak_grpc(methods: dict[str, bytes], says: str, hint: str, place: Path) -> None:
    service = Service(place, methods=methods)
    try:
        with pytest.raises(StoreError, match=says) as caught:
            open_store(place)
    finally:
        service.stop()
    assert hint in caught.value.hint
