"""``daybook import`` as it is typed."""

import asyncio
import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daybook.cli_data import import_
from daybook.opening import open_book
from store.books import Book, Books
from store.database import Pool
from tests.acceptance.sales import as_file, row
from tests.books import SELLER

pytestmark = pytest.mark.usefixtures("seller")

Import = Callable[..., Result]


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> Import:
    """``daybook import`` with these arguments, in an empty home."""
    environ = {"DATABASE_URL": database_url, "DAYBOOK_HOME": str(tmp_path / "home")}

    def run(*arguments: str | Path, **env: str | None) -> Result:
        return CliRunner().invoke(import_, [*map(str, arguments)], env={**environ, **env})

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A file with an invoice to post, one to reject, and a cancellation."""
    file = tmp_path / "shop.csv"
    file.write_bytes(as_file([row("1"), row("2", customer=""), row("C3", quantity="-1")]))
    return file


async def test_the_command_posts_says_what_it_did_and_writes_the_rejects(
    command: Import, book: Book, shop: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    arguments = (shop, "--book", book.book_id, "--rejects", rejects)
    dry = await asyncio.to_thread(command, *arguments, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "nothing was written" in dry.stdout
    done = await asyncio.to_thread(command, *arguments)

    assert done.exit_code == 0, done.output
    for part in (
        "Read: 3 invoices on 3 rows, dated 2010-12-01 to 2010-12-01",
        "Posted: 1 invoice with 1 line for 1 new customer",
        "net 15.30 GBP, gross 17.98 GBP",
        "Credited: 1 credit note, for what is below zero",
        "net 2.55 GBP, gross 3.00 GBP",
        "Rejected: 1 invoice",
        "1 P04, such as 2: ",
    ):
        assert part in done.stdout
    with rejects.open(newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["InvoiceNo", "Code", "Reason"]
    assert [(number, code) for number, code, _ in rows] == [("2", "P04")]
    again = await asyncio.to_thread(command, *arguments)
    assert "Posted: 0 invoices" in again.stdout
    assert "Skipped: 2 invoices imported before" in again.stdout


async def test_without_book_and_database_it_takes_those_of_the_stack_that_runs(
    command: Import, book: Book, shop: Path, tmp_path: Path, database_url: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "sandbox.json").write_text(json.dumps({"bookId": book.book_id, "key": "dbk_test_"}))
    missing = await asyncio.to_thread(command, shop, DATABASE_URL=None)
    assert missing.exit_code == 1
    assert "No stack is running" in missing.stderr
    stack = {
        "databaseUrl": database_url,
        "redisUrl": "unix:///x",
        "address": "http://x",
        "processes": {},
    }
    (home / "stack.json").write_text(json.dumps(stack))
    done = await asyncio.to_thread(command, shop, DATABASE_URL=None)
    assert done.exit_code == 0, done.output
    assert "Posted: 1 invoice " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "part"),
    [
        ([], 1, "There is no sandbox in"),
        (["--book", "bok_none"], 1, "There is no book bok_none"),
        (["--book", "BOOK", "--rejects", "/none/such.csv"], 1, "/none/such.csv"),
        (["--currency", "GBX"], 2, "'GBX' is no currency"),
        (["--tax-rate", "17,5"], 2, "'17,5' is no percentage"),
        (["--tax-rate", "101"], 2, "'101' is no percentage"),
        (["--default-customer", "a/b"], 2, "cannot be the code"),
        (["--date-format", "ymd"], 2, "ymd"),
    ],
)
async def test_a_mistake_on_the_command_line_is_a_sentence_and_nothing_is_posted(
    command: Import,
    books: Books,
    book: Book,
    shop: Path,
    arguments: list[str],
    exit_code: int,
    part: str,
) -> None:
    named = [argument.replace("BOOK", book.book_id) for argument in arguments]
    done = await asyncio.to_thread(command, shop, *named)
    assert done.exit_code == exit_code, done.output
    assert part in done.stderr
    assert await books.head(book.book_id) == 1


async def test_a_file_that_leaves_its_dates_open_is_refused_until_they_are_told(
    command: Import, books: Books, book: Book, tmp_path: Path
) -> None:
    file = tmp_path / "open.csv"
    file.write_bytes(as_file([row("1", day="1/12/2010"), row("2", day="5/12/2010")]))
    refused = await asyncio.to_thread(command, file, "--book", book.book_id)
    assert refused.exit_code == 1
    assert "2010-12-01 to 2010-12-05 with --date-format dmy" in refused.stderr
    assert await books.head(book.book_id) == 1
    told = await asyncio.to_thread(command, file, "--book", book.book_id, "--date-format", "dmy")
    assert "dated 2010-12-01 to 2010-12-05" in told.stdout


async def test_in_a_live_book_money_and_tax_must_be_said(
    command: Import, pool: Pool, shop: Path
) -> None:
    live = await open_book(pool, name="Live", mode="live", settings=SELLER)
    refused = await asyncio.to_thread(command, shop, "--book", live.book_id, "--currency", "GBP")
    assert refused.exit_code == 1
    assert "say --currency and --tax-rate" in refused.stderr
    done = await asyncio.to_thread(
        command, shop, "--book", live.book_id, "--currency", "EUR", "--tax-rate", "19"
    )
    assert "net 15.30 EUR, gross 18.21 EUR" in done.stdout


async def test_a_database_that_is_not_there_is_a_sentence(command: Import, shop: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    done = await asyncio.to_thread(command, shop, "--book", "bok_1", DATABASE_URL=url)
    assert done.exit_code == 1
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.output
