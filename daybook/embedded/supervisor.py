"""All processes of one stack: brings them up, keeps them up, and takes every one of them down."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daybook.embedded import lock
from daybook.embedded.binaries import copy_for_others
from daybook.embedded.children import Child, Children, Program
from daybook.embedded.errors import StackError
from daybook.embedded.keeping import Kept
from daybook.embedded.places import Mode, Places, lay_out, public_folder, reachable, tag_of
from daybook.embedded.postgres import Postgres
from daybook.embedded.processes import (
    APP_OF,
    COOKIE,
    SERVERS,
    carriers,
    code_folder,
    kill_all,
    own_module,
    server_processes,
)
from daybook.embedded.servers import Server, end_leftovers, start
from daybook.embedded.valkey import Valkey
from daybook.embedded.watchdog import LastWill, remove_files

# Seconds after the beginning of a stop.
_APPS_STOPPED, _SERVERS_STOPPED = 3.0, 4.5
_RESERVED = {"guardian", "watchdog", "postgres", "valkey"}


@dataclass(frozen=True)
class Order:
    """What is to be started.

    Attributes:
        home: The stack's folder.
        mode: What it is for.
        postgres: The folder of PostgreSQL's programs; None starts none.
        valkey: The server's executable; None starts none.
    """

    home: str
    mode: Mode
    postgres: str | None
    valkey: str | None


class Supervisor:
    """The processes of one stack.

    Args:
        order: What is to be started.
        report: Told about what takes long or should be known.
    """

    def __init__(self, order: Order, report: Callable[[str], None]) -> None:
        self._order = order
        self._home = Path(order.home)
        self._report = report
        self._children = Children()
        self._kept: dict[str, Kept] = {}
        self._keeping: list[asyncio.Task[None]] = []
        self._cookie = secrets.token_hex(8)
        self._will: LastWill | None = None
        self._lifeline = -1

    async def begin(self) -> dict[str, Any]:
        """Takes the home's lock, then starts the servers.

        Returns:
            Their URLs, the seconds each took, where their data is, and the stack's cookie.

        Raises:
            AlreadyRunning: Another stack holds this home.
            StackError: A server did not come up.
            OSError: A folder or program cannot be used.
        """
        began = time.monotonic()
        held, made_home = await self._take_lock()
        # Apps of a stack that was killed as a whole would otherwise meet the new servers.
        kill_all(lambda: carriers(APP_OF, tag_of(self._home)), 1.0)
        await end_leftovers(tag_of(self._home), *SERVERS)
        places = lay_out(self._home, self._order.mode)
        self._will = LastWill(
            lock=held,
            cookie=self._cookie,
            tag=places.tag,
            passing=[str(path) for path in places.passing],
            home=str(self._home),
            mode=places.mode,
            made_home=made_home,
        )
        await self._keep(Kept("watchdog", self._start_watchdog))
        servers = self._servers(places)
        outcomes = await asyncio.gather(
            *(self._bring_up(server, places) for server in servers), return_exceptions=True
        )
        timings: dict[str, float] = {}
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            timings |= outcome
        return {
            **{server.variable: server.url for server in servers},
            "timings": {**timings, "total": time.monotonic() - began},
            "state": str(places.state),
            "log": str(places.log),
            "cookie": self._cookie,
        }

    async def run(self, name: str, program: Program) -> int:
        """Starts an app process and starts it again whenever it ends; gives its process id.

        Raises:
            StackError: The name is taken.
            OSError: The program, its folder or its log cannot be used.
        """
        if name in self._kept or name in _RESERVED:
            raise StackError(f"A process named {name!r} is already running in this stack.")

        marked = replace(program, env={**(program.env or {}), APP_OF: tag_of(self._home)})

        async def spawn() -> Child:
            return self._children.spawn(marked)

        child = await self._keep(Kept(name, spawn, program.log))
        return child.pid

    def processes(self) -> dict[str, int]:
        """The processes that run now, by name."""
        running = {name: kept.child.pid for name, kept in self._kept.items() if kept.child}
        return {"guardian": os.getpid(), **running}

    async def stop(self) -> None:
        """Ends all processes, apps before servers, and removes what is not to outlive them."""
        began = time.monotonic()
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        if not self._will:
            return
        lock.announce_stop(self._will.lock)
        await self._children.stop("app", began + _APPS_STOPPED)
        await self._children.stop("job", time.monotonic())
        kill_all(lambda: carriers(COOKIE, self._cookie), 0.5)
        await self._children.stop("server", began + _SERVERS_STOPPED)
        tag = self._will.tag
        kill_all(lambda: server_processes(tag, *SERVERS), 0.3)
        remove_files(self._will)
        await self._children.stop("watchdog", time.monotonic())

    async def _take_lock(self) -> tuple[int, bool]:
        """The open file with the lock, and whether the home was made for it."""
        began = time.monotonic()
        while True:
            missing = not self._home.exists()
            held = lock.take(self._home, time.monotonic() - began)
            if held is not None:
                return held, missing
            await asyncio.sleep(0.02)

    async def _keep(self, kept: Kept) -> Child:
        child = await kept.start()
        self._kept[kept.name] = kept
        self._keeping.append(asyncio.get_running_loop().create_task(kept.keep()))
        return child

    async def _bring_up(self, server: Server, places: Places) -> dict[str, float]:
        began = time.monotonic()

        async def spawn() -> Child:
            return await start(server, self._children)

        await self._keep(Kept(server.name, spawn, places.log / f"{server.name}.log"))
        return {server.name: time.monotonic() - began}

    def _servers(self, places: Places) -> list[Server]:
        servers: list[Server] = []
        if self._order.valkey:
            servers.append(Valkey(self._usable(Path(self._order.valkey), places), places))
        if self._order.postgres:
            executable = self._usable(Path(self._order.postgres, "postgres"), places)
            servers.append(Postgres(executable.parent, places, self._report))
            if places.state == places.elsewhere:
                self._report(
                    f"Data is kept in {places.state}, because the account that the servers "
                    f"run as cannot enter {self._home}"
                )
        return servers

    def _usable(self, binary: Path, places: Places) -> Path:
        """The binary, or a copy of it where the servers' account cannot reach it."""
        account = places.account
        if account is None or reachable(binary, account):
            return binary
        self._report(f"Copying {binary.name}, because the account {account.name} cannot reach it")
        return copy_for_others(binary, public_folder(public_folder(places.elsewhere) / "bin"))

    async def _start_watchdog(self) -> Child:
        assert self._will is not None
        if self._lifeline >= 0:
            os.close(self._lifeline)
        reading, self._lifeline = os.pipe()
        try:
            return self._children.spawn(
                Program(
                    role="watchdog",
                    argv=[*own_module("daybook.embedded.watchdog"), self._will.as_argument()],
                    death_signal=None,
                    stdin=reading,
                    cwd=code_folder(),
                    pass_fds=(self._will.lock,),
                )
            )
        finally:
            os.close(reading)


def app_program(request: dict[str, Any]) -> Program:
    """How the app process of a `run` request is started."""
    return Program(
        role="app",
        argv=request["argv"],
        env=request["env"],
        cwd=request["cwd"],
        log=Path(request["log"]),
        death_signal=signal.SIGKILL,
    )
