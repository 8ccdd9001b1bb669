"""Starts processes that end with this one, and notes their end."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from daybook.embedded.places import Account

Role: TypeAlias = Literal["app", "server", "job", "watchdog"]

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Program:
    """How to start a process.

    Attributes:
        role: What it is; apps stop first, the watchdog last.
        env: Its environment; None means the same as this process has.
        log: The file its output is appended to; None throws it away.
        death_signal: Sent to it by the kernel when this process dies (Linux); None sends none.
        account: Who it runs as; None means the same user as this process.
    """

    argv: Sequence[str | Path]
    role: Role = "job"
    env: Mapping[str, str] | None = None
    death_signal: signal.Signals | None = signal.SIGKILL
    log: Path | None = None
    cwd: str | Path = "/"
    account: Account | None = None
    stdin: int = subprocess.DEVNULL
    pass_fds: tuple[int, ...] = ()


class Child:
    """A running process of ours, leader of its own process group and session."""

    def __init__(self, process: subprocess.Popen[bytes], program: Program) -> None:
        self.pid = process.pid
        self.role = program.role
        # An app is killed with the guardian, but asked politely in an orderly stop.
        self.stop_signal = signal.SIGTERM
        if program.role != "app" and program.death_signal:
            self.stop_signal = program.death_signal
        self.born = time.monotonic()
        self._process = process
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self.ended.result() if self.ended.done() else None

    async def end(self) -> int:
        """Waits until it has ended and gives its status."""
        return await asyncio.shield(self.ended)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, unless it has ended."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def reap(self) -> None:
        """Notes its end, and ends what it leaves behind in its group."""
        status = self._process.poll()
        if status is not None and not self.ended.done():
            self.kill_group()
            self.ended.set_result(status)

    def kill_group(self) -> None:
        """Kills it with all processes that stayed in its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class Children:
    """All processes this one has started; to be made in a running event loop."""

    def __init__(self) -> None:
        self._running: list[Child] = []
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def spawn(self, program: Program) -> Child:
        """Starts a process.

        Only the main thread may call this: the death signal fires when the *thread* that forked
        ends.

        Raises:
            OSError: The program or its folder is missing or not permitted.
        """
        account = program.account
        with contextlib.ExitStack() as files:
            output: int = subprocess.DEVNULL
            if program.log:
                output = files.enter_context(program.log.open("ab")).fileno()
            process = subprocess.Popen(  # noqa: S603 - starting programs is what this is for
                [os.fspath(part) for part in program.argv],
                stdin=program.stdin,
                stdout=output,
                stderr=output,
                env=program.env,
                cwd=program.cwd,
                start_new_session=True,
                pass_fds=program.pass_fds,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                # It runs after the change of user, which would clear the death signal.
                preexec_fn=_death_signal(program.death_signal),  # noqa: PLW1509 - no second thread
            )
        child = Child(process, program)
        self._running.append(child)
        return child

    async def run(self, program: Program) -> int:
        """Starts a process, waits for its end and gives its status; kills it when cancelled."""
        child = self.spawn(program)
        try:
            return await child.end()
        finally:
            child.kill_group()

    def alive(self, role: Role) -> list[Child]:
        """Those in a role that still run."""
        return [child for child in self._running if child.role == role]

    async def stop(self, role: Role, deadline: float) -> None:
        """Asks those in a role to end and waits for them; kills them at the deadline.

        Args:
            role: As in `Program`.
            deadline: On the monotonic clock.
        """
        asked = self.alive(role)
        for child in asked:
            child.send(child.stop_signal)
        if asked:
            left = max(0.0, deadline - time.monotonic())
            await asyncio.wait([child.ended for child in asked], timeout=left)
        for child in self.alive(role):
            child.kill_group()

    def _reap(self) -> None:
        for child in self._running:
            child.reap()
        self._running = [child for child in self._running if child.status is None]


def _death_signal(number: signal.Signals | None) -> Callable[[], None] | None:
    if sys.platform != "linux" or number is None:
        return None
    parent, prctl = os.getpid(), ctypes.CDLL(None).prctl

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            # The parent died before the signal was armed, so it will never come.
            os._exit(1)

    return arm
