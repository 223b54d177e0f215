"""Locations that name a helper: what they may hold, and that nothing in them is run."""

import ast
import shutil
import socket
from pathlib import Path

import pytest

from exporter_core import open_store
from exporter_core.cli import main
from exporter_core.errors import StoreError
from exporter_core.stores import with_rights
from exporter_core.stores.remote import helper, is_remote, parse_address
from exporter_core.stores.remote.parcel import FIRST, _zipped
from tests.core.helper_processes import standing_in

GOOD = {
    "sudo:/var/lib/containerd": "/var/lib/containerd",
    "pkexec:/a b": "/a b",
    "sudo:/a?namespace=k8s.io": "/a?namespace=k8s.io",
    "ssh://h/p": "/p",
    "ssh://u@h:2222/p?namespace=x": "/p?namespace=x",
    "ssh://u@h:2222/p?namespace=x&sudo=1": "/p?namespace=x",
    "ssh://u@[::1]:22/a%20b": "/a b",
    "ssh://user.name@host.example/%3Bid": "/;id",
}
BAD = [
    *(
        "sudo:",
        "sudo:relative",
        "sudo:/a\nb",
        "pkexec:-x",
        "ssh:",
        "ssh:/p",
        "ssh://",
        "ssh:///p",
        "ssh://h",
        "sudo:/\0",
    ),
    *(
        "ssh://-oProxyCommand=id/p",
        "ssh://-l@h/p",
        "ssh://u@-h/p",
        "ssh://u;id@h/p",
        "ssh://u@h;id/p",
        "ssh://u@$(id)/p",
    ),
    *(
        "ssh://@h/p",
        "ssh://u:secret@h/p",
        "ssh://h:0/p",
        "ssh://h:99999/p",
        "ssh://h:x/p",
        "ssh://h/p?x=1",
        "ssh://h/p?sudo=2",
    ),
    *(
        "ssh://h/p#x",
        "ssh://h/%0a",
        "ssh://h/%00",
        "ssh://u%20v@h/p",
        "ssh://h/p?namespace",
        "ssh://[::1/p",
        "ssh://%2dh/p",
    ),
]


@pytest.mark.parametrize(("location", "served"), GOOD.items())
def test_a_location_is_read_and_written_alike(location: str, served: str) -> None:
    address = parse_address(location)
    assert is_remote(location) and address.served == served
    assert address.location == location
    assert parse_address(address.location) == address


@pytest.mark.parametrize("location", BAD)
def test_a_location_that_is_none_starts_nothing(location: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    with (
        standing_in(tmp_path / "bin", **dict.fromkeys(("ssh", "sudo", "pkexec"), f"touch {ran}")),
        pytest.raises(StoreError) as caught,
    ):
        open_store(location)
    assert caught.value.hint and not ran.exists() and "secret" not in str(caught.value)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh on this system")
@pytest.mark.parametrize(
    "path", ["/a;id", "/$(id)", "/a'b", '/a"b', "/a`id`", "/a b", "/-x", "/é", "/a\\b", "/a!b", "/a&b"]
)
def test_no_path_means_anything_to_the_shell_over_there(path: str) -> None:
    words = helper.command(parse_address(f"ssh://h{path}"), 1)
    assert words[-2] == "h" and words[-3] == "--"
    kept, _, rest = words[-1].partition(f"'{FIRST}' ")
    assert kept == "python3 -I -S -c " and set(rest) <= set("/%.-_ ~") | {
        c for c in rest if c.isascii() and c.isalnum()
    }
    assert not set(FIRST) & set("'\"$!\\`\n")


def test_with_rights_names_what_this_system_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert with_rights("/a") is None
    with standing_in(tmp_path / "bin", sudo="exit"):
        assert with_rights("/a?namespace=x") == "sudo:/a?namespace=x"
        with standing_in(tmp_path / "bin", pkexec="exit"):
            assert with_rights("containerd-root:/a") == "pkexec:/a"
            assert with_rights("containerd:///run/containerd/containerd.sock") is None
            with socket.socket(socket.AF_UNIX) as listening:
                monkeypatch.chdir(tmp_path)  # the path of a socket must be short
                listening.bind("s")
                assert with_rights(f"{tmp_path}/s?namespace=x") is None
    assert with_rights("ssh://h/p?namespace=x") == "ssh://h/p?namespace=x&sudo=1"
    assert with_rights("ssh://h/p?sudo=1") is None and with_rights("pkexec:/p") is None
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert with_rights("/a") is None


def test_what_is_sent_is_the_same_each_time() -> None:
    first = _zipped()
    assert first == _zipped() and len(first) < 1 << 20


def test_an_old_python_understands_enough_to_say_that_it_is_too_old() -> None:
    ast.parse((Path(helper.__file__).parent / "boot.py").read_text(), feature_version=(3, 4))


def test_no_sum_is_promised_of_an_archive_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "ssh://host/a.tar", "--sha256", "0" * 64]) == 2
    assert "--sha256" in capsys.readouterr().err
