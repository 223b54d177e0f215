"""A containerd of the tests' own: its root, state and socket in a short folder, ended by its process id."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from tests.interop.programs import Containerd, needed

CONFIG = """
version = 2
root = "{root}/root"
state = "{root}/state"
disabled_plugins = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
address = "{root}/s"
[ttrpc]
address = "{root}/t"
"""


@pytest.fixture(scope="session")
def containerd() -> Iterator[Containerd]:
    """A running containerd; the test is skipped where it cannot be had."""
    needed("containerd", "ctr")
    if os.geteuid() != 0:
        pytest.skip("containerd runs as root only")
    root = Path(tempfile.mkdtemp(prefix="sg-"))  # short: a socket's path has 107 bytes at most
    try:
        with _running(root):
            yield Containerd(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _running(root: Path) -> Iterator[None]:
    (root / "config.toml").write_text(CONFIG.format(root=root))
    with (root / "log").open("wb") as log:
        command = ["containerd", "--config", str(root / "config.toml")]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(process, root)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], root: Path) -> None:
    command = ["ctr", "--address", str(root / "s"), "version"]
    for _ in range(100):
        if process.poll() is not None:
            break
        if subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0:
            return
        time.sleep(0.1)
    log = (root / "log").read_text(errors="replace")[-2000:]
    pytest.skip(f"containerd does not start here: {log}")


@pytest.fixture
def namespace(containerd: Containerd, request: pytest.FixtureRequest) -> Containerd:
    """containerd with a namespace for this test alone."""
    return Containerd(containerd.root, f"t{crc32(request.node.nodeid.encode())}")
