"""The ASGI shell around the Litestar app: what holds for every request, whatever becomes of it.

Litestar runs middleware only for requests that match a route. Here 404 and 405 are seen as well, so
request id, security headers, HEAD, If-None-Match, the body limit and the access log live here.
"""

import logging
import re
import secrets
import time
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)

from api.envelope import TRACEPARENT
from api.metrics import UNMATCHED, Meters
from api.preferences import known, minimal
from api.problems import Problem, answer, internal_error

MEBIBYTE = 1024 * 1024

ACCESS_LOG = logging.getLogger("daybook.access")

Headers = list[tuple[bytes, bytes]]

_UPLOADS = re.compile(r"/api/invoices/[^/]+/attachments/?")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

API_VERSION = "2026-11-01"
"""The one version of this API that there is. It is extended under this name, never changed."""

_VERSION = API_VERSION.encode()
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"api-version", _VERSION),
)
_UNLESS_SET = (
    (b"cache-control", b"private, no-cache"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_MAX_DIGITS = 15  # of a length in bytes
_CREATED = 201
_NO_CONTENT = 204
_NOT_MODIFIED = 304
_METHOD_NOT_ALLOWED = 405
_CLIENT_GONE = 499  # what nginx logs when nobody waits for the answer any more

# Anybody can make up methods, and each would be a time series of its own.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_ABOUT_CONTENT = frozenset(
    {b"content-length", b"content-type", b"content-encoding", b"content-language"}
)


def shell(
    app: ASGIApp,
    *,
    max_body_bytes: int = MEBIBYTE,
    max_upload_bytes: int = 10 * MEBIBYTE,
    access_log: bool = True,
    meters: Meters | None = None,
) -> ASGIApp:
    """Wrap ``app``. ``access_log`` writes one JSON line per request to ``daybook.access``.

    Bodies are limited to ``max_body_bytes``, and files that are attached to ``max_upload_bytes``.
    """

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        started = time.perf_counter()
        uploads = scope["method"] == "POST" and _UPLOADS.fullmatch(scope["path"])
        limit = max_upload_bytes if uploads else max_body_bytes
        exchange = _Exchange(scope, receive, send, limit)
        try:
            await exchange.run(app)
        finally:
            seconds = time.perf_counter() - started
            if meters is not None:
                meters.count(*exchange.counted, seconds)
            if access_log and ACCESS_LOG.isEnabledFor(logging.INFO):
                exchange.log(seconds)

    return enter


class _Exchange:
    """One request and its response."""

    __slots__ = (
        "_inner",
        "_limit",
        "_receive",
        "_received",
        "_scope",
        "_seen",
        "_send",
        "_silent",
        "_whole",
        "request_id",
        "status",
    )

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send, limit: int) -> None:
        self._scope = scope
        self._inner = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._seen = dict(scope["headers"])
        self._received = 0
        self._whole = False
        self._silent = False
        self.status = 0
        given = self._seen.get(b"x-request-id", b"")
        made = given if _REQUEST_ID.fullmatch(given) else b"req_" + secrets.token_hex(16).encode()
        self.request_id = made.decode()
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def run(self, app: ASGIApp) -> None:
        """Let ``app`` answer. Whatever it fails to answer is answered here."""
        scope = self._scope
        # A copy, because the server must still know what the method was.
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" not in self._seen:
            # Litestar tells the right methods only when it refuses one.
            scope = {**scope, "method": "TRACE"}
        self._inner = scope
        try:
            self._check()
            await app(scope, self.receive, self.send)
        except Exception as error:
            if self.status:
                raise
            problem = error if isinstance(error, Problem) else internal_error(error, self._scope)
            await self._refuse(problem)

    def _check(self) -> None:
        """Refuse what no handler should see."""
        length = self._seen.get(b"content-length", b"0")
        if length.isdigit() and (len(length) > _MAX_DIGITS or int(length) > self._limit):
            raise self._too_large()
        if self._seen.get(b"api-version", _VERSION) != _VERSION:
            raise Problem("unknown-api-version", f"There is only Api-Version {API_VERSION}.")
        if b"%00" in self._scope["query_string"] or "\0" in self._scope["path"]:
            raise Problem("invalid-text", "The path or the query holds the character NUL (%00).")

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise self._too_large()
            self._whole = not message.get("more_body", False)
        elif not self._whole and not self.status:
            raise Problem("incomplete-body", "The connection closed before the end of the body.")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self._silent:
            await self._send(message)

    async def _start(self, message: HTTPResponseStartEvent) -> None:
        headers = [(name.lower(), value) for name, value in message["headers"]]
        status = message["status"]
        method = self._scope["method"]
        if b"if-none-match" in self._seen and known(self._scope, status, headers):
            status = _NOT_MODIFIED
        elif status == _METHOD_NOT_ALLOWED and method == "OPTIONS":
            status = _NO_CONTENT
        bare = status in {_NO_CONTENT, _NOT_MODIFIED}
        if b"prefer" in self._seen and (less := minimal(self._inner, status, headers)):
            bare, (status, headers) = True, less
        if bare:
            headers = [header for header in headers if header[0] not in _ABOUT_CONTENT]
            if status == _CREATED:
                headers.append((b"content-length", b"0"))
        self.status = status
        await self._send({**message, "status": status, "headers": self._completed(headers)})
        if bare or method == "HEAD":
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            self._silent = True

    def _completed(self, headers: Headers) -> Headers:
        names = {name for name, _ in headers}
        complete = [header for header in headers if header[0] != b"server"]
        complete += [header for header in _UNLESS_SET if header[0] not in names]
        complete += _ALWAYS
        more = self._scope["state"].get("headers", ())
        complete += [header for header in more if header[0] not in names]
        complete.append((b"x-request-id", self.request_id.encode()))
        if b"allow" in names:
            complete = [_with_head(*header) for header in complete]
        return complete

    def _too_large(self) -> Problem:
        detail = f"A body may be {self._limit} bytes long; send less at once."
        return Problem("content-too-large", detail, headers={"connection": "close"})

    async def _refuse(self, problem: Problem) -> None:
        status, headers, body = answer(problem, self._scope)
        fields = {**headers, "content-length": str(len(body))}
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    @property
    def counted(self) -> tuple[str, str, int]:
        """By what the request is counted: method, route template and status."""
        method = self._scope["method"]
        known = method if method in _METHODS else "OTHER"
        route = self._inner.get("path_template") or UNMATCHED
        return known, route, self.status or _CLIENT_GONE

    def log(self, seconds: float) -> None:
        """Write the access log's line. The query is left out: it may hold personal data."""
        line = {
            "method": self._scope["method"],
            "path": self._scope["path"],
            "status": self.status or _CLIENT_GONE,
            "ms": round(seconds * 1000, 2),
            "requestId": self.request_id,
        }
        trace = TRACEPARENT.fullmatch(self._seen.get(b"traceparent", b""))
        if trace is not None:
            line["traceId"] = trace[1].decode()
        ACCESS_LOG.info("%s", msgspec.json.encode(line).decode())


def _with_head(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Where GET is allowed, HEAD is. Sorted, since Litestar's order changes from run to run."""
    if name != b"allow":
        return name, value
    methods = set(value.split(b", "))
    return name, b", ".join(sorted(methods | {b"HEAD"} if b"GET" in methods else methods))
