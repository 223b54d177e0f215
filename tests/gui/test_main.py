"""Which door a command line goes through, and what is imported behind it."""

import subprocess
import sys
from pathlib import Path

import pytest

from gui import app

ROOT = Path(__file__).parents[2]


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)


def test_command_words_need_no_qt() -> None:
    code = (
        "import sys; sys.modules['PySide6'] = None\n"
        "from gui.__main__ import main\n"
        "code = main(['images', 'resources/sample-store'])\n"
        "assert not [m for m in sys.modules if m.startswith('gui.') and m != 'gui.__main__'], sys.modules\n"
        "sys.exit(code)"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert "harbor-web" in done.stdout


def test_without_pyside_it_says_what_to_do() -> None:
    code = (
        "import sys, importlib.abc\n"
        "class No(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'PySide6': raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, No())\n"
        "from gui.__main__ import main\n"
        "sys.exit(main(['/some/store']))"
    )
    done = run(code)
    assert done.returncode == 2
    assert "pip install" in done.stderr and "shipglass images" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("program", ["shipglass", "/usr/bin/shipglass", "/x/gui/__main__.py"])
def test_the_programs_own_name_is_no_store(program: str) -> None:
    assert app._locations([program, "/a", "/b"]) == ["/a", "/b"]
    assert app._locations([program]) == []
    assert app._locations(["/a"]) == ["/a"]
