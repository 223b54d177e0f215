"""A large containerd root: how soon its names are there, and what the window does meanwhile.

    python bench/stores.py [--images N] [--blobs N]     (10,000 and 100,000 unless given)

Makes a root in which each image has a manifest, a config and layers of its own, all with the labels that a
pull leaves, and measures in fresh processes: the core (names, summaries, what is kept, sizes), the command
line's places, and the window. Goals: names scrollable in < 2 s; the window never blocked > 50 ms; memory
< 300 MiB once all is known.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
SOURCE = {"containerd.io/distribution.source.docker.io": "library/service"}
GC = "containerd.io/gc.ref.content."


def show(what: str, value: str, goal: str = "-") -> None:
    print(f"{what:<58}{value:>14}   goal {goal}", flush=True)


def resident(peak: bool = False) -> float:
    """MiB of this process in memory, now or at most."""
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


# --- the store --------------------------------------------------------------------------------------------


def make(folder: Path, images: int, blobs: int) -> None:
    """A root with the namespace default."""
    from tests.bolt_writer import blob, database, image, size

    layers = max(1, blobs // images - 2)
    content = folder / "io.containerd.content.v1.content"
    (content / "blobs" / "sha256").mkdir(parents=True)
    (content / "ingest").mkdir()
    known: dict[bytes, Any] = {}
    names: dict[bytes, Any] = {}

    def put(data: bytes, media_type: str, labels: dict[str, str]) -> dict[str, Any]:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        (content / "blobs" / "sha256" / digest[7:]).write_bytes(data)
        known[digest.encode()] = blob(len(data), {**SOURCE, **labels})
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    for number in range(images):
        parts = [put(b"\x1f\x8b%d of %d" % (n, number), LAYER, {}) for n in range(layers)]
        rootfs = {"type": "layers", "diff_ids": [part["digest"] for part in parts]}
        document = {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": {}}
        config = put(json.dumps(document).encode(), CONFIG, {})
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": parts}
        labels = {f"{GC}config": config["digest"]}
        labels |= {f"{GC}l.{n}": part["digest"] for n, part in enumerate(parts)}
        target = put(json.dumps(manifest).encode(), MANIFEST, labels)
        names[f"registry.example.com/team-{number % 50}/service-{number}:1.{number % 9}".encode()] = image(
            target
        )
    metadata = folder / "io.containerd.metadata.v1.bolt"
    metadata.mkdir()
    default = {b"images": names, b"content": {b"blob": known}}
    (metadata / "meta.db").write_bytes(database({b"v1": {b"version": size(4), b"default": default}}))


# --- the core ---------------------------------------------------------------------------------------------


def timed(what: str, call: Callable[[], Any], goal: str = "-") -> Any:
    began = time.perf_counter()
    found = call()
    show(what, f"{time.perf_counter() - began:.2f} s", goal)
    return found


def core(location: str) -> None:
    from exporter_core import open_store, summarise
    from exporter_core.kept import build_kept, sizes
    from exporter_core.metadata import MetadataStore
    from exporter_core.stores.discover import Place, _folder

    before = resident()
    began = time.perf_counter()
    with closing(open_store(location)) as store:
        images = store.images()
        show(f"core: opened and {len(images)} names", f"{time.perf_counter() - began:.2f} s", "< 2 s")
        show("core: memory with names", f"{resident():.0f} MiB", f"from {before:.0f}")
        assert isinstance(store, MetadataStore)
        timed("core: opened names again, nothing changed", store.images)
        timed("core: every image summarised", lambda: [summarise(store, image) for image in images][0:0])
        show("core: memory after that", f"{resident():.0f} MiB", "< 300 MiB")
        index = timed("core: what keeps what (1 namespace)", lambda: build_kept(store))
        timed("core: why one layer is kept", lambda: index.why(next(reversed(index.blobs))))
        assert index.garbage().bytes == 0
        show("core: memory with that", f"{resident():.0f} MiB")
        found = timed("core: total, unique and shared of every image", lambda: sizes(store))
        assert len(found.images) == len(images) and found.shared == 0
    timed("stores: counting its images", lambda: _folder(Place(location, "bench")))
    show("core: memory at most", f"{resident(peak=True):.0f} MiB", "< 300 MiB")


def bare(location: str) -> None:
    """The content folder alone: names from a look at every blob."""
    from exporter_core import open_store

    with closing(open_store(Path(location) / "io.containerd.content.v1.content")) as store:
        images = timed("content folder: the roots among its blobs", store.images)
        show("content folder: images and memory", f"{len(images)}, {resident():.0f} MiB")


# --- the window -------------------------------------------------------------------------------------------


def window(location: str) -> None:
    from bench.window import until
    from gui.app import build
    from tests.gui.watchdog import Watchdog

    opened = build([location])
    opened.show()
    watchdog = Watchdog()
    watchdog.start()
    images = int(os.environ["SHIPGLASS_BENCH_IMAGES"])
    listed = until(lambda: opened.images.model.rowCount() == images)
    show(f"window: {images} names listed", f"{listed:.2f} s", "< 2 s")
    show("window: memory with names", f"{resident():.0f} MiB")
    show("window: longest block until then", f"{max(watchdog.late):.0f} ms", "< 50 ms")
    watchdog.late.clear()
    known = until(lambda: len(opened.session.stores[0].catalogue.summaries) == images, seconds=600)
    show("window: completeness of all of them", f"{known:.2f} s")
    show("window: longest block meanwhile", f"{max(watchdog.late):.0f} ms", "< 50 ms")
    show("window: blocks of more than 50 ms meanwhile", str(sum(late > 50 for late in watchdog.late)), "0")
    show("window: lateness of a 4 ms timer meanwhile, p99", f"{watchdog.percentile(0.99):.1f} ms")
    show("window: memory at the end", f"{resident():.0f} MiB", "< 300 MiB")
    watchdog.stop()
    opened.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--blobs", type=int, default=100_000)
    options, _ = parser.parse_known_args()  # `make bench ARGS=…` hands the same words to every script
    images, blobs = options.images, options.blobs
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = Path(tempfile.mkdtemp(prefix="shipglass-bench-", dir=place))
    environ = {
        **os.environ,
        "SHIPGLASS_CONFIG_DIR": str(folder / "config"),
        "SHIPGLASS_BENCH_IMAGES": str(images),
    }
    location = str(folder / "root")
    try:
        for part, words in (("make", [str(images), str(blobs)]), ("core", []), ("bare", []), ("window", [])):
            began = time.perf_counter()
            command = [sys.executable, str(Path(__file__)), f"--{part}", location, *words]
            subprocess.run(command, env=environ, cwd=ROOT, check=True)
            if part == "make":
                length = os.path.getsize(folder / "root/io.containerd.metadata.v1.bolt/meta.db") / 2**20
                show(
                    f"made {images} images, meta.db {length:.0f} MiB", f"{time.perf_counter() - began:.0f} s"
                )
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--make":
        make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    elif len(sys.argv) > 2 and sys.argv[1] in ("--core", "--bare", "--window"):
        {"--core": core, "--bare": bare, "--window": window}[sys.argv[1]](sys.argv[2])
    else:
        main()
