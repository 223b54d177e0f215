"""How the set-up talks: everything on stderr, because stdout belongs to the task; a Problem ends the task."""

import subprocess
import sys


class Problem(Exception):
    """What is wrong and what to do about it, as the user reads it; `code` is the exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def say(text: str) -> None:
    """Print one note."""
    print(f"shipglass: {text}", file=sys.stderr, flush=True)


def quietly(command: list[str], env: dict[str, str] | None = None) -> str | None:
    """Run a command and return None, or its last lines where it failed."""
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return None
    return "\n".join(done.stdout.strip().splitlines()[-15:]) or f"exit code {done.returncode}"
