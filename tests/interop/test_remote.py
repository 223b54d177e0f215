"""Helpers started by the real sudo and the real ssh, for a second user of this system.

pkexec needs a desktop's polkit agent: its way is tested with a stand-in (``tests/core/test_remote_store``).
"""

import json
import os
import pty
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter_core import open_store
from tests.bolt_writer import write_root
from tests.core.helpers import NAME, exported, sample
from tests.interop.programs import call, needed

CHECKOUT = Path(__file__).parents[2]
PYTHON = "/usr/bin/python3"
PASSWORD = "correct horse"

Done = subprocess.CompletedProcess[bytes]


@dataclass(frozen=True)
class User:
    """A user of this system without any rights, with a copy of the core."""

    name: str
    base: Path

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def root(self) -> Path:
        """A containerd root that is root's alone."""
        return self.base / "root"

    @property
    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "USER": self.name, "PATH": os.defpath + ":/usr/sbin"}

    def run(self, *words: object) -> Done:
        """The command line as this user, with no terminal."""
        command = [PYTHON, "-m", "exporter_core", *map(str, words)]
        return subprocess.run(command, timeout=60, capture_output=True, check=False, **self.options)  # type: ignore[call-overload,no-any-return]

    @property
    def options(self) -> dict[str, object]:
        return {
            "user": self.name,
            "group": self.name,
            "extra_groups": [],
            "cwd": self.base / "code",
            "env": self.env,
            "start_new_session": True,
        }


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    """The second user; gone in the end."""
    needed("useradd", "userdel", "chpasswd")
    if os.geteuid() != 0:
        pytest.skip("only root can make a user")
    version = subprocess.run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False)
    if version.returncode:
        pytest.skip(f"{PYTHON} is not 3.11 or newer")
    base = Path(tempfile.mkdtemp(prefix="sgu-"))
    made = User(f"sgtest{os.getpid()}", base)
    base.chmod(0o755)
    try:
        call("useradd", "--create-home", "--home-dir", made.home, "--shell", "/bin/sh", made.name)
        subprocess.run(["chpasswd"], input=f"{made.name}:{PASSWORD}".encode(), check=True, timeout=20)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / "exporter_core", base / "code" / "exporter_core", ignore=skip)
        write_root(sample(), made.root)
        made.root.chmod(0o700)
        yield made
    finally:
        call("userdel", "--force", made.name, check=False)
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def sudo_rule(user: User, rule: str) -> Iterator[None]:
    needed("sudo")
    path = Path("/etc/sudoers.d") / user.name
    path.touch(0o440)
    path.write_text(f"Defaults:{user.name} passwd_tries=1\n{user.name} ALL=(root) {rule}\n")
    try:
        yield
    finally:
        path.unlink()


@dataclass(frozen=True)
class Host:
    """An sshd on loopback that lets the user in."""

    user: User
    port: int

    def location(self, path: Path, query: str = "") -> str:
        return f"ssh://{self.user.name}@127.0.0.1:{self.port}{path}{query}"


@pytest.fixture(scope="module")
def host(user: User) -> Iterator[Host]:
    needed("sshd", "ssh", "ssh-keygen")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ssh = user.home / ".ssh"
    ssh.mkdir(0o700)
    for key in (user.base / "host_key", ssh / "id_ed25519"):
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    shutil.copy(ssh / "id_ed25519.pub", ssh / "authorized_keys")
    kind, public = (user.base / "host_key.pub").read_text().split()[:2]
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {public}\n")
    for path in (ssh, *ssh.iterdir()):
        shutil.chown(path, user.name, user.name)
    config = user.base / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {user.base}/host_key\nPidFile none\nUsePAM no\n"
        "StrictModes no\nPasswordAuthentication no\nAuthorizedKeysFile .ssh/authorized_keys\n"
    )
    with _running(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], port):
        yield Host(user, port)


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    """sshd, which wants its folder in /run; both are gone in the end."""
    folder = Path("/run/sshd")
    made = not folder.exists()
    folder.mkdir(0o755, exist_ok=True)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(lambda: _listens(port) or process.poll() is not None)
        if process.poll() is not None:
            pytest.skip("sshd does not start here")
        yield
    finally:
        process.terminate()
        process.wait(10)
        if made:
            folder.rmdir()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(done: Callable[[], bool]) -> None:
    for _ in range(200):
        if done():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen within ten seconds")


def helpers(path: Path) -> list[int]:
    """The processes that serve `path`."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and os.fsencode(path) in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def export(user: User, location: str) -> bytes:
    done = user.run("export", location, NAME, "--all-platforms", "-q", "-o", "-")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# --- sudo -------------------------------------------------------------------------------------------------


def test_what_only_root_may_read_is_read_through_sudo(user: User) -> None:
    needed("sudo")
    refused = user.run("images", user.root)
    assert refused.returncode == 3 and f"sudo:{user.root}" in refused.stderr.decode()
    with sudo_rule(user, "NOPASSWD: ALL"):
        assert export(user, f"sudo:{user.root}") == exported(open_store(user.root))
        done = user.run("images", f"sudo:{user.root}?namespace=default", "--json")
        assert [image["name"] for image in json.loads(done.stdout)] == [NAME]
        missing = user.run("images", "sudo:/nothing-there")
        assert missing.returncode == 3 and b"there is nothing at /nothing-there" in missing.stderr
    assert not helpers(user.root)


def test_a_user_whom_sudo_does_not_know_is_told_so(user: User) -> None:
    needed("sudo")
    done = user.run("images", f"sudo:{user.root}")
    assert done.returncode == 3 and b"right password" in done.stderr and b"pkexec:" in done.stderr


def test_sudo_asks_at_the_terminal(user: User) -> None:
    with sudo_rule(user, "ALL"):
        code, said = at_a_terminal(user, PASSWORD, "images", f"sudo:{user.root}")
        assert code == 0 and "sample:1" in said, said
        code, said = at_a_terminal(user, "wrong", "images", f"sudo:{user.root}")
        assert code == 3 and "sudo did not get the right password" in said.replace("\r\n", " "), said
    assert not helpers(user.root)


def at_a_terminal(user: User, password: str, *words: str) -> tuple[int, str]:
    """The command line at a terminal of its own, where each question for a password gets this answer."""
    account = pwd.getpwnam(user.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid, terminal = pty.fork()
    if pid == 0:
        with suppress(BaseException):
            os.chdir(user.base / "code")
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            os.execve(PYTHON, [PYTHON, "-m", "exporter_core", *words], user.env)
        os._exit(99)
    said, asked = "", 0
    with suppress(OSError):  # the end of a terminal is an error
        while piece := os.read(terminal, 4096):
            said += piece.decode(errors="replace")
            if said.lower().count("password for") > asked:
                asked += 1
                time.sleep(0.2)  # sudo throws away what was typed before it asked
                os.write(terminal, password.encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def test_no_helper_outlives_a_client_that_is_killed(user: User) -> None:
    code = (
        f"from exporter_core import open_store; store = open_store('sudo:{user.root}')\n"
        "print('open', flush=True); input()"
    )
    with sudo_rule(user, "NOPASSWD: ALL"):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        client = subprocess.Popen([PYTHON, "-c", code], **pipes, **user.options)  # type: ignore[call-overload]
        with client:
            assert client.stdout.readline() == b"open\n"
            assert helpers(user.root)
            os.kill(client.pid, signal.SIGKILL)
            client.wait(10)
            _wait(lambda: not helpers(user.root))


# --- ssh --------------------------------------------------------------------------------------------------


def test_a_store_of_another_host(host: Host) -> None:
    user = host.user
    layout = sample().write_layout(user.base / "a store; with 'odd' $(name)")
    before = sorted(path for path in user.home.rglob("*"))
    spelled = Path(str(layout).replace("%", "%25").replace(" ", "%20").replace(";", "%3B"))
    assert export(user, host.location(spelled)) == exported(open_store(layout))
    done = user.run("tree", host.location(spelled), NAME, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["children"]
    assert sorted(path for path in user.home.rglob("*")) == before  # nothing is left there
    assert not helpers(layout)


def test_what_only_root_may_read_there(host: Host) -> None:
    user = host.user
    refused = user.run("images", host.location(user.root))
    assert refused.returncode == 3 and b"permission denied" in refused.stderr
    refused = user.run("images", host.location(user.root, "?sudo=1"))
    assert refused.returncode == 3 and b"NOPASSWD" in refused.stderr
    with sudo_rule(user, "NOPASSWD: ALL"):
        assert export(user, host.location(user.root, "?sudo=1")) == exported(open_store(user.root))


def test_a_host_that_cannot_be_trusted_or_does_not_trust(host: Host) -> None:
    user = host.user
    for name, words in (("known_hosts", "keep the host's key"), ("authorized_keys", "ssh-copy-id -p")):
        path = user.home / ".ssh" / name
        kept = path.read_text()
        path.write_text("")
        try:
            done = user.run("images", host.location(user.root))
        finally:
            path.write_text(kept)
        assert done.returncode == 3 and words in done.stderr.decode(), done.stderr.decode()
