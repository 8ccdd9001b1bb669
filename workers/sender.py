"""Send one webhook over HTTP, and say what came of it. Nothing the network does is an error here.

Connections are kept alive, because a TLS handshake costs more than the rest of a delivery together.
Redirects are not followed (their target was never checked), proxies and cookies are not used, and
of the answer only the first bytes are read.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from typing_extensions import override

from domain.webhook_url import url_problem
from workers.address import AddressRefused, CheckedResolver, checked_sockets

MAX_RESPONSE = 16 * 1024
"""How many bytes of an answer are read and kept."""

TIMEOUT = 15.0
"""Seconds for everything: name, connection, request and answer."""

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

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it: 2xx and nothing else (Standard Webhooks 1.0.0)."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the 2xx


class Sender:
    """Sends webhooks. Made by ``open_sender``."""

    def __init__(
        self, live: aiohttp.ClientSession, sandbox: aiohttp.ClientSession, *, loopback: bool
    ) -> None:
        self._live = live
        self._sandbox = sandbox
        self._loopback = loopback

    async def send(self, request: Request, *, timeout: float = TIMEOUT) -> Answer:  # noqa: ASYNC109 - part of what an attempt is
        """POST the webhook. Never raises for what a receiver or the network does."""
        loopback = self._loopback and request.sandbox
        if problem := url_problem(request.url, loopback=loopback):
            return Answer(error=problem)
        session = self._sandbox if request.sandbox else self._live
        started = time.perf_counter()
        try:
            answer = await _post(session, request, asyncio.get_running_loop().time() + timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # TimeoutError is an OSError; ValueError is what a name that IDNA refuses leads to.
            answer = Answer(error=_sentence(error)[:_MAX_ERROR])
        return msgspec.structs.replace(
            answer, duration_ms=round((time.perf_counter() - started) * 1000)
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
        resolver=CheckedResolver(inner, loopback=loopback),
        socket_factory=checked_sockets(loopback=loopback),
        ssl=tls or True,
        limit=_MAX_CONNECTIONS,
        keepalive_timeout=_KEEP_ALIVE,
    )
    return aiohttp.ClientSession(
        connector=connector,
        response_class=_Response,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT),
        headers={"Content-Type": "application/json", "User-Agent": "Daybook"},
        # What is not asked for compressed and not decompressed cannot blow up in memory.
        skip_auto_headers=("Accept-Encoding",),
        auto_decompress=False,
        read_bufsize=MAX_RESPONSE,
        trust_env=False,
    )


class _Response(aiohttp.ClientResponse):
    """A response that remembers whom it came from: its connection is given back too early."""

    peer: str | None = None

    @override
    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        transport = connection.transport
        name = transport.get_extra_info("peername") if transport else None
        self.peer = name[0] if name else None
        return await super().start(connection)


async def _post(session: aiohttp.ClientSession, request: Request, deadline: float) -> Answer:
    async with asyncio.timeout_at(deadline):
        response = await session.post(
            request.url, data=request.body, headers=request.headers, allow_redirects=False
        )
    assert isinstance(response, _Response)
    async with response:
        return Answer(
            status=response.status,
            body=await _first_bytes(response, deadline),
            peer=response.peer,
            retry_after=response.headers.get("Retry-After"),
        )


async def _first_bytes(response: aiohttp.ClientResponse, deadline: float) -> bytes:
    """The body up to the limit, or what there is of it: the status counts even without the rest."""
    body = bytearray()
    try:
        async with asyncio.timeout_at(deadline):
            while len(body) < MAX_RESPONSE and (chunk := await response.content.readany()):
                body += chunk
    except (aiohttp.ClientError, OSError):
        response.close()
    return bytes(body[:MAX_RESPONSE])


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
