"""The private environment in .cache/env: made from the first Python that can and known by a stamp.

Three fillings, each holding the one before: `headless` (no Qt), `window`, `test`. The program itself runs
from the checkout; only `test` also installs it (editable), because tests look at the installed command.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import system
from say import Problem, quietly, say

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".cache" / "env"
STAMP = ENV / "shipglass-stamp.json"
PYTHON = ENV / "bin" / "python"
TOOLS_OFFERED = ENV / "tools-offered"

FILLINGS = ("headless", "window", "test")
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
OLDEST = (3, 11)
# PySide6 below 6.12 says so itself ("Requires-Python: <3.15").
NEWEST_FOR_QT = (3, 14)

_ASK = """
import sys
missing = []
for name in ("venv", "ensurepip", "ssl", "zlib"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
print("%d %d" % sys.version_info[:2])
print(getattr(sys, "_base_executable", sys.executable))
print(" ".join(missing))
"""

_LOAD_QT = """
import pathlib, sys
from PySide6 import QtCore, QtDBus, QtGui, QtNetwork, QtSvg, QtTest, QtWidgets
try:
    import ctypes
except ImportError:
    sys.exit()
if sys.platform.startswith("linux"):
    folder = pathlib.Path(QtCore.QLibraryInfo.path(QtCore.QLibraryInfo.LibraryPath.PluginsPath), "platforms")
    for name in sys.argv[1:]:
        for file in folder.glob(f"lib{name}*.so"):
            ctypes.CDLL(str(file))
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Python that the environment could be made from."""

    name: str
    version: tuple[int, int]
    base: str
    missing: tuple[str, ...]

    def dotted(self) -> str:
        """The version as people write it."""
        return "{}.{}".format(*self.version)

    def problem(self, filling: str, needs_pip: bool) -> str | None:
        """Why it does not serve for this filling, if so."""
        if self.version < OLDEST:
            return f"{self.name} is Python {self.dotted()}; 3.11 or newer is needed"
        if filling != "headless" and self.version > NEWEST_FOR_QT:
            return f"{self.name} is Python {self.dotted()}; this Qt has no package for it yet"
        lacks = [module for module in self.missing if needs_pip or module == "venv"]
        return f"{self.name} (Python {self.dotted()}) comes without {', '.join(lacks)}" if lacks else None

    def lacks_only_debian_package(self, filling: str) -> bool:
        """Would the package that Debian splits off make it serve?"""
        split = set(self.missing) <= {"venv", "ensurepip"} and self.base.startswith("/usr/bin/")
        return split and self._without_gaps().problem(filling, True) is None

    def debian_package(self) -> str:
        """The name of that package."""
        usual = Path("/usr/bin/python3")
        if usual.exists() and os.path.samefile(usual, self.base):
            return "python3-venv"
        return f"python{self.dotted()}-venv"

    def _without_gaps(self) -> "Candidate":
        return replace(self, missing=())


@dataclass(frozen=True, slots=True)
class Stamp:
    """Written into a finished environment: what it holds and what it was made from."""

    filling: str
    key: str
    base: str
    version: str
    place: str

    def serves(self, filling: str) -> bool:
        """Is this filling in it, and nothing changed since?"""
        enough = self.filling in FILLINGS[FILLINGS.index(filling) :]
        return enough and self.key == current_key(self.version)


def ensure(filling: str, libraries: dict[str, str], tools: bool = False) -> Path:
    """Return the environment's Python, after bringing whatever is missing, in the system and in it.

    Raises:
        Problem: with the remedy, where something is missing that we may not or cannot install.
    """
    with _locked():
        stamp = read_stamp()
        current = stamp is not None and stamp.serves(filling)
        lacking = system.missing_libraries(libraries)
        if lacking or not current:
            _provide_system(filling, current, lacking, libraries)
        if not current:
            _build(filling, stamp, libraries)
        if tools and not TOOLS_OFFERED.exists():
            system.offer_tools()
            TOOLS_OFFERED.touch()
    return PYTHON


def wanted(filling: str) -> list[str]:
    """The requirements of a filling, from pyproject.toml: without a window, nothing of Qt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements: list[str] = project["dependencies"]
    if filling == "headless":
        return [one for one in requirements if not one.lower().startswith(("pyside6", "shiboken6"))]
    if filling == "test":
        extras = project["optional-dependencies"]
        requirements = [*requirements, *extras["test"], *extras["dev"]]
    return requirements


def read_stamp() -> Stamp | None:
    """The stamp of an environment that was finished here and still runs."""
    try:
        stamp = Stamp(**json.loads(STAMP.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    asked = os.environ.get("PYTHON")
    if asked:
        candidate = _ask(asked)
        if candidate is None or os.path.realpath(candidate.base) != os.path.realpath(stamp.base):
            return None
    moved = stamp.place != str(ENV)
    return None if moved or stamp.version != _running_version() else stamp


def current_key(version: str) -> str:
    """Changes with anything that the environment's packages depend on."""
    digest = hashlib.sha256(version.encode())
    for path in (ROOT / "pyproject.toml", ROOT / "constraints.txt", Path(__file__)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def find_candidates() -> list[Candidate]:
    """The Pythons on the PATH in the order of preference; PYTHON, where set, is the only one."""
    asked = os.environ.get("PYTHON")
    found: dict[str, Candidate] = {}
    for name in (asked,) if asked else NAMES:
        candidate = _ask(name)
        if candidate:
            found.setdefault(os.path.realpath(candidate.base), candidate)
    return list(found.values())


def child_environment() -> dict[str, str]:
    """The caller's environment without what would lead Python or pip away from ours."""
    environ = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"):
        environ.pop(name, None)
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG")
    if sys.platform.startswith("linux") and locale in (None, "", "C", "POSIX"):
        environ["LC_ALL"] = "C.UTF-8"  # Qt warns about any other encoding, and so would the tests
    return environ


def _provide_system(filling: str, current: bool, lacking: list[str], libraries: dict[str, str]) -> None:
    """One call of the package manager for all that is missing below the environment."""
    if lacking and not system.has_apt():
        raise Problem(
            f"Qt cannot load these libraries of the system: {', '.join(lacking)}.\n"
            "Install the packages of your distribution that hold them, then call make again."
        )
    packages = [libraries[name] for name in lacking]
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    reasons = [f"Qt cannot load {', '.join(lacking[:3])}{more}"] if lacking else []
    mendable = None if current else _mendable(filling)
    if mendable:
        packages.append(mendable.debian_package())
        reasons.append(f"{mendable.name} comes without {', '.join(mendable.missing)}")
    if not packages:
        return
    system.require(packages, "; ".join(reasons))
    still = system.missing_libraries(libraries)
    if still:
        raise Problem(f"Qt still cannot load {', '.join(still)} after installing {' '.join(packages)}.")


def _mendable(filling: str) -> Candidate | None:
    """Where no Python serves as it is: the first that a Debian package completes."""
    candidates = find_candidates()
    needs_pip = bool(wanted(filling))
    if not system.has_apt() or any(one.problem(filling, needs_pip) is None for one in candidates):
        return None
    return next((one for one in candidates if one.lacks_only_debian_package(filling)), None)


def _build(filling: str, stamp: Stamp | None, libraries: dict[str, str]) -> None:
    """Make or complete the environment. Meanwhile it has no stamp: a half-made one is made anew next time."""
    requirements = wanted(filling)
    reusable = stamp is not None and not (requirements and quietly([str(PYTHON), "-Im", "pip", "--version"]))
    try:
        STAMP.unlink(missing_ok=True)
        ENV.parent.mkdir(exist_ok=True)
        base = stamp.base if stamp and reusable else _make(filling, bool(requirements))
        _fill(filling, requirements)
        if libraries:
            _try_qt(libraries)
        version = _running_version()
        if version is None:
            raise Problem(f"the new {PYTHON} does not run. Delete {ENV} and call make again.")
        new = Stamp(filling, current_key(version), base, version, str(ENV))
        STAMP.write_text(json.dumps(asdict(new)), "utf-8")
    except OSError as error:
        advice = "Make room, or the checkout writable for you."
        raise Problem(f"{ENV} cannot be written: {error}. {advice}") from error


def _make(filling: str, needs_pip: bool) -> str:
    """Make an empty environment from the first Python that can, and return that Python's path."""
    refused = []
    for one in find_candidates():
        trouble = one.problem(filling, needs_pip)
        if trouble is None:
            say(f"making an environment in .cache/env from {one.base}, Python {one.dotted()}")
            options = [] if needs_pip else ["--without-pip"]
            trouble = quietly([one.base, "-Im", "venv", "--clear", *options, str(ENV)], child_environment())
            if trouble is None:
                return one.base
            trouble = f"{one.base} failed to make one: {trouble.splitlines()[-1]}"
        refused.append(trouble)
    asked = os.environ.get("PYTHON")
    if asked and not refused:
        refused.append(f"PYTHON={asked} cannot be run")
    raise Problem(
        "no Python here can make a private environment:\n  "
        + "\n  ".join(refused)
        + "\nInstall Python 3.11 or newer with its venv module (Debian: python3-venv), or name one: "
        "make PYTHON=/path/to/python3 ..."
    )


def _fill(filling: str, requirements: list[str]) -> None:
    """Install the packages; the tests also get the project itself, which needs its build tool to be there."""
    if requirements:
        say(f"installing {', '.join(requirements)}")
        _pip(["-c", str(ROOT / "constraints.txt"), *requirements])
    if filling == "test":
        _pip(["--no-deps", "--no-build-isolation", "-e", str(ROOT)])


def _pip(arguments: list[str]) -> None:
    command = [str(PYTHON), "-Im", "pip", "install", *arguments]
    if sys.stderr.isatty():  # Qt is 100 MB: somebody who watches wants to see it come
        done = subprocess.run(command, env=child_environment(), stdout=sys.stderr)
        trouble = "see above" if done.returncode else None
    else:
        trouble = quietly([*command, "-q"], child_environment())
    if trouble:
        raise Problem(
            f"pip could not install the packages:\n{trouble}\n"
            "If it is the network: pip takes a proxy from https_proxy, a mirror from PIP_INDEX_URL.\n"
            "If no version of PySide6 fits: it is made for Windows, macOS and Linux with glibc 2.34 or\n"
            "newer (aarch64: 2.28). Without a display `make run` needs none."
        )


def _try_qt(libraries: dict[str, str]) -> None:
    """Load what the window loads: a library that our list does not know shows here, by its name."""
    plugins = ["qoffscreen"]
    plugins += ["qxcb"] if "libxcb.so.1" in libraries else []
    plugins += ["qwayland"] if "libwayland-client.so.0" in libraries else []
    trouble = quietly([str(PYTHON), "-Ic", _LOAD_QT, *plugins], child_environment())
    if trouble:
        raise Problem(
            f"Qt does not load: {trouble.splitlines()[-1]}\n"
            "Install the package of your system that holds the library named there (on Debian\n"
            "`apt-file search NAME` tells which), then call make again."
        )


def _ask(name: str) -> Candidate | None:
    """Ask a Python what it is; None where there is none of that name, or it does not answer."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        done = subprocess.run([path, "-Ec", _ASK], capture_output=True, text=True, timeout=30, check=True)
        version, base, missing = done.stdout.split("\n")[:3]
        major, minor = version.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Candidate(name, (int(major), int(minor)), base or path, tuple(missing.split()))


def _running_version() -> str | None:
    """The environment's Python as it says itself; None where it does not run (any more)."""
    if os.path.abspath(sys.executable) == str(PYTHON):
        return sys.version
    try:
        command = [str(PYTHON), "-ESsc", "import sys; print(sys.version)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip("\n")
    except (OSError, subprocess.SubprocessError):
        return None


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One set-up at a time: `make -j test check` starts two."""
    with open(__file__, "rb") as file:
        with contextlib.suppress(ImportError, OSError):  # some network folders know no locks
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another set-up in this checkout")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
