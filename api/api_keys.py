"""API keys over HTTP: make, list, rotate, revoke."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from api.caller import Caller
from api.commands import Ask, request_key
from api.history import Limit
from api.problems import Problem
from api.wire import IdInPath, Instant, Reply, ShortText, Wire
from domain.errors import NotFound
from store.database import Connection, Pool
from store.keys import SCOPES, ApiKey, KeyMade, create_key, end_key, find_key_by_id, list_keys

By = NamedDependency[Caller]
ADMIN = {"scope": "admin"}
MAKING = {**ADMIN, "problems": ("already-exists",)}

Scope = Annotated[
    str,
    Meta(pattern=rf"^({'|'.join(SCOPES)})(?![\s\S])", max_length=8, examples=["read"]),
]

AfterId = Annotated[
    str,
    QueryParameter(name="after", max_length=64, description="Only keys after the one of this id."),
]

_MAX_OVERLAP_HOURS = 24 * 30


class ApiKeyIn(Wire):
    """A key to make. It can do no more than the key that asks for it."""

    name: Annotated[ShortText, Meta(min_length=1)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(SCOPES))] = msgspec.field(
        default_factory=lambda: list(SCOPES)
    )
    expires_at: Instant | None = None


class RotateIn(Wire):
    """How many hours the old key goes on working, so that nobody has to be quick."""

    overlap_hours: Annotated[int, Meta(ge=0, le=_MAX_OVERLAP_HOURS)] = 24


class ApiKeyOut(Reply):
    """A key, without its text, which is shown once and kept as a hash only."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyOut":
        """The key as clients see it."""
        return cls(**_members(key))


class NewApiKeyOut(ApiKeyOut, kw_only=True):
    """A key that was just made. ``key`` is its text: keep it, it is never shown again."""

    key: str


class ApiKeyPage(Reply):
    """Keys, oldest first. ``nextAfter`` continues; null when nothing follows."""

    items: list[ApiKeyOut]
    next_after: str | None


class ApiKeyController(Controller):
    """Who may call, and what for. What is changed holds for every process at once."""

    path = "/api/api-keys"
    tags = ["API keys"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/", operation_id="listApiKeys", summary="List keys", opt=ADMIN)
    async def list_api_keys(self, caller: By, after: AfterId = "", limit: Limit = 50) -> ApiKeyPage:
        """The keys of the book, also those that were revoked."""
        pool = caller.doors.pool
        found = await list_keys(pool, caller.book_id, after=after, limit=limit + 1)
        page = found[:limit]
        following = page[-1].key_id if len(found) > limit else None
        return ApiKeyPage(items=[ApiKeyOut.of(key) for key in page], next_after=following)

    @post(
        "/",
        operation_id="createApiKey",
        summary="Make a key",
        opt={**MAKING, "example": {"name": "Web shop", "scopes": ["read", "commands"]}},
    )
    async def create_api_key(
        self, request: Ask, caller: By, data: JSONBody[ApiKeyIn]
    ) -> Response[NewApiKeyOut]:
        """Make a key. Repeated with the same `Idempotency-Key`, it is refused, not made again."""
        if data.expires_at is not None and data.expires_at <= caller.now:
            raise Problem("invalid-parameter", "expiresAt lies in the past: it would never work.")
        wanted = _Wanted(data.name, data.scopes, data.expires_at)
        return await _made(request, caller, caller.doors.pool, wanted)

    @post(
        "/{key_id:str}/rotate",
        operation_id="rotateApiKey",
        summary="Replace a key",
        opt=MAKING,
    )
    async def rotate_api_key(
        self, request: Ask, caller: By, key_id: IdInPath, data: JSONBody[RotateIn | None] = None
    ) -> Response[NewApiKeyOut]:
        """Make a key like this one, and let this one end after an overlap."""
        options = data or RotateIn()
        ends = caller.now + timedelta(hours=options.overlap_hours)
        at = ends if options.overlap_hours else None
        async with caller.doors.pool.acquire() as connection, connection.transaction():
            old = await find_key_by_id(connection, caller.book_id, key_id)
            if old is None:
                raise NotFound("api-key", key_id)
            made = await _made(request, caller, connection, _Wanted(old.name, old.scopes))
            # Looked at last: a repetition is to hear of the key that it made, whatever ended since.
            if not old.usable(caller.now):
                raise NotFound("api-key", key_id)
            await end_key(connection, caller.book_id, key_id, at=at)
        caller.doors.keys.forget(caller.book_id)
        return made

    @delete("/{key_id:str}", operation_id="revokeApiKey", summary="Revoke a key", opt=ADMIN)
    async def revoke_api_key(self, caller: By, key_id: IdInPath) -> None:
        """Revoke a key for good, even the one that is used for it."""
        if await end_key(caller.doors.pool, caller.book_id, key_id) is None:
            raise NotFound("api-key", key_id)
        caller.doors.keys.forget(caller.book_id)


class _Wanted(NamedTuple):
    name: str
    scopes: Sequence[str]
    until: datetime | None = None


async def _made(
    request: Ask, caller: Caller, connection: Connection | Pool, wanted: _Wanted
) -> Response[NewApiKeyOut]:
    beyond = sorted(set(wanted.scopes) - set(caller.key.scopes))
    if beyond:
        detail = f"This key may not {', '.join(beyond)} itself, so it cannot let another one do it."
        raise Problem("not-permitted", detail)
    try:
        text, key = await create_key(
            connection,
            caller.book_id,
            name=wanted.name,
            scopes=sorted(set(wanted.scopes), key=SCOPES.index),
            expires_at=wanted.until,
            request_key=request_key(request, caller),
        )
    except KeyMade as made:
        raise Problem("already-exists", f"{made} Rotate it to get a new text.") from made
    location = {"Location": f"/api/api-keys/{key.key_id}"}
    return Response(NewApiKeyOut(**_members(key), key=text), headers=location, status_code=201)


def _members(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
