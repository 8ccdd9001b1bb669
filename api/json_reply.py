"""Answers with an entity in JSON, made in one step.

Litestar's own response is ready for cookies, background tasks and any media type. An entity needs
none of these, and is answered after every edit of a field.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from api.preferences import unwanted
from store.recorded import Versioned

S = TypeVar("S")
R = TypeVar("R", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode


class JSONReply(Response[R]):
    """An entity as JSON, with these headers. The shell adds those that every answer has.

    It is not made for a client that has it, or would rather not hear of it.
    """

    def __init__(
        self,
        show: Callable[[Versioned[S]], R],
        entity: Versioned[S],
        *,
        headers: Mapping[str, str],
        status_code: int = 200,
    ) -> None:
        # Not Litestar's: it would set what only its own way of answering reads.
        self._shown: Callable[[], R] = partial(show, entity)
        self.headers = dict(headers)
        self.status_code = status_code

    @override
    def to_asgi_response(  # type: ignore[override] # it is one
        self, request: Request[Any, Any, Any], **_: Any
    ) -> ASGIApp:
        status = self.status_code or 200
        headers = [
            (name.lower().encode(), it.encode("latin-1")) for name, it in self.headers.items()
        ]
        body = b"" if unwanted(request.scope, status, headers) else _encode(self._shown())
        headers += [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]

        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answer


def as_json(reply: msgspec.Struct) -> Any:
    """What a client reads of this reply, as plain Python: lists, objects, texts and numbers."""
    return msgspec.json.decode(_encode(reply))
