"""A containerd of our own for a bench: Debian's package, on its own root and socket, ended by its pid."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CONFIG = """version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "{socket}"
"""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[list[str]]:
    """The beginning of a ctr command line that talks to a daemon in ``folder`` (a short path)."""
    socket = folder / "c.sock"
    config = folder / "config.toml"
    config.write_text(CONFIG.format(root=folder / "root", state=folder / "state", socket=socket))
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(["containerd", "--config", str(config)], stdout=log, stderr=log)
        try:
            ctr = ["ctr", "--address", str(socket), "--namespace", "bench"]
            deadline = time.monotonic() + 20
            while subprocess.run([*ctr, "version"], capture_output=True).returncode:
                if daemon.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"containerd did not start; see {log.name}")
                time.sleep(0.1)
            yield ctr
        finally:
            daemon.terminate()
            daemon.wait(20)


def installed() -> bool:
    """Whether containerd and ctr are there."""
    return bool(shutil.which("containerd") and shutil.which("ctr"))
