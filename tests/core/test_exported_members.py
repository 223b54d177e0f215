"""The public API: every name is there, whole, documented, and costs little to import."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import exporter_core

ROOT = Path(__file__).parents[2]

HEAVY = [
    *("asyncio", "concurrent.futures", "email", "http", "importlib.metadata", "logging", "multiprocessing"),
    *("PySide6", "shiboken6", "socket", "ssl", "subprocess", "tarfile", "tempfile", "unittest"),
    *("urllib.request", "xml", "zipfile", "grpc", "google.protobuf"),
]


def run(code: str) -> str:
    """What `code` prints in a Python of its own."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert not done.stderr and not done.returncode, done.stderr
    return done.stdout


def test_all_is_sorted_and_each_name_once() -> None:
    constants, rest = [], []
    for name in exporter_core.__all__:
        (constants if name.isupper() else rest).append(name)
    assert exporter_core.__all__ == [*sorted(constants), *sorted(rest)]
    assert len(set(exporter_core.__all__)) == len(exporter_core.__all__)
    assert set(exporter_core.__all__) <= set(dir(exporter_core))


@pytest.mark.parametrize("name", exporter_core.__all__)
def test_every_public_thing_is_documented(name: str) -> None:
    thing = getattr(exporter_core, name)
    assert not inspect.ismodule(thing)
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        return  # a constant: its docstring is for readers of the source
    assert inspect.getdoc(thing)
    if not inspect.isclass(thing):
        return
    for member, value in vars(thing).items():
        if member.startswith("_"):
            continue
        value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isfunction(value):
            assert inspect.getdoc(value), f"{name}.{member}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = exporter_core.nothing  # type: ignore[attr-defined]


ORDERS = {
    "star": "from exporter_core import *",
    "modules-first": """
import pkgutil, importlib
import exporter_core
for module in pkgutil.walk_packages(exporter_core.__path__, "exporter_core."):
    if "__main__" not in module.name: importlib.import_module(module.name)
""",
    "last-name-first": """
import exporter_core
for name in reversed(exporter_core.__all__): getattr(exporter_core, name)
""",
}


@pytest.mark.parametrize("before", ORDERS.values(), ids=list(ORDERS))
def test_every_name_is_what_it_says_whatever_was_imported_before(before: str) -> None:
    code = f"""{before}
import types, exporter_core
print([name for name in exporter_core.__all__ if isinstance(getattr(exporter_core, name), types.ModuleType)])
"""
    assert run(code) == "[]\n"


@pytest.mark.parametrize(
    "code",
    [
        "import exporter_core",
        "from exporter_core import open_store, plan_export, run_export, summarise, load_tree",
        "import exporter_core.verify",
    ],
    ids=["package", "export", "verify"],
)
def test_importing_the_core_loads_nothing_heavy(code: str) -> None:
    before = f"import json; present = set(sys.modules); {code}"
    loaded = json.loads(run(f"{before}; print(json.dumps(sorted(set(sys.modules) - present)))"))
    assert "exporter_core" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_the_package_alone_loads_none_of_its_modules() -> None:
    out = run("import exporter_core; print([m for m in sys.modules if m.startswith('exporter_core.')])")
    assert out == "['exporter_core.lazy']\n"


def test_a_whole_export_needs_nothing_heavy(tmp_path: Path) -> None:
    """Nor does it load such modules when it runs: start-up is half of a small export."""
    code = f"""
from exporter_core import *
store = open_store({str(ROOT / "resources" / "sample-store")!r})
image = next(image for image in store.images() if summarise(store, image).complete)
run_export(plan_export(store, [image], ExportOptions(all_platforms=True)), store, {str(tmp_path / "a.tar")!r})
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    assert run(code) == "[]\n"
    assert (tmp_path / "a.tar").exists()
