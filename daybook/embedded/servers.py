"""How any embedded server is started: prepare, spawn, wait until it answers."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Protocol

from daybook.embedded.children import Child, Children, Program
from daybook.embedded.errors import ServerFailed
from daybook.embedded.processes import send, server_processes

# Recovery after a crash replays up to a gigabyte of log, which takes a while on a slow disk.
_READY_TIMEOUT = 120.0
# A predecessor may be shutting down; one that does not get on with it is killed.
_PATIENCE, _GIVE_UP = 5.0, 10.0
_TAIL = 2000


class Server(Protocol):
    """What a start needs to know about a server."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def variable(self) -> str:
        """What its URL is called."""

    @property
    def url(self) -> str:
        """Where clients find it; the same after every restart."""

    async def prepare(self, children: Children) -> None:
        """Does what has to be done before every start.

        Raises:
            StackError: It cannot be started.
        """

    def program(self) -> Program:
        """How its process is started."""

    async def is_ready(self, pid: int) -> bool:
        """Whether the server that is this process accepts clients."""


async def start(server: Server, children: Children) -> Child:
    """Starts a server and waits until it accepts clients.

    Raises:
        ServerFailed: It ended, or did not become ready; the message shows the end of its log.
        StackError: It could not be prepared.
    """
    await server.prepare(children)
    program = server.program()
    log = Log(program.log)
    deadline = time.monotonic() + _READY_TIMEOUT
    child = children.spawn(program)
    while not await server.is_ready(child.pid):
        if child.status is not None:
            raise ServerFailed(
                f"{server.name} ended with status {child.status} while starting. {log.tail()}"
            )
        if time.monotonic() > deadline:
            child.kill_group()
            raise ServerFailed(
                f"{server.name} was not ready after {_READY_TIMEOUT:.0f} s. {log.tail()}"
            )
        await asyncio.sleep(0.005)
    return child


async def end_leftovers(tag: str, *names: str) -> None:
    """Ends what an earlier start has left and waits until nothing is.

    Args:
        tag: Of the stack.
        names: The servers meant, as in `processes.SERVERS`.

    Raises:
        ServerFailed: They do not end, so their data must not be touched.
    """
    began, asked = time.monotonic(), False
    while left := server_processes(tag, *names):
        waited = time.monotonic() - began
        leaders = [pid for pid, command in left.items() if not command.startswith("postgres:")]
        if waited > _GIVE_UP:
            raise ServerFailed(
                f"Processes {sorted(left)} of an earlier start do not end: kill them."
            )
        # Without a postmaster nobody ends its children, and they may be in a long query.
        if not leaders or waited > _PATIENCE:
            send(left, signal.SIGKILL)
        elif not asked:
            send(leaders, signal.SIGINT)
        asked = True
        await asyncio.sleep(0.01)


class Log:
    """A log file, remembered as it is now, so that what comes later can be shown."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._begin = path.stat().st_size if path and path.exists() else 0

    def tail(self) -> str:
        """What was written since, at most the last 2,000 characters."""
        if not self._path or not self._path.exists():
            return "It has no log."
        with self._path.open("rb") as file:
            file.seek(self._begin)
            text = file.read().decode(errors="replace")[-_TAIL:].strip()
        return f"Its log ({self._path}) says:\n{text}"
