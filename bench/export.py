"""How fast an export is, against its peers and against the limit of the machine, in one run.

    python -m bench.export [ROUNDS]

A 700 MB image of 8 layers in /dev/shm (memory: a disk would measure itself). Every round runs all of these,
one after another, so that they meet the same machine: `cp -r` of the blobs; SHA-256 of the blobs on one core;
our command line, start included; `skopeo copy`; `ctr images export`. Medians. The limit is (cp + hash) /
cores: nobody
who reads, writes and hashes all bytes can be faster. Peers that are not installed are left out.
"""

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import _containerd
from exporter_core.content import page_buffer
from tests.images import big_layout

SIZES = [size * 1000 * 1000 for size in (240, 190, 92, 90, 68, 12, 6, 2)]
NAME = "docker.io/library/big:1"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sg-", dir="/dev/shm")))
        runs = contenders(folder, stack)
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                for leftover in folder.glob("out*"):
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
        report(times)
        print(f"{'our resident memory at most':34} {peak_memory(folder):8.1f} MiB")


def contenders(folder: Path, stack: ExitStack) -> dict[str, Callable[[], object]]:
    """name → what to time; the layout is made here, and imported where ctr needs it."""
    layout = folder / "layout"
    layout.mkdir()
    big_layout(layout, SIZES, NAME)
    runs: dict[str, Callable[[], object]] = {
        "cp -r of the blobs": lambda: call("cp", "-r", layout / "blobs", folder / "out"),
        "sha256 of the blobs, one core": lambda: hash_all(layout),
        "shipglass": lambda: call(*ours(folder)),
        "shipglass to a pipe": lambda: pipe(folder),
    }
    if shutil.which("skopeo"):
        source, target = f"oci:{layout}", f"oci-archive:{folder / 'out.tar'}"
        runs["skopeo copy"] = lambda: call("skopeo", "copy", "-q", source, target)
    if _containerd.installed() and os.geteuid() == 0:
        daemon = folder / "d"
        daemon.mkdir()
        ctr = stack.enter_context(_containerd.running(daemon))
        archive = folder / "first.tar"
        call(*ours(folder)[:-2], archive, "-q")
        call(*ctr, "images", "import", "--no-unpack", archive)
        archive.unlink()
        runs["ctr images export"] = lambda: call(*ctr, "images", "export", folder / "out.tar", NAME)
    return runs


def ours(folder: Path) -> list[str | Path]:
    command = [sys.executable, "-m", "exporter_core", "export", folder / "layout", NAME]
    return [*command, "-o", folder / "out.tar", "-q"]


def call(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)


def pipe(folder: Path) -> None:
    command = list(map(str, [*ours(folder)[:-2], "-", "-q"]))
    with (folder / "out.tar").open("wb") as out:
        export = subprocess.Popen(command, stdout=subprocess.PIPE)
        subprocess.run(["cat"], stdin=export.stdout, stdout=out, check=True)
        assert export.wait() == 0


def hash_all(layout: Path) -> None:
    buffer = page_buffer(1024 * 1024)
    for blob in (layout / "blobs" / "sha256").iterdir():
        digest = hashlib.sha256(usedforsecurity=False)
        with blob.open("rb", buffering=0) as file:
            while got := file.readinto(buffer):
                digest.update(buffer[:got])
        assert digest.hexdigest() == blob.name


def report(times: dict[str, list[float]]) -> None:
    cores = len(os.sched_getaffinity(0))
    median = {name: statistics.median(values) for name, values in times.items()}
    limit = (median["cp -r of the blobs"] + median["sha256 of the blobs, one core"]) / cores
    our = median["shipglass"]
    print(
        f"{sum(SIZES) / 1e6:.0f} MB in {len(SIZES)} layers, {cores} cores, {len(times['shipglass'])} rounds"
    )
    for name, value in median.items():
        spread = f"{min(times[name]):.2f}–{max(times[name]):.2f}"
        print(f"{name:34} {value:8.3f} s   {spread:12} {value / our:6.2f} × ours")
    print(f"{'the limit, (cp + hash) / cores':34} {limit:8.3f} s")
    print(f"{'ours / limit':34} {our / limit:8.2f}")


def peak_memory(folder: Path) -> float:
    """MiB resident at most in one more export, from the kernel's accounts of the child."""
    (folder / "out.tar").unlink(missing_ok=True)
    process = subprocess.Popen(list(map(str, ours(folder))))
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
