"""Who calls: the API key of a request, the book that it names, and what it may do there."""

import asyncio
from collections import OrderedDict
from typing import Any

import msgspec
from litestar import Request

from api.envelope import envelope
from api.paging import Cursors
from api.problems import Problem
from api.quota import Quotas
from store.books import Books
from store.database import Pool
from store.keys import ApiKey, ParsedKey, find_key, parse_key
from store.recorded import Metadata
from store.secrets import Keyring

_KEY_LIFE_SECONDS = 3.0
_KEYS_HELD = 10_000


class Doors(msgspec.Struct, frozen=True):
    """What the API is given to work with; one a process."""

    pool: Pool
    books: Books
    keys: "KeyRing"
    cursors: Cursors
    keyring: Keyring
    list_wait_seconds: float = 1.0
    allow_loopback_webhooks: bool = False
    metrics_token: str | None = None
    quotas: Quotas | None = None


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
    def books(self) -> Books:
        """The door to commands and entities."""
        return self.doors.books


class KeyRing:
    """Looks keys up, and remembers them for three seconds: so long a revoked one may still work.

    Requests that need the same look-up share it: when a busy key's time is up, one question is
    asked, not one by each of its connections.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[ApiKey | None]] = {}

    async def find(self, text: str) -> ApiKey | None:
        """The key, or ``None``. A malformed one costs no question to the database."""
        held = self._held.get(text)
        if held is not None and held[0] > asyncio.get_running_loop().time():
            return held[1]
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
            key = await find_key(self._pool, parsed)
            if key is not None:
                until = asyncio.get_running_loop().time() + _KEY_LIFE_SECONDS
                self._held[text] = (until, key)
                if len(self._held) > _KEYS_HELD:
                    self._held.popitem(last=False)
            return key
        finally:
            del self._asked[text]


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Authenticate the request: the one dependency that every route has.

    A route says which scope it needs by ``opt={"scope": ...}``; without one it cannot be called.
    """
    doors: Doors = request.app.state.doors
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Problem("not-authenticated", "Send your API key: 'Authorization: Bearer dbk_...'.")
    key = await doors.keys.find(text.strip())
    if key is None:
        raise Problem("not-authenticated", "This API key is unknown, mistyped or revoked.")
    if doors.quotas is not None:
        request.scope["state"]["headers"] = await doors.quotas.spend(key.key_id)
    scope = request.route_handler.opt["scope"]
    if scope not in key.scopes:
        detail = f"This key may {', '.join(key.scopes) or 'do nothing'}; this needs {scope!r}."
        raise Problem("not-permitted", detail, needed=scope)
    return Caller(key, doors, envelope(request.scope, key.key_id))
