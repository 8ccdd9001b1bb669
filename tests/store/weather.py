"""Bad weather between a writer and its database: delays, lost requests and answers, late arrivals.

``Weather`` stands in front of every question that ``store.writer`` asks. What happens next is read
from a forecast, so that a run can be repeated.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Literal, TypeAlias

import pytest

import store.at_hand
import store.repetitions
import store.writer
from store.database import Connection, Pool
from store.log import append, connected

Fault: TypeAlias = Literal["none", "request lost", "answer lost", "request late", "commit lost"]
"""What happens to an append. Late is a request that the database gets to only after the writer has
given up its connection. ``commit lost``: the answer to the commit, where the lock is held."""

MILLISECOND = 0.001
_QUESTIONS = (
    (store.repetitions, "read_commands"),
    (store.writer, "read_head"),
    (store.repetitions, "read_stream"),
    (store.repetitions, "position_of"),
    (store.at_hand, "read_tails"),
    (store.at_hand, "read_runs"),
    (store.at_hand, "read_stream"),
    (store.at_hand, "read_lanes"),
    (store.at_hand, "read_remembered"),
)


class Weather:
    """The forecast, and what is still under way."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._delays: deque[int] = deque()
        self._faults: deque[Fault] = deque()
        self._late: list[asyncio.Task[Any]] = []

    def forecast(self, delays: Iterable[int], faults: Iterable[Fault]) -> None:
        """From now on: milliseconds before each question, and what befalls each append."""
        self._delays = deque(delays)
        self._faults = deque(faults)

    async def clears_up(self) -> None:
        """Wait for everything late to arrive."""
        self.forecast((), ())
        await asyncio.gather(*self._late)
        self._late.clear()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between the writer and the database."""
        for module, name in _QUESTIONS:
            patch.setattr(module, name, self._delayed(getattr(module, name)))
        patch.setattr(store.writer, "append", self._append(append))
        patch.setattr(store.writer, "connected", self._connected(connected))
        patch.setattr(store.writer, "_RECONNECT_SECONDS", MILLISECOND)

    async def _pause(self) -> None:
        if self._delays and (milliseconds := self._delays.popleft()):
            await asyncio.sleep(milliseconds * MILLISECOND)

    def _delayed(
        self, question: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        @wraps(question)
        async def ask(*args: Any, **kwargs: Any) -> Any:
            await self._pause()
            return await question(*args, **kwargs)

        return ask

    def _append(
        self, send: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def arrive_late(*args: Any, **kwargs: Any) -> None:
            await self._pause()
            async with self._pool.acquire() as connection:
                await send(connection, *args, **kwargs)

        async def ask(connection: Connection, *args: Any, **kwargs: Any) -> Any:
            await self._pause()
            fault = self._faults[0] if self._faults else "none"
            if fault != "commit lost" and self._faults:
                self._faults.popleft()
            if fault == "request late" and not connection.is_in_transaction():
                self._late.append(asyncio.create_task(arrive_late(*args, **kwargs)))
            if fault in {"request lost", "request late"}:
                raise ConnectionResetError
            appended = await send(connection, *args, **kwargs)
            if fault == "answer lost":
                raise ConnectionResetError
            await self._pause()
            return appended

        return ask

    def _connected(self, connect: Callable[..., Any]) -> Callable[..., Any]:
        @asynccontextmanager
        async def connecting(pool: Pool, book_id: str, *, lock: bool) -> AsyncIterator[Connection]:
            async with connect(pool, book_id, lock=lock) as connection:
                yield connection
            if lock and self._faults and self._faults[0] == "commit lost":
                self._faults.popleft()
                raise ConnectionResetError

        return connecting
