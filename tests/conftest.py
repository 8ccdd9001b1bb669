"""Real servers for the tests: one PostgreSQL and one Valkey a session, an empty database a test."""

import asyncio
import functools
import inspect
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings

from projections.tables import prepare_tables
from store.books import Book, Books, create_book, open_books
from store.database import Pool, open_pool
from store.migrate import migrate
from tests.books import set_seller
from tests.databases import Databases, with_database

settings.register_profile("daybook", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("daybook")

_PATIENCE = 300.0  # of seconds: the slowest test takes a fifth of that on a quiet machine


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a test that waits for what never comes fail, and show where it waits."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = _bounded(item.obj)


def _bounded(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Any]:
    @functools.wraps(test)
    async def within_patience(*args: Any, **kwargs: Any) -> None:
        async with asyncio.timeout(_PATIENCE):
            await test(*args, **kwargs)

    return within_patience


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URLs of PostgreSQL and Valkey: those of the environment, else embedded ones."""
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        yield os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
        return
    from daybook.embedded.stack import stack  # noqa: PLC0415 - domain tests start without it

    home: Path = tmp_path_factory.mktemp("servers")
    with stack(home, mode="test", environ=os.environ) as running:
        yield running.database_url, running.redis_url


@pytest.fixture(scope="session")
async def template(servers: tuple[str, str]) -> AsyncIterator[tuple[str, str]]:
    """The server's URL and the name of a migrated database to copy."""
    url, _ = servers
    name = f"template_{uuid4().hex}"
    admin = await asyncpg.connect(url)
    await admin.execute(f"create database {name}")
    async with (
        open_pool(with_database(url, name), name="template") as pool,
        pool.acquire() as connection,
    ):
        await migrate(connection)
        await prepare_tables(connection)
    yield url, name
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture(scope="session")
async def databases(template: tuple[str, str]) -> AsyncIterator[Databases]:
    """Migrated databases, for one test at a time."""
    databases = Databases(*template)
    yield databases
    await databases.drop()


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """The URL of a migrated database without a row of another test."""
    async with databases.one() as url:
        yield url


@pytest.fixture
def redis_url(servers: tuple[str, str]) -> str:
    """The URL of a Valkey or Redis server."""
    return servers[1]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections to a fresh database."""
    async with open_pool(database_url, name="test") as pool:
        yield pool


@pytest.fixture
async def books(pool: Pool) -> AsyncIterator[Books]:
    """The books of a fresh database."""
    async with open_books(pool) as books:
        yield books


@pytest.fixture
async def book(pool: Pool) -> Book:
    """An empty sandbox book."""
    return await create_book(pool, name="Test", mode="sandbox")


@pytest.fixture
async def seller(books: Books, book: Book) -> None:
    """Say who sells in ``book``, so that invoices can be posted there."""
    await set_seller(books, book.book_id)
