"""A proxy in front of PostgreSQL that counts round trips, and lets everything through.

A round trip is what makes a client wait for an answer: the protocol's Sync, Flush or Query. So the
preparing of a statement counts too, and nothing that is sent along with something else.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.http_load import HOST

_ASKS = {b"S", b"H", b"Q"}
_LENGTH = struct.Struct("!I")
_CHUNK = 65_536
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class CountingProxy:
    """``url`` leads through it; ``trips`` is how many round trips there were so far."""

    def __init__(self) -> None:
        self.url = ""
        self.trips = 0

    async def forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the client to the server, counting."""
        length = await reader.readexactly(_LENGTH.size)  # what comes first has no type
        writer.write(length + await reader.readexactly(_LENGTH.unpack(length)[0] - _LENGTH.size))
        while True:
            head = await reader.readexactly(1 + _LENGTH.size)
            rest = await reader.readexactly(_LENGTH.unpack(head[1:])[0] - _LENGTH.size)
            self.trips += head[:1] in _ASKS
            writer.write(head + rest)

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the server to the client, as it comes."""
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)


@asynccontextmanager
async def counting(database_url: str) -> AsyncIterator[CountingProxy]:
    """A proxy to the database of this URL."""
    proxy = CountingProxy()
    links: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        links.add(task)
        task.add_done_callback(links.discard)
        await _link(proxy, (reader, writer), await _connect(database_url))

    server = await asyncio.start_server(accept, HOST, 0)
    url = urlsplit(database_url)
    login = url.netloc.rpartition("@")[0]
    place = f"{HOST}:{server.sockets[0].getsockname()[1]}"
    proxy.url = f"postgresql://{login}@{place}{url.path}?sslmode=disable"
    try:
        yield proxy
    finally:
        server.close()
        for task in links:
            task.cancel()
        await asyncio.gather(*links, return_exceptions=True)


async def _link(proxy: CountingProxy, client: _Streams, database: _Streams) -> None:
    """Pass everything between the two until either has enough."""
    pumps = [
        asyncio.create_task(_quietly(proxy.forth(client[0], database[1]))),
        asyncio.create_task(_quietly(proxy.back(database[0], client[1]))),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        client[1].close()
        database[1].close()


async def _quietly(pump: Awaitable[None]) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        await pump


async def _connect(database_url: str) -> _Streams:
    """A connection to where the URL says that the database is."""
    url = urlsplit(database_url)
    said = {name: values[-1] for name, values in parse_qs(url.query).items()}
    host = said.get("host") or unquote(url.hostname or "localhost")
    port = int(said.get("port") or url.port or 5432)
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)
