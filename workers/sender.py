"""Send one webhook over HTTP, and say what came of it. Nothing the network does is an error here.

Connections are kept alive, because a TLS handshake costs more than the rest of a delivery together.
Redirects are not followed (their target was never checked), proxies and cookies are not used, and
of the answer only the first bytes are read.
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

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from domain.webhook_url import url_problem
from store.deliveries import Timings
from workers.address import AddressRefused, CheckedResolver, checked_sockets
from workers.breaker import accepted

MAX_RESPONSE = 16 * 1024
"""How many bytes of an answer are read and kept."""

TIMEOUT = 15.0
"""Seconds for everything: name, connection, request and answer."""

OWN_HEADERS = MappingProxyType({"content-type": "application/json", "user-agent": "Daybook"})
"""What is sent with every webhook, besides what identifies and signs it."""

_CONNECT_TIMEOUT = 5.0
# Shorter than the idle time after which common servers hang up (Node.js: 5 s), so that a request
# is hardly ever written to a connection that is being closed.
_KEEP_ALIVE = 4.0
_MAX_CONNECTIONS = 1000
_MAX_ERROR = 500


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
        self, live: aiohttp.ClientSession, sandbox: aiohttp.ClientSession, *, loopback: bool
    ) -> None:
        self._live = live
        self._sandbox = sandbox
        self._loopback = loopback
        # Few URLs get many webhooks; what is wrong with the text of one does not change.
        self._url_problem = lru_cache(maxsize=4096)(url_problem)

    async def send(self, request: Request, *, timeout: float = TIMEOUT) -> Answer:  # noqa: ASYNC109 - part of what an attempt is
        """POST the webhook. Never raises for what a receiver or the network does."""
        loopback = self._loopback and request.sandbox
        if problem := self._url_problem(request.url, loopback=loopback):
            return Answer(error=problem)
        session = self._sandbox if request.sandbox else self._live
        phases = _Phases()
        token = _current.set(phases)
        try:
            answer = await _post(session, request, asyncio.get_running_loop().time() + timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # TimeoutError is an OSError; ValueError is what a name that IDNA refuses leads to.
            answer = Answer(error=_sentence(error)[:_MAX_ERROR])
        finally:
            _current.reset(token)
        return msgspec.structs.replace(
            answer, duration_ms=round(phases.elapsed_ms()), timings=phases.timings()
        )


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
            await stack.enter_async_context(_session(inner, tls, loopback=allowed))
            for allowed in (False, loopback)
        ]
        yield Sender(live, sandbox, loopback=loopback)


def _session(
    inner: AbstractResolver, tls: ssl.SSLContext | None, *, loopback: bool
) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=_TimedResolver(inner, loopback=loopback),
        socket_factory=_timed(checked_sockets(loopback=loopback)),
        ssl=tls or True,
        limit=_MAX_CONNECTIONS,
        keepalive_timeout=_KEEP_ALIVE,
    )
    return aiohttp.ClientSession(
        connector=connector,
        response_class=_Response,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT),
        headers=OWN_HEADERS,
        # What is not asked for compressed and not decompressed cannot blow up in memory.
        skip_auto_headers=("Accept-Encoding",),
        auto_decompress=False,
        read_bufsize=MAX_RESPONSE,
        trust_env=False,
    )


class _Phases:
    """When the phases of one request ended, as far as it went through them."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.named: float | None = None
        self.connecting = False
        self.connected: float | None = None
        self.answered: float | None = None

    def elapsed_ms(self, until: float | None = None) -> float:
        """Milliseconds from the start until then, or until now."""
        return ((until or time.perf_counter()) - self.started) * 1000

    def timings(self) -> Timings:
        """The phases as they are recorded."""
        ends = (self.named, self.connected, self.answered)
        return Timings(*(self.elapsed_ms(end) if end else None for end in ends))


# The client makes connections on behalf of the request that is under way in this context.
_current: ContextVar[_Phases | None] = ContextVar("current request", default=None)


class _TimedResolver(CheckedResolver):
    """A checked resolver that notes when the name was known."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        results = await super().resolve(host, port, family)
        if phases := _current.get():
            phases.named = time.perf_counter()
        return results


def _timed(make: aiohttp.SocketFactoryType) -> aiohttp.SocketFactoryType:
    """A maker of sockets that notes that the request needed a connection of its own."""

    def timed(info: aiohttp.AddrInfoType) -> socket.socket:
        made = make(info)
        if phases := _current.get():
            phases.connecting = True
        return made

    return timed


class _Response(aiohttp.ClientResponse):
    """A response that remembers whom it came from: its connection is given back too early."""

    peer: str | None = None

    @override
    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        transport = connection.transport
        name = transport.get_extra_info("peername") if transport else None
        self.peer = name[0] if name else None
        phases = _current.get()
        if phases and phases.connecting:
            phases.connected = time.perf_counter()
        response = await super().start(connection)
        if phases:
            phases.answered = time.perf_counter()
        return response


async def _post(session: aiohttp.ClientSession, request: Request, deadline: float) -> Answer:
    answer: Answer | None = None
    body = bytearray()
    try:
        async with asyncio.timeout_at(deadline):
            response = await session.post(
                request.url, data=request.body, headers=request.headers, allow_redirects=False
            )
            assert isinstance(response, _Response)
            async with response:
                answer = Answer(
                    status=response.status,
                    peer=response.peer,
                    retry_after=response.headers.get("Retry-After"),
                )
                await _read_into(body, response)
    except (aiohttp.ClientError, OSError):
        # The status counts even if the rest never comes; without one, there is no answer.
        if answer is None:
            raise
    return msgspec.structs.replace(answer, body=bytes(body[:MAX_RESPONSE]))


async def _read_into(body: bytearray, response: aiohttp.ClientResponse) -> None:
    """Read the beginning of the answer. What is left of a longer one closes the connection."""
    while len(body) < MAX_RESPONSE and (chunk := await response.content.readany()):
        body += chunk


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
    return f"The request failed: {cause}"
