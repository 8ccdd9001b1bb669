"""How processes of a stack are marked and found, also those that nobody looks after any more."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

# Every process started in a stack carries this variable, so that none can hide in a new session.
COOKIE = "DAYBOOK_STACK"
# An app process and its children carry their stack's tag too, for the next start in this home.
APP_OF = "DAYBOOK_APP_OF"
# How servers appear in a list of processes; "postgres:" are the children of a postmaster.
VALKEY = ("valkey-server", "redis-server")
SERVERS = ("postgres", "postgres:", *VALKEY)
# What a server needs of its starter's environment; PG* variables and secrets are none of that.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment servers and supervisors run in: nothing that could redirect PostgreSQL."""
    passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
    return {**passed_on, "LC_ALL": "C", "TZ": "UTC"}


def own_module(name: str) -> list[str]:
    """The command that runs a module of this package, to be started in `code_folder()`.

    -E and -S leave out the environment and site-packages: only the standard library is needed,
    and the start is quicker.
    """
    return [sys.executable, "-E", "-S", "-m", name]


def code_folder() -> Path:
    """The folder in which the package `daybook` stands."""
    return Path(__file__).resolve().parents[2]


def carriers(variable: str, value: str) -> list[int]:
    """Processes with a mark of a stack, however far from it they have got (Linux).

    Args:
        variable: COOKIE or APP_OF.
        value: The stack's cookie or tag.
    """
    needle = f"{variable}={value}".encode()
    return [pid for pid, content in _proc("environ") if needle in content.split(b"\0")]


def server_processes(tag: str, *names: str) -> dict[int, str]:
    """Running servers of a stack by process id, with the command that their title shows.

    A title is readable for everybody, where a working folder is not. `names` are the programs
    looked for, as in `SERVERS`.
    """
    found = {}
    for pid, command in commands():
        program = command.split(" ", 1)[0].rpartition("/")[2]
        if program in names and tag in command:
            found[pid] = command
    return found


def command_of(pid: int) -> str:
    """The command a process shows; empty when there is no such process or it is a zombie."""
    return next((command for other, command in commands() if other == pid), "")


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to processes that may have ended meanwhile."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_all(find: Callable[[], Iterable[int]], timeout: float) -> bool:
    """Kills processes until none is found, also those that were being started meanwhile.

    Returns:
        Whether all are gone; False after that many seconds.
    """
    deadline = time.monotonic() + timeout
    while pids := list(find()):
        send(pids, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def commands() -> list[tuple[int, str]]:
    """All running processes with the commands that their titles show."""
    if Path("/proc/self/cmdline").exists():
        return [
            (pid, content.replace(b"\0", b" ").decode(errors="replace"))
            for pid, content in _proc("cmdline")
        ]
    listing = subprocess.run(
        ["ps", "-axww", "-o", "pid=,command="],  # noqa: S607 - its folder differs by system
        capture_output=True,
        text=True,
        check=False,
    )
    rows = (line.split(None, 1) for line in listing.stdout.splitlines())
    return [(int(row[0]), row[1]) for row in rows if len(row) == 2]  # noqa: PLR2004 - id, command


def _proc(name: str) -> list[tuple[int, bytes]]:
    """One file of every process that may be read; that of a zombie is empty."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.append((int(entry.name), (entry / name).read_bytes()))
    return found
