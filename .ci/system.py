"""What Qt and the tests need of the system beside Python: find what is missing, install it or say how."""

import os
import shutil
import subprocess
import sys

from say import Problem, quietly, say

# Library → Debian package, as the loader names it in Qt's libraries and plugins.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libstdc++.so.6": "libstdc++6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
X11_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
WAYLAND_LIBRARIES = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
# Command → Debian package: other programs, which the tests let read what we wrote.
TEST_TOOLS = {"ctr": "containerd", "skopeo": "skopeo", "umoci": "umoci"}

_LOAD = """
import sys
try:
    import ctypes
except ImportError:  # a Python built without libffi cannot ask; Qt's own import will tell
    sys.exit()
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name)
"""


def window_libraries(environ: dict[str, str]) -> dict[str, str]:
    """What a window needs on the displays that the environment names."""
    libraries = dict(QT_LIBRARIES)
    if environ.get("DISPLAY"):
        libraries |= X11_LIBRARIES
    if environ.get("WAYLAND_DISPLAY"):
        libraries |= WAYLAND_LIBRARIES
    return libraries


def missing_libraries(libraries: dict[str, str]) -> list[str]:
    """Those that the loader cannot load, tried in a process of its own; none on other systems than Linux."""
    if not (libraries and sys.platform.startswith("linux")):
        return []
    command = [sys.executable, "-ESs", "-c", _LOAD, *libraries]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.split()


def missing_tools() -> list[str]:
    """The test tools that are not on the PATH."""
    return [tool for tool in TEST_TOOLS if not shutil.which(tool)]


def has_apt() -> bool:
    """Is this Debian or one of its children?"""
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


def is_root() -> bool:
    """May we install packages?"""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def require(packages: list[str], why: str) -> None:
    """Install Debian packages as root; else raise a Problem with the one command that does."""
    packages = sorted(set(packages))
    if not is_root():
        command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
        raise Problem(f"{why}. Run this, then call make again:\n\n  sudo sh -c '{command}'\n")
    say(f"{why}; installing as root with apt-get: {' '.join(packages)}")
    _update()
    trouble = _install(packages)
    if trouble:
        raise Problem(
            f"apt-get could not install {' '.join(packages)}:\n{trouble}\n"
            "Look at the network and at the package sources, then call make again."
        )


def offer_tools() -> None:
    """Bring the test tools where that can be done; a missing one only skips the tests that need it."""
    missing = missing_tools()
    if not missing:
        return
    packages = sorted({TEST_TOOLS[tool] for tool in missing})
    if has_apt() and is_root():
        say(f"installing as root with apt-get, for the tests beside other programs: {' '.join(packages)}")
        _update()
        for package in packages:  # one by one: what one release lacks must not cost the others
            _install([package])
        missing = missing_tools()
    if missing:
        say(f"not found: {', '.join(missing)}; the tests that need them are skipped. {_how(packages)}")


def _how(packages: list[str]) -> str:
    return f"To have them: apt-get install {' '.join(packages)}" if has_apt() else ""


def _update() -> None:
    """Its failure is no end: one dead source among many fails it, and a warm cache may have all we need."""
    quietly(["apt-get", "-q", "update"])


def _install(packages: list[str]) -> str | None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    patience = ["-o", "DPkg::Lock::Timeout=120"]  # another installation may be under way
    command = ["apt-get", "-q", *patience, "install", "-y", "--no-install-recommends", *packages]
    return quietly(command, environ)
