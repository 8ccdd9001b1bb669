"""A proxy in front of PostgreSQL that resets a connection at exactly the moment it is told to.

It reads the frontend/backend protocol (version 3) as far as it must: what is a round trip, which
statement it carries, and when the answer is complete.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, NamedTuple

from store.database import Pool

When = Literal["before it is sent", "once it is sent", "once it is answered"]
"""The moment of a reset, as seen from a round trip."""

WHENS: tuple[When, ...] = ("before it is sent", "once it is sent", "once it is answered")

_ASKS = {b"S", b"H", b"Q", b"X"}  # sync, flush, query, terminate: the server has its turn
_ANSWERED = {b"Z", b"T", b"n"}  # ready for the next query; described, with or without rows
_LENGTH = struct.Struct("!I")
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Cut(NamedTuple):
    """A reset that happened: to which statement, and when."""

    sql: str
    when: When


class _Reset(Exception):
    """The connection is to be reset now."""


class Proxy:
    """Lets everything through, until it is told to cut."""

    def __init__(self) -> None:
        self.url = ""
        self.cuts: list[Cut] = []
        self._trips = 0
        self._at = 0
        self._when: When = "once it is sent"

    def cut(self, nth: int, when: When) -> None:
        """Reset the connection of the n-th round trip from now on, whosoever it is."""
        self._trips, self._at, self._when = 0, nth, when

    def trip(self, sql: str) -> When | None:
        """Count a round trip; answer when to reset its connection, if at all."""
        self._trips += 1
        if self._trips != self._at:
            return None
        self.cuts.append(Cut(sql, self._when))
        return self._when


@asynccontextmanager
async def proxied(pool: Pool) -> AsyncIterator[Proxy]:
    """A proxy to the database of this pool; its ``url`` leads through it."""
    async with pool.acquire() as connection:
        there, parameters = connection._addr, connection._params  # type: ignore[attr-defined] # asyncpg has no other way to ask
    proxy = Proxy()
    tasks: set[asyncio.Task[None]] = set()

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(there, str):
            return await asyncio.open_unix_connection(there)
        return await asyncio.open_connection(*there)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError):
            await _Link(proxy, reader, writer, *(await connect())).run()
        tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    secret = f":{parameters.password}" if parameters.password else ""
    proxy.url = (
        f"postgresql://{parameters.user}{secret}@127.0.0.1:{port}/{parameters.database}"
        "?sslmode=disable"
    )
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Link:
    """One client's connection and that to the server behind it."""

    def __init__(
        self,
        proxy: Proxy,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        *server: Any,
    ) -> None:
        self._proxy = proxy
        self._client, self._to_client = client, to_client
        self._server, self._to_server = server
        self._statements: dict[bytes, str] = {}
        self._sql = ""
        self._swallow = False

    async def run(self) -> None:
        self._to_server.write(await _startup(self._client))
        pumps = [asyncio.create_task(self._guard(pump)) for pump in (self._forth, self._back)]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._to_client.transport.abort()
            self._to_server.close()

    async def _guard(self, pump: Callable[[], Awaitable[None]]) -> None:
        try:
            await pump()
        except _Reset:
            sock: socket.socket = self._to_client.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)

    async def _forth(self) -> None:
        """From the client to the server, a round trip at a time."""
        trip = b""
        while True:
            kind, message = await _message(self._client)
            trip += kind + message
            self._note(kind, message[_LENGTH.size :])
            if kind not in _ASKS:
                continue
            when = self._proxy.trip(self._sql)
            if when == "before it is sent":
                raise _Reset
            self._swallow = when == "once it is answered"
            self._to_server.write(trip)
            await self._to_server.drain()
            if when == "once it is sent":
                raise _Reset
            trip = b""

    async def _back(self) -> None:
        while True:
            kind, message = await _message(self._server)
            if not self._swallow:
                self._to_client.write(kind + message)
            elif kind in _ANSWERED:
                raise _Reset

    def _note(self, kind: bytes, content: bytes) -> None:
        """Remember which statement this is about."""
        if kind == b"Q":
            self._sql = content.rstrip(b"\0").decode()
        elif kind == b"P":
            name, sql, _ = content.split(b"\0", 2)
            self._sql = self._statements[name] = sql.decode()
        elif kind == b"B":
            _, name, _ = content.split(b"\0", 2)
            self._sql = self._statements.get(name, "")


async def _startup(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(_LENGTH.size)
    return length + await reader.readexactly(_LENGTH.unpack(length)[0] - _LENGTH.size)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The type of the next message, and the rest of it with its length."""
    kind = await reader.readexactly(1)
    return kind, await _startup(reader)
