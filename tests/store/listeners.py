"""Who listens: the backends behind ``store.wakeup.listening``, so that a test can end them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import ModuleType

import pytest

from store.database import Connection, Pool
from store.wakeup import listening


def noted(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> asyncio.Queue[int]:
    """The process ids of backends, each from when this module listens to it."""
    backends: asyncio.Queue[int] = asyncio.Queue()

    @asynccontextmanager
    async def noting(pool: Pool, heard: Callable[[str], None]) -> AsyncIterator[Connection]:
        async with listening(pool, heard) as connection:
            backends.put_nowait(connection.get_server_pid())
            yield connection

    monkeypatch.setattr(module, "listening", noting)
    return backends
