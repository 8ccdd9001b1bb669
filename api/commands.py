"""From a request to ``books.execute``, and from its refusal to a problem that helps."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Request, Response

from api.caller import Caller
from api.conflicts import REBASE, conflict, prefers_rebase
from api.json_reply import JSONReply, as_json
from api.lanes import take_turn
from api.problems import Problem
from api.row_version import etag
from api.translate import refused
from domain.aggregate import Change, Decision, Fact, Read, Stream
from domain.errors import AlreadyExists, NotAllowed, NotFound
from store.command import Command, Done
from store.errors import KeyReused, StaleRowVersion
from store.recorded import Versioned

S = TypeVar("S")
R = TypeVar("R", bound=msgspec.Struct)

Ask: TypeAlias = Request[Any, Any, Any]

Show = Callable[[Versioned[Any]], msgspec.Struct]
"""How an entity looks on the wire."""

DRY_RUN = {"Dry-Run": "true"}
"""The header of an answer that tells what would be. It has no ETag: there is no such RowVersion."""

REPLAYED = {"Idempotent-Replayed": "true"}
"""The header of an answer to a request that had run before."""

_KEY_LENGTH = 255


def on(stream: Stream[S], decide: Callable[[S], Sequence[Fact]]) -> Decision:
    """A decision over one entity that must exist."""

    def decision(read: Read) -> list[Change]:
        state = read(stream)
        if state is None:
            raise NotFound(stream.aggregate.name, stream.id)
        return [(stream, decide(state))]

    return decision


async def change(
    request: Ask,
    caller: Caller,
    stream: Stream[S],
    decide: Decision,
    *,
    expected: int | None,
    show: Callable[[Versioned[S]], R],
    status: int = 200,
    dry_run: bool = False,
) -> Response[R]:
    """Change an entity that exists, and answer it as it is then. Raises as ``run``."""
    command = editing(request, caller, stream, decide, expected)
    done = await run(request, caller, command, show, dry_run=dry_run)
    headers = DRY_RUN if dry_run else headers_of(done)
    return JSONReply(show, existing(done), headers=headers, status_code=status)


def existing(done: Done[S]) -> Versioned[S]:
    """The entity after the command.

    Raises:
        NotFound: The command had run before, and the entity is gone since.
    """
    if done.state is None:
        raise NotFound(done.stream.aggregate.name, done.stream.id)
    return done.entity


def created(done: Done[S], show: Callable[[Versioned[S]], R], collection: str) -> Response[R]:
    """The answer to a creation: 201, and where the new entity is."""
    location = {"Location": f"{collection}/{quote(done.stream.id, safe='')}"}
    headers = {**headers_of(done), **location}
    return JSONReply(show, done.entity, headers=headers, status_code=201)


async def end(
    request: Ask,
    caller: Caller,
    stream: Stream[S],
    decide: Decision,
    *,
    expected: int | None,
    show: Show,
    dry_run: bool = False,
) -> None:
    """End the life of an entity; there is nothing to answer. Raises as ``run``."""
    command = editing(request, caller, stream, decide, expected)
    await run(request, caller, command, show, dry_run=dry_run)


async def run(
    request: Ask,
    caller: Caller,
    command: Command[S],
    show: Show,
    *,
    dry_run: bool = False,
) -> Done[S]:
    """Execute a command of a request, with its idempotency key if it has one.

    A dry run decides the same on the present states; nothing is appended, and no key is used up.

    Raises:
        Problem: 409 with the current entity when it moved, or when its state forbids the command;
            412, it exists although ``If-None-Match: *`` says that it must not.
        Refusal, StoreError: As ``Books.execute``.
    """
    key = request_key(request, caller)  # of a dry run too: a bad one is to be noticed there
    if not dry_run:
        command = await _keyed(request, key, _in_turn(command))
    do = caller.books.preview if dry_run else caller.books.execute
    take_turn(request, taken=command.in_lane and not dry_run)
    try:
        return await do(caller.book_id, command)
    except StaleRowVersion as stale:
        raise await conflict(caller, command, stale, show) from stale
    except KeyReused:
        take_turn(request, taken=False)
        raise
    except AlreadyExists as refusal:
        if request.headers.get("if-none-match") != "*":
            raise
        raise Problem("precondition-failed", f"If-None-Match: * - but {refusal}") from refusal
    except NotAllowed as refusal:
        if command.stream is None:
            raise
        raise await _refused(caller, command.stream, refusal, show) from refusal


async def _refused(caller: Caller, stream: Stream[Any], refusal: NotAllowed, show: Show) -> Problem:
    """What the state forbids, with that state; there is none of what the command would begin."""
    try:
        current = await caller.books.get(caller.book_id, stream)
    except NotFound:
        return refused(refusal)
    return refused(refusal, current=as_json(show(current)))


def editing(
    request: Ask, caller: Caller, stream: Stream[S], decide: Decision, expected: int | None
) -> Command[S]:
    """The command that changes what exists: in its turn, if it belongs to an edit session."""
    return Command(
        aggregate=stream.aggregate,
        id=stream.id,
        decide=decide,
        metadata=caller.metadata,
        expected=expected,
        rebase=prefers_rebase(request.headers.get("prefer")),
        in_lane=True,
    )


def headers_of(done: Done[Any]) -> dict[str, str]:
    """The RowVersion as ETag, and whether the command had run before or was rebased."""
    headers = etag(done.version)
    if done.replayed:
        headers.update(REPLAYED)
    if done.rebased:
        headers["Preference-Applied"] = REBASE
    return headers


def request_key(request: Ask, caller: Caller) -> str | None:
    """The idempotency key of a POST, with the API key that it belongs to.

    Raises:
        Problem: 400, it is empty, too long or not printable.
    """
    if request.method != "POST":
        return None
    text = request.headers.get("idempotency-key")
    if text is None:
        return None
    text = text.strip().strip('"')
    if not 0 < len(text) <= _KEY_LENGTH or not text.isprintable():
        detail = f"An Idempotency-Key has 1 to {_KEY_LENGTH} printable characters."
        raise Problem("invalid-parameter", detail)
    return f"{caller.key.key_id}:{text}"


def _in_turn(command: Command[S]) -> Command[S]:
    """What has no turn in an edit session must not look as if it had had one."""
    said = command.metadata
    if said.edit_seq is None or command.expected is None or command.in_lane:
        return command
    return msgspec.structs.replace(command, metadata=msgspec.structs.replace(said, edit_seq=None))


async def _keyed(request: Ask, key: str | None, command: Command[S]) -> Command[S]:
    if key is None:
        return command
    return msgspec.structs.replace(command, key=key, fingerprint=await fingerprint(request))


async def fingerprint(request: Ask) -> bytes:
    """What tells a request from others that come with the same key."""
    path = request.scope["path"].encode() + b"?" + request.scope["query_string"]
    seen = b"\n".join((request.method.encode(), path, await request.body()))
    return hashlib.sha256(seen).digest()
