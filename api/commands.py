"""From a request to ``books.execute``, and from its refusal to a problem that helps."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import msgspec
from litestar import Request

from api.caller import Caller
from api.problems import Problem
from api.translate import refused
from domain.aggregate import Aggregate, Change, Decision, Fact, Read
from domain.errors import NotAllowed, NotFound
from store.command import Command, Done
from store.errors import StaleRowVersion
from store.public import public_fact
from store.recorded import Recorded, Versioned

S = TypeVar("S")

Show = Callable[[Versioned[Any]], msgspec.Struct]
"""How an entity looks on the wire."""

_KEY_LENGTH = 255
_CHANGES_SHOWN = 100


def on(stream_of: Aggregate[S], id_: str, decide: Callable[[S], Sequence[Fact]]) -> Decision:
    """A decision over one entity that must exist."""
    stream = stream_of(id_)

    def decision(read: Read) -> list[Change]:
        state = read(stream)
        if state is None:
            raise NotFound(stream_of.name, id_)
        return [(stream, decide(state))]

    return decision


async def run(
    request: Request[Any, Any, Any],
    caller: Caller,
    command: Command[S],
    show: Show,
) -> Done[S]:
    """Execute a command of a request, with its idempotency key if it has one.

    Raises:
        Problem: 409 with the current entity when it moved, or when its state forbids the command.
        Refusal, StoreError: As ``Books.execute``.
    """
    command = await _keyed(request, caller, command)
    try:
        return await caller.books.execute(caller.book_id, command)
    except StaleRowVersion as stale:
        await _conflict(caller, stale, show)
    except NotAllowed as refusal:
        if command.id is None:
            raise
        current = await caller.books.get(caller.book_id, command.aggregate(command.id))
        raise refused(refusal, current=msgspec.to_builtins(show(current))) from refusal


def replayed(done: Done[Any]) -> dict[str, str]:
    """The header that tells a repeated command from a new one."""
    return {"Idempotent-Replayed": "true"} if done.replayed else {}


async def _keyed(
    request: Request[Any, Any, Any], caller: Caller, command: Command[S]
) -> Command[S]:
    text = request.headers.get("idempotency-key")
    if text is None or request.method != "POST":
        return command
    text = text.strip().strip('"')
    if not 0 < len(text) <= _KEY_LENGTH or not text.isprintable():
        detail = f"An Idempotency-Key has 1 to {_KEY_LENGTH} printable characters."
        raise Problem("invalid-parameter", detail)
    path = request.scope["path"].encode() + b"?" + request.scope["query_string"]
    seen = b"\n".join((request.method.encode(), path, await request.body()))
    return msgspec.structs.replace(
        command, key=f"{caller.key.key_id}:{text}", fingerprint=hashlib.sha256(seen).digest()
    )


async def _conflict(caller: Caller, stale: StaleRowVersion, show: Show) -> NoReturn:
    """Tell where the entity stands now, and what happened since the client's RowVersion."""
    current = stale.current
    since = await caller.books.history(
        caller.book_id, current.stream, after=stale.expected, limit=_CHANGES_SHOWN
    )
    detail = (
        f"The {current.stream.aggregate.name.replace('-', ' ')} {current.id} is at RowVersion "
        f"{current.version}; your change was based on {stale.expected}. Look at `current`, then "
        f'merge and send again with If-Match "{current.version}", or discard your change.'
    )
    raise Problem(
        "row-version-conflict",
        detail,
        headers={"ETag": f'"{current.version}"'},
        baseRowVersion=stale.expected,
        currentRowVersion=current.version,
        current=msgspec.to_builtins(show(current)),
        changes=[_change(event) for event in since],
    ) from stale


def _change(event: Recorded) -> dict[str, object]:
    return {
        "rowVersion": event.version,
        "type": event.topic,
        "at": event.recorded_at,
        "by": event.metadata.actor,
        "data": public_fact(event.fact),
    }
