"""Send one webhook over HTTP, and say what came of it. Nothing the network does is an error here.

Connections are kept alive, because a TLS handshake costs more than the rest of a delivery together.
Redirects are not followed (their target was never checked), proxies and cookies are not used, and
of the answer only the first bytes are read.

Of aiohttp this uses the pool of connections with all that makes them, and the parser of answers,
but not its session: what that does for each request besides is more than half of the cost, and
serves what a webhook has not, such as redirects, cookies, proxies and uploads.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from typing_extensions import override
from yarl import URL

from domain.webhook_url import url_problem
from store.deliveries import Timings
from workers.address import AddressRefused, CheckedResolver, checked_sockets
from workers.breaker import accepted

MAX_RESPONSE = 16 * 1024
"""How many bytes of an answer are read and kept."""

TIMEOUT = 15.0
"""Seconds for everything: name, connection, request and answer."""

OWN_HEADERS = MappingProxyType(
    {"accept": "*/*", "content-type": "application/json", "user-agent": "Daybook"}
)
"""What is sent with every webhook, besides what identifies and signs it."""

_TIMEOUTS = aiohttp.ClientTimeout(total=None, sock_connect=5.0)
# Shorter than the idle time after which common servers hang up (Node.js: 5 s), so that a request
# is hardly ever written to a connection that is being closed.
_KEEP_ALIVE = 4.0
_MAX_CONNECTIONS = 1000
_MAX_ERROR = 500
_KNOWN_URLS = 4096
_INFORMATIONAL = range(100, 200)
_SWITCHING_PROTOCOLS = 101


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook, ready to be sent. ``sandbox``: the book it belongs to is a sandbox."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    sandbox: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: a status, or else a sentence that says why there is none."""

    status: int | None = None
    error: str | None = None
    body: bytes = b""
    duration_ms: int = 0
    peer: str | None = None
    retry_after: str | None = None
    timings: Timings = Timings()

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it."""
        return accepted(self.status)


class Sender:
    """Sends webhooks. Made by ``open_sender``."""

    def __init__(
        self, live: aiohttp.BaseConnector, sandbox: aiohttp.BaseConnector, *, loopback: bool
    ) -> None:
        self._live = live
        self._sandbox = sandbox
        self._loopback = loopback
        # Few URLs get many webhooks; what a URL says does not change, nor what is wrong with it.
        self._url_problem = lru_cache(maxsize=_KNOWN_URLS)(url_problem)
        self._destination = lru_cache(maxsize=_KNOWN_URLS)(_destination)

    async def send(self, request: Request, *, timeout: float = TIMEOUT) -> Answer:  # noqa: ASYNC109 - part of what an attempt is
        """POST the webhook. Never raises for what a receiver or the network does."""
        loopback = self._loopback and request.sandbox
        if problem := self._url_problem(request.url, loopback=loopback):
            return Answer(error=problem)
        connector = self._sandbox if request.sandbox else self._live
        exchange = _Exchange()
        token = _current.set(exchange)
        try:
            destination = self._destination(request.url)
            async with asyncio.timeout(timeout):
                await exchange.run(connector, destination, request)
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            # TimeoutError is an OSError; ValueError is what a name that IDNA refuses leads to.
            return exchange.answer(_sentence(error)[:_MAX_ERROR])
        finally:
            _current.reset(token)
        return exchange.answer()


@asynccontextmanager
async def open_sender(
    *,
    loopback: bool = False,
    resolver: AbstractResolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Sender]:
    """A sender on the running loop, closed on leaving.

    Args:
        loopback: Sandbox books may send to this machine. Live books never may.
        resolver: Who answers names; the system's resolver by default.
        tls: Which certificates are trusted; the system's by default.
    """
    inner = resolver or aiohttp.ThreadedResolver()
    async with AsyncExitStack() as stack:
        live, sandbox = [
            await stack.enter_async_context(_connector(inner, tls, loopback=allowed))
            for allowed in (False, loopback)
        ]
        yield Sender(live, sandbox, loopback=loopback)


def _connector(
    inner: AbstractResolver, tls: ssl.SSLContext | None, *, loopback: bool
) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(
        resolver=_TimedResolver(inner, loopback=loopback),
        socket_factory=_timed(checked_sockets(loopback=loopback)),
        ssl=tls or True,
        limit=_MAX_CONNECTIONS,
        keepalive_timeout=_KEEP_ALIVE,
    )


class _Destination(NamedTuple):
    """Where a URL leads: for the pool of connections, and as the beginning of every request."""

    route: aiohttp.ClientRequest
    begin: str


def _destination(url: str) -> _Destination:
    route = aiohttp.ClientRequest("POST", URL(url))
    begin = f"POST {route.url.raw_path_qs} HTTP/1.1\r\nhost: {route.headers['Host']}\r\n"
    return _Destination(route, begin + _lines(OWN_HEADERS))


def _lines(headers: Mapping[str, str]) -> str:
    """The headers as they go over the wire. Raises ``ValueError`` if one has more than a line."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if not lines.count("\r") == lines.count("\n") == len(headers):
        raise ValueError("A header's name and value must be on one line.")
    return lines


class _Exchange:
    """A request and its answer, as far as they went, and when the phases of that ended."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.named: float | None = None
        self.connecting = False
        self.connected: float | None = None
        self.answered: float | None = None
        self.status: int | None = None
        self.peer: str | None = None
        self.retry_after: str | None = None
        self.body = bytearray()

    async def run(
        self, connector: aiohttp.BaseConnector, destination: _Destination, request: Request
    ) -> None:
        """Send the request and read the answer. Raises whatever stops that."""
        head = (
            f"{destination.begin}{_lines(request.headers)}content-length: {len(request.body)}\r\n"
        )
        connection = await connector.connect(destination.route, [], _TIMEOUTS)
        if self.connecting:
            self.connected = time.perf_counter()
        clean = False
        try:
            clean = await self._talk(connection, b"%s\r\n%s" % (head.encode(), request.body))
        finally:
            # A connection on which something is still to come would mix up two answers.
            (connection.release if clean else connection.close)()

    async def _talk(self, connection: Connection, request: bytes) -> bool:
        """Whether nothing is left to be written or read on the connection."""
        protocol, transport = connection.protocol, connection.transport
        assert protocol is not None
        assert transport is not None
        name = transport.get_extra_info("peername")
        self.peer = name[0] if name else None
        # What is not decompressed cannot blow up in memory.
        protocol.set_response_params(
            read_until_eof=True, auto_decompress=False, read_bufsize=MAX_RESPONSE
        )
        transport.write(request)
        head, content = await protocol.read()
        while head.code in _INFORMATIONAL and head.code != _SWITCHING_PROTOCOLS:
            head, content = await protocol.read()
        self.answered = time.perf_counter()
        self.status = head.code
        self.retry_after = head.headers.get("Retry-After")
        while len(self.body) < MAX_RESPONSE and not content.at_eof():
            self.body += await content.readany()
        return content.is_eof() and not transport.get_write_buffer_size()

    def answer(self, error: str | None = None) -> Answer:
        """What came of it. A status counts even if the rest never came."""
        ends = (self.named, self.connected, self.answered)
        return Answer(
            status=self.status,
            error=error if self.status is None else None,
            body=bytes(self.body[:MAX_RESPONSE]),
            duration_ms=round(self._elapsed_ms(time.perf_counter())),
            peer=self.peer,
            retry_after=self.retry_after,
            timings=Timings(*[end and self._elapsed_ms(end) for end in ends]),
        )

    def _elapsed_ms(self, until: float) -> float:
        return (until - self.started) * 1000


# The pool makes connections on behalf of the exchange that is under way in this context.
_current: ContextVar[_Exchange | None] = ContextVar("current exchange", default=None)


class _TimedResolver(CheckedResolver):
    """A checked resolver that notes when the name was known."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        results = await super().resolve(host, port, family)
        if exchange := _current.get():
            exchange.named = time.perf_counter()
        return results


def _timed(make: aiohttp.SocketFactoryType) -> aiohttp.SocketFactoryType:
    """A maker of sockets that notes that the request needed a connection of its own."""

    def timed(info: aiohttp.AddrInfoType) -> socket.socket:
        made = make(info)
        if exchange := _current.get():
            exchange.connecting = True
        return made

    return timed


def _sentence(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, AddressRefused):
        return str(cause)
    if isinstance(cause, TimeoutError):
        return "The host did not answer in time."
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return "The host closed the connection without an answer."
    if isinstance(error, aiohttp.ClientSSLError):
        return f"The TLS connection failed: {error}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The name of the host cannot be resolved."
    if isinstance(error, HttpProcessingError):
        return f"The answer is not HTTP: {error.message.partition(chr(10))[0]}"
    return f"The request failed: {cause}"
