"""Who calls: the API key of a request, the book that it names, and what it may do there."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeAlias

import msgspec
from litestar import Request

from api.envelope import envelope
from api.known_settings import KnownSettings
from api.paging import Cursors
from api.problems import Problem
from api.query_nulls import refuse_null
from api.quota import Quotas
from api.xapi.tokens import Tokens
from store.books import Books
from store.database import DATABASE_ERRORS, Pool, heed_cancellation
from store.keys import KEYS_CHANNEL, ApiKey, ParsedKey, find_key, parse_key
from store.pings import Ping
from store.recorded import Metadata
from store.secrets import Keyring
from store.wakeup import listening

SendPing: TypeAlias = Callable[[str, str], Awaitable[Ping]]
"""Pings the webhook endpoint of a book, and answers what came of it."""

Hinted: TypeAlias = Callable[[str, Sequence[str]], None]
"""Lets the workers know of new replays of a book; nothing depends on that."""

_KEY_LIFE_SECONDS = 3.0
_KEYS_HELD = 10_000
_CALLER = "caller"

logger = logging.getLogger(__name__)


class Doors(msgspec.Struct, frozen=True):
    """What the API is given to work with; one a process."""

    pool: Pool
    books: Books
    keys: "KeyRing"
    cursors: Cursors
    keyring: Keyring
    tokens: Tokens
    ping: SendPing
    hint_replay: Hinted = lambda _book_id, _replay_ids: None
    list_wait_seconds: float = 1.0
    allow_loopback_webhooks: bool = False
    metrics_token: str | None = None
    quotas: Quotas | None = None
    settings: KnownSettings = msgspec.field(default_factory=KnownSettings)


class Caller(msgspec.Struct, frozen=True):
    """The authenticated caller of one request."""

    key: ApiKey
    doors: Doors
    metadata: Metadata

    @property
    def book_id(self) -> str:
        """The one book that this request can see."""
        return self.key.book_id

    @property
    def now(self) -> datetime:
        """The instant that counts in the book: a sandbox's clock may stand still."""
        return self.key.clock or datetime.now(UTC)

    @property
    def books(self) -> Books:
        """The door to commands and entities."""
        return self.doors.books


class KeyRing:
    """Looks keys up, and remembers them for three seconds.

    While ``listen`` runs, what changed is forgotten at once; without it, or when its connection is
    lost, a revoked key may work for three seconds more. Requests that need the same look-up share
    it: when a busy key's time is up, one question is asked, not one by each of its connections.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[ApiKey | None]] = {}
        self._changes = 0

    def forget(self, book_id: str) -> None:
        """The keys of this book are not what they were, or its clock."""
        self._changes += 1
        stale = [text for text, (_, key) in self._held.items() if key.book_id == book_id]
        for text in stale:
            del self._held[text]

    async def listen(self) -> None:
        """Forget what other processes change, until cancelled. A lost database is waited for."""
        while True:
            try:
                async with listening(self._pool, self.forget, channel=KEYS_CHANNEL) as connection:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, it=lost: it.set())
                    await lost.wait()
            except DATABASE_ERRORS:
                heed_cancellation()
                logger.warning("changed keys are noticed late until the database is back")
                await asyncio.sleep(_KEY_LIFE_SECONDS)

    async def find(self, text: str) -> ApiKey | None:
        """The key, or ``None``. A malformed one costs no question to the database."""
        held = self._held.get(text)
        if held is not None and held[0] > monotonic():
            key = held[1]
            return key if key.expires_at is None or key.usable(datetime.now(UTC)) else None
        asked = self._asked.get(text)
        if asked is None:
            parsed = parse_key(text)
            if parsed is None:
                return None
            asked = asyncio.create_task(self._look_up(text, parsed), name="key look-up")
            self._asked[text] = asked
        return await asyncio.shield(asked)

    async def _look_up(self, text: str, parsed: ParsedKey) -> ApiKey | None:
        try:
            self._held.pop(text, None)
            changes = self._changes
            key = await find_key(self._pool, parsed)
            if key is not None and changes == self._changes:
                until = monotonic() + _KEY_LIFE_SECONDS
                self._held[text] = (until, key)
                if len(self._held) > _KEYS_HELD:
                    self._held.popitem(last=False)
            return key
        finally:
            del self._asked[text]


async def authenticate(request: Request[Any, Any, Any]) -> None:
    """Let in whoever may call the route, before anything of the request is decoded or judged.

    A route says which scope it needs by ``opt={"scope": ...}``; without one, it is public.

    Raises:
        Problem: 401 without a valid key; otherwise as ``admit``.
    """
    if "scope" not in request.route_handler.opt:
        return
    doors: Doors = request.app.state.doors
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Problem("not-authenticated", "Send your API key: 'Authorization: Bearer dbk_...'.")
    key = await doors.keys.find(text.strip())
    if key is None:
        raise Problem("not-authenticated", "This API key is unknown, mistyped or revoked.")
    await admit(request, doors, key)


async def admit(request: Request[Any, Any, Any], doors: Doors, key: ApiKey) -> None:
    """Make the key's owner the caller, if its quota is not spent and it has the route's scope.

    Raises:
        Problem: 429 or 403, or 400 when a header is malformed.
    """
    if doors.quotas is not None:
        request.scope["state"]["headers"] = await doors.quotas.spend(key.key_id)
    scope = request.route_handler.opt["scope"]
    if scope not in key.scopes:
        detail = f"This key may {', '.join(key.scopes) or 'do nothing'}; this needs {scope!r}."
        raise Problem("not-permitted", detail, needed=scope)
    if b"null" in request.scope["query_string"].lower():
        refuse_null(request)
    request.scope["state"][_CALLER] = Caller(key, doors, envelope(request.scope, key.key_id))


def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The caller whom ``authenticate`` let in: the one dependency of every route with a scope."""
    caller: Caller = request.scope["state"][_CALLER]
    return caller
