"""Edit sessions over HTTP: a request that is refused before it is decided has its turn as well.

Most refusals are decisions, which the store counts in the order of their Edit-Seq. A body that is
no JSON, a missing RowVersion and the like never get there; if their Edit-Seq were left out, all
that the editor sent after it would wait in vain.
"""

from contextlib import suppress
from types import MappingProxyType
from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.caller import Doors
from api.envelope import envelope
from api.problems import Problem
from domain.aggregate import Aggregate, Change, Read, Stream
from domain.credit_note import CREDIT_NOTE
from domain.customer import CUSTOMER
from domain.errors import NotAllowed, NotFound, Refusal
from domain.invoice import INVOICE
from domain.payment import PAYMENT
from domain.product import PRODUCT
from domain.tax_code import TAX_CODE
from store.command import Command
from store.database import DATABASE_ERRORS
from store.errors import StoreError
from store.recorded import Metadata

_EDITED: MappingProxyType[str, Aggregate[Any]] = MappingProxyType(
    {
        "invoices": INVOICE,
        "credit-notes": CREDIT_NOTE,
        "payments": PAYMENT,
        "customers": CUSTOMER,
        "products": PRODUCT,
        "tax-codes": TAX_CODE,
    }
)
"""Whose changes are refused where: ``/api/<collection>/<id>`` and what is below it."""

_REFUSED = frozenset({400, 413, 415, 422, 428})
_TAKEN = "turn_taken"


def take_turn(request: Request[Any, Any, Any], *, taken: bool) -> None:
    """Note whether the store decides about this request in its turn."""
    request.scope["state"][_TAKEN] = taken


def with_turns(app: Litestar) -> ASGIApp:
    """Let requests that ``app`` refuses without a decision have their turn."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _has_turn(scope):
            await app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _REFUSED:
                with suppress(Problem, Refusal, StoreError, *DATABASE_ERRORS):
                    await _let_pass(app.state.doors, scope)
            await send(message)

        await app(scope, receive, answer)

    return enter


def _has_turn(scope: HTTPScope) -> bool:
    return any(name == b"edit-seq" for name, _ in scope["headers"])


async def _let_pass(doors: Doors, scope: HTTPScope) -> None:
    """The turn of this request is over, if it had one."""
    stream = _edited(scope["path"])
    if stream is None or scope.get("state", {}).get(_TAKEN):
        return
    metadata = await _said(doors, scope)
    if metadata is None:
        return
    book_id, said = metadata

    def refuse(read: Read) -> list[Change]:
        if read(stream) is None:
            raise NotFound(stream.aggregate.name, stream.id)
        detail = f"The request with Edit-Seq {said.edit_seq} was refused as invalid."
        raise NotAllowed(detail, code="edit-seq-used")

    command = Command(
        aggregate=stream.aggregate, id=stream.id, decide=refuse, metadata=said, in_lane=True
    )
    await doors.books.execute(book_id, command)


async def _said(doors: Doors, scope: HTTPScope) -> tuple[str, Metadata] | None:
    """The book and the envelope of a request whose key may change something."""
    credentials = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    key = await doors.keys.find(credentials.partition(" ")[2].strip())
    if key is None or "commands" not in key.scopes:
        return None
    return key.book_id, envelope(scope, key.key_id)


def _edited(path: str) -> Stream[Any] | None:
    parts = path.split("/")
    if len(parts) < 4 or parts[1] != "api" or not parts[3]:  # noqa: PLR2004 - "", api, these two
        return None
    aggregate = _EDITED.get(parts[2])
    return None if aggregate is None else aggregate(parts[3])
