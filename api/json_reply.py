"""Answers in JSON, made in one step.

Litestar's own response is ready for cookies, background tasks and any media type. An entity needs
none of these, and is answered after every edit of a field.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

R = TypeVar("R", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode


class JSONReply(Response[R]):
    """A Struct as JSON, with these headers. The shell adds those that every answer has."""

    def __init__(self, content: R, *, headers: Mapping[str, str], status_code: int = 200) -> None:
        # Not Litestar's: it would set what only its own way of answering reads.
        self.content = content
        self.headers = dict(headers)
        self.status_code = status_code

    @override
    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override] # it is one
        status = self.status_code or 200
        body = _encode(self.content)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *((name.lower().encode(), it.encode("latin-1")) for name, it in self.headers.items()),
        ]

        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answer


def as_json(reply: msgspec.Struct) -> Any:
    """What a client reads of this reply, as plain Python: lists, objects, texts and numbers."""
    return msgspec.json.decode(_encode(reply))
