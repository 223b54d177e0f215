"""Reading containerd's root while it is written to: how many answers were wrong. There must be none.

    python bench/reading.py [--minutes N]     (1 unless given; needs Debian's containerd, as root)

Three writers tag, remove, label and ingest through ctr; meanwhile one store is refreshed and others are
opened anew. What nobody touches must be in every answer with its values; what comes and goes must be whole.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import _containerd  # noqa: E402
from exporter_core import Image, open_store  # noqa: E402
from exporter_core.errors import StoreError  # noqa: E402
from exporter_core.kept import build_kept  # noqa: E402
from exporter_core.stores.bolt import BusyDatabase  # noqa: E402
from exporter_core.stores.containerd_root import ContainerdRoot  # noqa: E402
from tests.images import StoreBuilder  # noqa: E402

STAY, FLAP = "docker.io/library/stay", "docker.io/library/flap"
COUNT = 100


def fill(ctr: list[str], folder: Path) -> None:
    """Two images; COUNT names of the one, with a label each, that nobody touches again."""
    builder = StoreBuilder()
    for name in (f"{STAY}:0", f"{FLAP}:0"):
        builder.name(name, builder.image([{"etc/motd": name}]))
    archive = builder.write_archive(folder / "all.tar")
    command = [*ctr, "images", "import", "--no-unpack", "--all-platforms", str(archive)]
    subprocess.run(command, check=True, capture_output=True)
    names = [f"{STAY}:{number}" for number in range(1, COUNT)]
    subprocess.run([*ctr, "images", "tag", f"{STAY}:0", *names], check=True, capture_output=True)
    for name in names[:10]:
        subprocess.run([*ctr, "images", "label", name, f"is={name}"], check=True, capture_output=True)


def writers(ctr: list[str], stop: threading.Event, written: Counter[str]) -> list[threading.Thread]:
    def repeat(what: str, act: Callable[[int], None]) -> None:
        turn = 0
        while not stop.is_set():
            act(turn)
            turn += 1
            written[what] += 1

    def tag(turn: int) -> None:
        names = [f"{FLAP}:{turn % 3}-{number}" for number in range(40)]
        subprocess.run([*ctr, "images", "tag", "--force", f"{FLAP}:0", *names], capture_output=True)
        subprocess.run([*ctr, "images", "rm", *names], capture_output=True)

    def label(turn: int) -> None:
        words = [f"turn={turn}", f"long={'x' * (turn * 37 % 3000)}"]
        subprocess.run([*ctr, "images", "label", f"{FLAP}:0", *words], capture_output=True)

    def ingest(turn: int) -> None:
        data = b"blob %d" % turn
        subprocess.run([*ctr, "content", "ingest", f"ref-{turn}"], input=data, capture_output=True)
        subprocess.run([*ctr, "images", "tag", "--force", f"{FLAP}:0", f"{FLAP}:sync"], capture_output=True)
        subprocess.run([*ctr, "images", "rm", "--sync", f"{FLAP}:sync"], capture_output=True)

    acts = {"tagged and removed": tag, "labelled": label, "ingested and collected": ingest}
    return [threading.Thread(target=repeat, args=item) for item in acts.items()]


def wrong(store: ContainerdRoot, first: dict[str, Image]) -> list[str]:
    """What is not as it must be in one answer."""
    images = {image.name: image for image in store.images()}
    found = [f"{name} is gone or changed" for name, image in first.items() if images.get(name) != image]
    if store.damage:
        found.append(f"damage: {store.damage}")
    target = images[f"{FLAP}:0"].target if f"{FLAP}:0" in images else None
    found += [
        f"{name} is torn" for name, image in images.items() if name not in first and image.target != target
    ]
    index = build_kept(store)
    found += [f"nothing keeps {name}'s target" for name, i in first.items() if not index.keeps(i.digest_text)]
    found += [f"{name}'s target is no blob" for name, i in first.items() if i.digest_text not in index.blobs]
    return found


def read(location: str, seconds: float, counts: Counter[str]) -> list[str]:
    """Look again and again, every tenth time with a store opened anew."""
    bad: list[str] = []
    with closing(open_store(location)) as store:
        assert isinstance(store, ContainerdRoot)
        first = {image.name: image for image in store.images() if image.name.startswith(f"{STAY}:")}
        assert len(first) == COUNT
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                bad += wrong(store, first)
                counts["answers"] += 1
                counts["answers as of a moment ago"] += any("as of a moment ago" in n for n in store.notes)
                if counts["answers"] % 10 == 0:
                    with closing(open_store(location)) as fresh:
                        assert isinstance(fresh, ContainerdRoot)
                        bad += wrong(fresh, first)
                        counts["stores opened anew"] += 1
            except BusyDatabase:
                counts["written to too fast"] += 1
            except StoreError as error:
                bad.append(str(error))
    return bad


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    options, _ = parser.parse_known_args()  # `make bench ARGS=…` hands the same words to every script
    if not _containerd.installed() or os.geteuid() != 0:
        print("reading under writers needs containerd and ctr (Debian's package) and root: left out")
        return
    with tempfile.TemporaryDirectory(prefix="sg-") as folder, _containerd.running(Path(folder)) as ctr:
        fill(ctr, Path(folder))
        stop, written, counts = threading.Event(), Counter[str](), Counter[str]()
        threads = writers(ctr, stop, written)
        for thread in threads:
            thread.start()
        try:
            bad = read(f"{folder}/root?namespace=bench", options.minutes * 60, counts)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    for what, number in (*written.items(), *counts.items()):
        print(f"{what:<58}{number:>14}")
    print(f"{'wrong answers':<58}{len(bad):>14}   goal 0")
    for one in bad[:10]:
        print(f"  {one}")
    if bad or not counts["answers"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
