"""Starts a process again whenever it ends, ever more slowly if it keeps ending."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from daybook.embedded.children import Child
from daybook.embedded.errors import StackError

_FIRST_DELAY, _LONGEST_DELAY = 0.2, 5.0
_HEALTHY_AFTER = 10.0


class Kept:
    """A process that is to run for as long as the stack does.

    Args:
        name: Unique in the stack.
        start: Starts it, the first time and every other.
        log: Where its ends are noted; None keeps silent.
    """

    def __init__(
        self, name: str, start: Callable[[], Awaitable[Child]], log: Path | None = None
    ) -> None:
        self.name = name
        self.child: Child | None = None
        self._start = start
        self._log = log

    async def start(self) -> Child:
        """Starts it for the first time.

        Raises:
            OSError: The program is missing or not permitted.
            StackError: A server did not come up.
        """
        self.child = await self._start()
        return self.child

    async def keep(self) -> None:
        """Starts it again at every end, until cancelled."""
        delay = _FIRST_DELAY
        while True:
            if self.child:
                status = await self.child.end()
                lived = time.monotonic() - self.child.born
                delay = _FIRST_DELAY if lived >= _HEALTHY_AFTER else delay
                self._note(
                    f"(process {self.child.pid}) ended with status {status} after {lived:.1f} s; "
                    f"it is started again in {delay:.1f} s"
                )
                self.child = None
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)
            try:
                self.child = await self._start()
            except (OSError, StackError, subprocess.SubprocessError) as error:
                self._note(f"could not be started: {error}; next attempt in {delay:.1f} s")

    def _note(self, what: str) -> None:
        if self._log:
            now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
            # A full disk must not end the watch over the process.
            with contextlib.suppress(OSError), self._log.open("a") as log:
                log.write(f"{now} UTC [guardian] {self.name} {what}.\n")
