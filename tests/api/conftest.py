"""The application in this process, over a real database, with its read models followed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

import httpx
import pytest

from api.caller import Doors, KeyRing
from api.paging import Cursors
from api.quota import Quotas
from api.xapi.tokens import Tokens
from projections.projection import News
from projections.tables import FOLLOWER, project
from store.books import Book, Books, create_book
from store.cache import Cache
from store.database import Connection, Pool
from store.keys import create_key
from store.recorded import Recorded
from store.secrets import Keyring
from tests.api.applications import application
from tests.api.documented import must_be_documented
from tests.api.everything import Owner, one_of_everything
from workers.dispatch import Means
from workers.follower import Follower
from workers.gate import Gate
from workers.ping import ping
from workers.sender import open_sender


@pytest.fixture
async def client(pool: Pool, books: Books, book: Book) -> AsyncIterator[httpx.AsyncClient]:
    """A client that holds a key of ``book`` with every scope."""
    text, _ = await create_key(pool, book.book_id, name="test")
    async with serving(pool, books) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        yield client


@pytest.fixture
async def stranger(pool: Pool) -> str:
    """The Authorization of a key of another book."""
    other = await create_book(pool, name="Other", mode="sandbox")
    text, _ = await create_key(pool, other.book_id, name="stranger")
    return f"Bearer {text}"


@pytest.fixture
async def owner(pool: Pool, books: Books, book: Book, seller: None) -> AsyncIterator[Owner]:  # noqa: ARG001 - it makes posting possible
    text, _ = await create_key(pool, book.book_id, name="owner")
    _, spare = await create_key(pool, book.book_id, name="spare")
    async with serving(pool, books) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        places = await one_of_everything(client)
        places["{key_id}"] = spare.key_id
        yield Owner(client, places)


@asynccontextmanager
async def serving(
    pool: Pool,
    books: Books,
    *,
    metrics_token: str | None = None,
    cors_origins: Sequence[str] = (),
    quotas: Quotas | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""

    @asynccontextmanager
    async def open_doors() -> AsyncIterator[Doors]:
        keyring, sockets = Keyring([Keyring.new_key()]), Gate(10)
        async with open_sender(loopback=True) as sender:
            means = Means(pool=pool, books=books, sender=sender, keyring=keyring, sockets=sockets)
            yield Doors(
                pool=pool,
                books=books,
                keys=KeyRing(pool),
                cursors=Cursors(b"c" * 32),
                keyring=keyring,
                tokens=Tokens([b"t" * 32]),
                ping=partial(ping, means),
                list_wait_seconds=5,
                allow_loopback_webhooks=True,
                metrics_token=metrics_token,
                quotas=quotas,
            )

    opening = application(open_doors, cors_origins=tuple(cors_origins))
    async with _followed(pool), opening as app, _alive(app):
        transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://daybook",
            event_hooks={"response": [must_be_documented]},
        ) as client:
            yield client


@asynccontextmanager
async def _followed(pool: Pool) -> AsyncIterator[None]:
    cache = Cache(1000)

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project(connection, News(connection, book_id, events, cache))

    task = asyncio.create_task(Follower(pool, FOLLOWER, apply).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _alive(app: Any) -> AsyncIterator[None]:
    """Start and stop the application as a server does (ASGI lifespan)."""
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    started = await outbox.get()
    assert started["type"] == "lifespan.startup.complete", started
    yield
    await inbox.put({"type": "lifespan.shutdown"})
    await task
