"""A book is opened with who sells in it."""

import asyncio

import pytest
from click.testing import CliRunner

from daybook.cli_books import books as books_group
from daybook.opening import open_book, set_up
from domain.book_settings import BOOK, SETTINGS
from domain.errors import NotFound, RuleBroken
from domain.facts.settings import BookSettings
from store.books import Book, Books, list_books
from store.database import Pool
from tests.books import SELLER


async def test_a_book_knows_its_seller_from_the_start(pool: Pool, books: Books) -> None:
    opened = await open_book(pool, name="Glow", mode="live", settings=SELLER)
    assert (await books.get(opened.book_id, SETTINGS(BOOK))).state == SELLER


async def test_a_book_without_settings_of_its_own_is_empty(pool: Pool, books: Books) -> None:
    opened = await open_book(pool, name="Glow", mode="live", settings=BookSettings())
    assert await books.head(opened.book_id) == 0
    with pytest.raises(NotFound):
        await books.get(opened.book_id, SETTINGS(BOOK))


async def test_settings_that_make_no_sense_open_no_book(pool: Pool) -> None:
    wrong = BookSettings(base_currency="GBX")
    with pytest.raises(RuleBroken, match="'GBX' is not a currency"):
        await open_book(pool, name="Glow", mode="live", settings=wrong)
    assert await list_books(pool) == []


async def test_setting_up_again_changes_nothing(books: Books, book: Book) -> None:
    await set_up(books, book.book_id, SELLER)
    await set_up(books, book.book_id, SELLER)
    assert await books.head(book.book_id) == 1


async def test_the_command_takes_the_seller(pool: Pool, books: Books, database_url: str) -> None:
    named = ["--seller-name", "Glow", "--seller-country", "DE", "--seller-city", "Köln"]
    arguments = ["create", "Glow", "--live", "--base-currency", "EUR", *named]
    env = {"DATABASE_URL": database_url}
    done = await asyncio.to_thread(CliRunner().invoke, books_group, arguments, env=env)
    assert done.exit_code == 0, done.output
    (book,) = await list_books(pool)
    assert (book.book_id, book.mode) == (done.stdout.strip(), "live")
    settings = (await books.get(book.book_id, SETTINGS(BOOK))).state
    assert (settings.base_currency, settings.seller_name) == ("EUR", "Glow")
    wrong = ["create", "Other", "--base-currency", "GBX"]
    refused = await asyncio.to_thread(CliRunner().invoke, books_group, wrong, env=env)
    assert refused.exit_code == 1
    assert "'GBX' is not a currency" in refused.stderr
