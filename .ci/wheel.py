"""Build the wheel and say what is missing in it or too much; the build tool comes from the environment."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = "gui/_resources/"
USED = ("icons", "sample-store", "io.shipglass.Shipglass.desktop", "io.shipglass.Shipglass.metainfo.xml")
"""Those of the resources that the program or a packager needs; the rest is in the source archive alone."""


def build(folder: str, target: str = "wheel") -> Path:
    """Build the checkout's wheel (or ``sdist``) into a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"the {target} cannot be built:\n{done.stdout}")
    return next(Path(folder).glob("shipglass-*.whl" if target == "wheel" else "shipglass-*.tar.gz"))


def expected() -> set[str]:
    """What the wheel has to hold beside its metadata: the code, and the resources it uses below gui/."""
    code = [path for package in ("exporter_core", "gui") for path in _files(ROOT / package)]
    names = {path.relative_to(ROOT).as_posix() for path in code}
    resources = ROOT / "resources"
    used = [path for name in USED for path in _files(resources / name)]
    return names | {RESOURCES + path.relative_to(resources).as_posix() for path in used}


def problems(wheel: Path) -> list[str]:
    """Differences between the wheel and what it has to hold."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    found = [f"missing: {name}" for name in sorted(expected() - names)]
    found += [f"does not belong there: {name}" for name in sorted(names - info - expected())]
    if not any(name.endswith("/LICENSE") for name in info):
        found.append("missing: LICENSE")
    return found


def _files(folder: Path) -> list[Path]:
    """The files below ``folder``, or itself if it is one."""
    if folder.is_file():
        return [folder]
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        wheel = build(place)
        wrong = problems(wheel)
        print("\n".join(wrong) or f"{wheel.name}: {len(expected())} files and the licence, nothing else")
    sys.exit(bool(wrong))
