"""Makes the pictures of the README from the real program: python resources/make_screenshots.py

They go to resources/screenshots/. No display is needed; the fonts are those of this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QItemSelectionModel, QLocale, QPoint, QSize, QTimer  # noqa: E402
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap  # noqa: E402
from PySide6.QtWidgets import QDialog  # noqa: E402

from exporter_core import Descriptor, Store  # noqa: E402
from gui.app import build  # noqa: E402
from gui.window import MainWindow  # noqa: E402
from tests.images import big_layout  # noqa: E402

PICTURES = ROOT / "resources" / "screenshots"
SIZE = QSize(1360, 800)
MIB = 1 << 20


class Slowly:
    """A store that gives its layers no faster than a person can look."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        blob = self._store.open(descriptor)
        return _SlowBlob(blob) if "layer" in descriptor.media_type else blob  # type: ignore[return-value]


class _SlowBlob:
    def __init__(self, blob: BinaryIO) -> None:
        self._blob = blob

    def __enter__(self) -> _SlowBlob:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._blob.close()

    def readinto(self, buffer: memoryview) -> int:
        time.sleep(0.012)
        return self._blob.readinto(buffer)  # type: ignore[attr-defined,no-any-return]


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Run the event loop until ``condition`` holds."""
    loop, timer = QEventLoop(), QTimer(interval=10)
    timer.timeout.connect(lambda: loop.quit() if condition() else None)
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    timer.start()
    loop.exec()
    timer.stop()
    if not condition():
        raise SystemExit("the window did not come to show what was wanted")


def rest(seconds: float) -> None:
    """Let the window paint."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


@contextmanager
def window(store: Path, theme: str = "light") -> Iterator[MainWindow]:
    """The window on ``store``, its first image shown."""
    shown = build([str(store)])
    shown.theme.choose(theme)
    shown.resize(SIZE)
    shown.show()
    until(lambda: "Digest" in shown.inspector.overview.toPlainText())
    rest(0.3)
    yield shown
    shown.close()
    shown.deleteLater()
    rest(0.05)


def choose(shown: MainWindow, name: str) -> None:
    """Select the image whose name holds ``name``."""
    model = shown.images.model
    at = next(at for at in range(model.rowCount()) if name in model.row(at).name)
    shown.images.view.setCurrentIndex(model.index(at, 0))
    until(lambda: name in shown.inspector.overview.toPlainText())


def start(shown: MainWindow, target: Path) -> None:
    """Through the dialog."""
    shown.commands["export"].trigger()
    dialog = shown.export.dialog
    assert dialog is not None
    dialog.target.setText(str(target))
    until(lambda: dialog.start.isEnabled() and not dialog.reason.text())
    dialog.start.click()


def save(shown: MainWindow, name: str, dialog: QDialog | None = None) -> None:
    """The window as a picture, with ``dialog`` before it."""
    picture = shown.grab()
    if dialog is not None:
        front = dialog.grab()
        painter = QPainter(picture)
        painter.fillRect(picture.rect(), QColor(0, 0, 0, 70))
        place = QPoint((picture.width() - front.width()) // 2, (picture.height() - front.height()) // 2)
        painter.drawPixmap(place, front)
        painter.setPen(QColor(0, 0, 0, 60))
        painter.drawRect(place.x() - 1, place.y() - 1, front.width() + 1, front.height() + 1)
        painter.end()
    _write(picture, name)


def _write(picture: QPixmap, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{name}.png"
    image = _with_few_colours(picture.toImage().convertToFormat(QImage.Format.Format_RGB32))
    image.save(str(path), "PNG", 0)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")


def _with_few_colours(image: QImage) -> QImage:
    """In 256 colours, the most frequent and those that differ most from them: a third of the size."""
    pixels = memoryview(image.constBits()).cast("I")
    counted = [colour for colour, _ in Counter(pixels).most_common()]
    table, rest = counted[:96], counted[96:]
    nearest = {colour: (_distance(table[0], colour), 0) for colour in rest}
    for at in range(1, 256):
        if at >= len(table):
            table.append(max(nearest, key=nearest.__getitem__))
        nearest = {colour: min(best, (_distance(table[at], colour), at)) for colour, best in nearest.items()}
    places = {colour: at for colour, (_, at) in nearest.items()} | {
        c: at for at, c in enumerate(counted[:96])
    }
    data = bytes(map(places.__getitem__, pixels))
    few = QImage(data, image.width(), image.height(), image.width(), QImage.Format.Format_Indexed8)
    few.setColorTable(table)
    return few.copy()


def _distance(one: int, other: int) -> int:
    return sum(((one >> shift & 255) - (other >> shift & 255)) ** 2 for shift in (0, 8, 16))


def first_screens(sample: Path) -> None:
    for theme in ("light", "dark"):
        with window(sample, theme) as shown:
            save(shown, f"first-{theme}")


def export_dialog(sample: Path, folder: Path) -> None:
    with window(sample) as shown:
        shown.commands["export"].trigger()
        dialog = shown.export.dialog
        assert dialog is not None
        dialog.target.setText(str(folder / "harbor-web_2.4_linux_amd64.tar"))
        until(lambda: dialog.start.isEnabled() and not dialog.reason.text())
        rest(0.4)
        save(shown, "export-dialog", dialog)
        dialog.reject()


def running_job(folder: Path) -> None:
    big_layout(
        folder / "platform", [31 * MIB, 118 * MIB, 9 * MIB, 46 * MIB], "docker.io/library/observatory:3.1"
    )
    with window(folder / "platform", "dark") as shown:
        opened = shown.session.stores[0]
        assert opened.store is not None
        opened.store = Slowly(opened.store)  # type: ignore[assignment]
        start(shown, folder / "observatory.tar")
        shown.jobs_pane.view.expandAll()
        shown.rows.setSizes([500, 260])
        job = shown.jobs.jobs[0]
        until(lambda: job.progress.fraction > 0.7)
        save(shown, "running-job")


def failure(sample: Path, folder: Path) -> None:
    with window(sample) as shown:
        choose(shown, "broken-job")
        start(shown, folder / "broken-job.tar")
        until(lambda: bool(shown.jobs.jobs) and not shown.jobs.active)
        shown.jobs_pane.view.expandAll()
        rest(0.3)
        save(shown, "failure")


def choose_several(shown: MainWindow, *names: str) -> None:
    """Select the images whose names hold one of ``names``."""
    choose(shown, names[0])
    model, flag = shown.images.model, QItemSelectionModel.SelectionFlag
    for at in range(model.rowCount()):
        if any(name in model.row(at).name for name in names[1:]):
            shown.images.view.selectionModel().select(model.index(at, 0), flag.Select | flag.Rows)


def several_images(sample: Path, folder: Path) -> None:
    (folder / "archives").mkdir()
    with window(sample) as shown:
        choose_several(shown, "harbor-web", "legacy-api", "zstd-tool", "sparse-cache")
        shown.commands["export"].trigger()
        dialog = shown.export.dialog
        assert dialog is not None
        dialog.files.each.setChecked(True)
        dialog.everything.setChecked(True)
        dialog.target.setText(str(folder / "archives"))
        until(lambda: dialog.start.isEnabled() and not dialog.reason.text())
        rest(0.4)
        save(shown, "several-images", dialog)
        dialog.reject()


def after_export(sample: Path, folder: Path) -> None:
    with window(sample, "dark") as shown:
        start(shown, folder / "harbor-web.tar")
        until(lambda: bool(shown.jobs.jobs) and not shown.jobs.active)
        shown.jobs.hash(shown.jobs.jobs[0])
        until(lambda: not shown.jobs.active)
        shown.rows.setSizes([470, 300])
        shown.jobs_pane.view.expandAll()
        rest(0.3)
        save(shown, "after-export")


def matrix(sample: Path) -> None:
    with window(sample) as shown:
        choose(shown, "sparse-cache")
        shown.commands["showMatrix"].trigger()
        rest(1)
        save(shown, "matrix")
        shown.commands["showTree"].trigger()


def document(sample: Path) -> None:
    with window(sample, "dark") as shown:
        shown.commands["showJson"].trigger()
        rest(1)
        save(shown, "json")


def empty(folder: Path) -> None:
    (folder / "empty" / "blobs").mkdir(parents=True)
    shown = build([str(folder / "empty")])
    shown.theme.choose("light")
    shown.resize(SIZE)
    shown.show()
    rest(1)
    save(shown, "empty")
    shown.close()
    shown.deleteLater()
    rest(0.05)


def twice_as_large() -> None:
    """The first screen at 200 %: the factor must be there before the application is."""
    if os.environ.get("QT_SCALE_FACTOR") is None:
        subprocess.run([sys.executable, __file__], env={**os.environ, "QT_SCALE_FACTOR": "2"}, check=True)


def main() -> None:
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    folder = Path(tempfile.gettempdir()) / "demo"
    folder.mkdir()
    os.environ["SHIPGLASS_CONFIG_DIR"] = str(folder / "config")
    doubled = os.environ.get("QT_SCALE_FACTOR") is not None
    try:
        sample = Path(shutil.copytree(ROOT / "resources" / "sample-store", folder / "sample-store"))
        if doubled:
            with window(sample) as shown:
                save(shown, "first-200-percent")
            return
        first_screens(sample)
        matrix(sample)
        document(sample)
        empty(folder)
        export_dialog(sample, folder)
        several_images(sample, folder)
        running_job(folder)
        after_export(sample, folder)
        failure(sample, folder)
    finally:
        shutil.rmtree(folder)
    twice_as_large()


if __name__ == "__main__":
    main()
