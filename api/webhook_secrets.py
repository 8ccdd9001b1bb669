"""What of a webhook endpoint is secret: kept before the command that refers to it, shown once.

A secret that no event refers to means nothing. So it is kept first, which makes an endpoint that
exists one that can be signed for; if the command is refused, it is removed again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from litestar import Response
from msgspec import UNSET, UnsetType

from api.caller import Caller
from api.commands import DRY_RUN, headers_of, on, run
from api.editing import Edit
from api.problems import Problem
from api.webhook_schemas import RotateIn, WebhookEndpointOut
from domain.errors import Refusal
from domain.webhook_endpoint import WEBHOOK_ENDPOINT, SigningSecret, WebhookEndpoint, rotate_secret
from domain.webhook_headers import HeaderChanges, HeaderValue
from store.command import Command
from store.errors import Busy, KeyReused
from store.ids import new_id
from store.secrets import NewSecret, forget_secret, keep_secret, put_in_force, read_secret
from store.webhook_headers import forget_values, keep_values, read_headers

_NOTHING_CHANGED = (Refusal, Problem, Busy, KeyReused)
"""After any other error, what the command refers to may be needed: its outcome is unknown."""


class Kept(NamedTuple):
    """Changes of headers, and the ids of those values that were kept for them just now."""

    changes: HeaderChanges
    fresh: tuple[str, ...]


@asynccontextmanager
async def undone_by(undo: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """What to undo if the command in the block is refused."""
    try:
        yield
    except _NOTHING_CHANGED:
        await undo()
        raise


async def kept_headers(
    caller: Caller,
    endpoint_id: str,
    given: Mapping[str, str | None],
    *,
    expected: int | None = None,
) -> Kept:
    """Keep the values that are given, and answer the changes with the ids they are kept under.

    A value that the endpoint has at the RowVersion ``expected`` keeps its id: it is no change.
    """
    doors, book_id = caller.doors, caller.book_id
    known: dict[tuple[str, str], str] = {}
    if expected is not None and any(value is not None for value in given.values()):
        known = await _known(caller, endpoint_id, expected)
    values = {
        name: value
        for name, value in given.items()
        if value is not None and (name, value) not in known
    }
    fresh = await keep_values(doors.pool, doors.keyring, book_id, endpoint_id, values)
    changes = {
        name: None
        if value is None
        else HeaderValue(value=value, value_id=known.get((name, value)) or fresh[name])
        for name, value in given.items()
    }
    return Kept(changes, tuple(fresh.values()))


async def forget_headers(caller: Caller, endpoint_id: str, kept: Kept) -> None:
    """Undo ``kept_headers``."""
    await forget_values(caller.doors.pool, caller.book_id, endpoint_id, kept.fresh)


async def _known(caller: Caller, endpoint_id: str, expected: int) -> dict[tuple[str, str], str]:
    """By name and value, the ids of what the endpoint has, if it is at that RowVersion."""
    current = await caller.books.get(caller.book_id, WEBHOOK_ENDPOINT(endpoint_id))
    if current.version != expected:
        return {}  # the command will be refused
    headers = current.state.headers
    doors = caller.doors
    read = await read_headers(doors.pool, doors.keyring, caller.book_id, {endpoint_id: headers})
    ids = {header.name: header.value_id for header in headers}
    return {(name, value): ids[name] for name, value in read[endpoint_id]}


async def first_secret(caller: Caller, endpoint_id: str) -> str | UnsetType:
    """The secret that the endpoint was created with, for the answer to a repeated creation."""
    return await _shown(caller, endpoint_id, SigningSecret(kind="hmac", number=1))


async def rotated(edit: Edit, endpoint_id: str, asked: RotateIn) -> Response[WebhookEndpointOut]:
    """Rotate a secret, and show the new one. Raises as ``api.commands.run``."""
    caller, expected = edit.caller, edit.seen(asked.row_version)
    doors, book_id = caller.doors, caller.book_id
    if edit.dry_run:
        return await _rehearsed(edit, endpoint_id, asked, expected)
    new = await keep_secret(doors.pool, doors.keyring, book_id, endpoint_id, kind=asked.kind)
    command = _rotation(caller, endpoint_id, asked, new, expected)
    async with undone_by(lambda: forget_secret(doors.pool, book_id, endpoint_id, new.id)):
        done = await run(edit.request, caller, command, WebhookEndpointOut.of)
    secrets = done.entity.state.secrets
    # The fan-out does the same when it comes to the event, should this be cut short here.
    await put_in_force(doors.pool, book_id, endpoint_id, secrets)
    secret: str | UnsetType = new.secret
    if done.replayed:  # the first answer is given again
        await forget_secret(doors.pool, book_id, endpoint_id, new.id)
        latest = [it for it in secrets if it.kind == asked.kind][-1]
        secret = await _shown(caller, endpoint_id, latest)
    shown = WebhookEndpointOut.of(done.entity)
    if asked.kind == "hmac":
        shown = msgspec.structs.replace(shown, secret=secret)
    return Response(shown, headers=headers_of(done))


async def _rehearsed(
    edit: Edit, endpoint_id: str, asked: RotateIn, expected: int | None
) -> Response[WebhookEndpointOut]:
    """What the rotation would lead to, with the name of a secret that is not made."""
    none = NewSecret(id=new_id("whs"), secret="", public_key=None)
    command = _rotation(edit.caller, endpoint_id, asked, none, expected)
    done = await run(edit.request, edit.caller, command, WebhookEndpointOut.of, dry_run=True)
    return Response(WebhookEndpointOut.of(done.entity), headers=DRY_RUN)


def _rotation(
    caller: Caller, endpoint_id: str, asked: RotateIn, new: NewSecret, expected: int | None
) -> Command[WebhookEndpoint]:
    now = datetime.now(UTC)
    stream = WEBHOOK_ENDPOINT(endpoint_id)
    decide = on(
        stream,
        lambda it: rotate_secret(
            it,
            kind=asked.kind,
            secret_id=new.id,
            public_key=new.public_key,
            overlap=timedelta(hours=asked.overlap_hours),
            now=now,
        ),
    )
    return Command(
        aggregate=WEBHOOK_ENDPOINT,
        id=endpoint_id,
        decide=decide,
        metadata=caller.metadata,
        expected=expected,
    )


async def _shown(caller: Caller, endpoint_id: str, secret: SigningSecret) -> str | UnsetType:
    doors = caller.doors
    found = await read_secret(doors.pool, doors.keyring, caller.book_id, endpoint_id, secret)
    return UNSET if found is None else found
