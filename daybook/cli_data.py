"""``daybook demo`` and ``daybook import``: fill a book through the API, or from a sales file."""

import asyncio
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import click
import msgspec

from api.wire import Percent
from daybook.demo.writing import CannotWrite, write_demo
from daybook.home import Home
from daybook.progress import progress
from daybook.sales.dates import DATE_FORMATS, DateFormat
from daybook.sales.entry import Terms
from daybook.sales.file import Malformed, SalesFile, is_code, read_sales
from daybook.sales.importing import Summary, import_sales
from daybook.sales.report import summary_text, write_rejections
from daybook.settings import Settings, load
from daybook.wiring import require_migrated
from domain.money import EXPONENTS
from store.books import Book, list_books, open_books
from store.database import Pool, open_pool
from store.errors import StoreError

_GO_ON = "What was posted stays; run the same command again to go on."


# ---------------------------------------------------------------- demo


@click.command()
@click.option(
    "--invoices", type=click.IntRange(1, 10_000), default=60, show_default=True, help="How many."
)
@click.option("--seed", type=click.IntRange(0), help="The same seed and day make the same content.")
@click.option("--url", help="Where the API is; without it, the stack of DAYBOOK_HOME.")
@click.option("--key", help="An API key of the book; without it, that of the stack's sandbox.")
def demo(invoices: int, seed: int | None, url: str | None, key: str | None) -> None:
    """Write a realistic book through the HTTP API: that of a dealer in stoves.

    Running it again with the seed of an interrupted run goes on with that one.
    """
    settings = load()
    if key is None:
        sandbox = Home(settings.home).sandbox()
        if sandbox is None:
            raise click.ClickException(
                f"There is no sandbox in {settings.home}: start one with 'daybook up', or say "
                "--url and --key."
            )
        key = sandbox.key
    if url is None:
        running = Home(settings.home).running()
        url = running.address if running else f"http://{settings.host}:{settings.port}"
    seed = secrets.randbelow(100_000) if seed is None else seed
    try:
        with progress("Writing invoices") as report:
            summary = asyncio.run(write_demo(url, key, invoices=invoices, seed=seed, report=report))
    except CannotWrite as error:
        raise click.ClickException(f"{error} To go on later, say --seed {seed}.") from error
    click.echo(f"{summary.text()}; seed {seed}.")


# ---------------------------------------------------------------- import


class _Asked(msgspec.Struct, kw_only=True, frozen=True):
    """The options of ``daybook import``."""

    book_id: str | None
    currency: str | None
    tax_rate: str | None
    default_customer: str | None
    date_format: DateFormat | None
    rejects: Path | None
    dry_run: bool


def _currency(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is not None and text not in EXPONENTS:
        raise click.BadParameter(f"{text!r} is no currency of ISO 4217 in use, such as GBP.")
    return text


def _percent(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    try:
        return None if text is None else msgspec.convert(text, Percent)
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"{text!r} is no percentage from 0 to 100.") from error


def _customer(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not is_code(text):
        raise click.BadParameter(f"{text!r} cannot be the code of a customer.")
    return text


@click.command("import")
@click.argument("file", metavar="CSV", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--book", "book_id", help="Into which book; without it, the sandbox of DAYBOOK_HOME.")
@click.option("--currency", callback=_currency, help="Of every price. A sandbox assumes GBP.")
@click.option("--tax-rate", callback=_percent, help="In percent. A sandbox assumes 17.5.")
@click.option(
    "--default-customer",
    callback=_customer,
    metavar="CODE",
    help="Bill invoices without a CustomerID to this one. Decide it on the first run: an invoice "
    "cannot be posted after a later one.",
)
@click.option(
    "--date-format",
    type=click.Choice(DATE_FORMATS),
    help="1/12/2010 is in December (dmy) or in January (mdy); iso is 2010-12-01. Without it, the "
    "dates of the file must tell.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write number, code and reason of every rejected invoice there, as CSV.",
)
@click.option("--dry-run", is_flag=True, help="Decide everything and write nothing.")
def import_(file: Path, **options: Any) -> None:
    """Import customers and posted invoices from a flat sales file.

    CSV is a file in UTF-8 with one row for each line of an invoice and the columns InvoiceNo,
    StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID and Country. Prices exclude
    tax. An invoice that breaks a rule is rejected as a whole. Importing a file again imports
    nothing twice, and goes on after an interruption.
    """
    asked = _Asked(**options)
    try:
        sales = read_sales(file.read_bytes(), date_format=asked.date_format)
        if asked.rejects is not None:
            write_rejections(
                asked.rejects, ()
            )  # whether that is possible shows now, not at the end
        summary = asyncio.run(_import(load(), sales, asked))
        if asked.rejects is not None:
            write_rejections(asked.rejects, summary.rejections)
    except Malformed as error:
        raise click.ClickException(f"{file}: {error}") from error
    except StoreError as error:
        raise click.ClickException(f"{error} {_GO_ON}") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise click.ClickException(f"{error}. {_GO_ON}") from error
    except KeyboardInterrupt:
        raise click.ClickException(f"Interrupted. {_GO_ON}") from None
    click.echo(summary_text(summary, sales, dry_run=asked.dry_run))


async def _import(settings: Settings, sales: SalesFile, asked: _Asked) -> Summary:
    url = settings.database_url
    if url is None and (running := Home(settings.home).running()):
        url = running.database_url
    if url is None:
        raise click.ClickException(
            f"No stack is running in {settings.home}: start one with 'daybook up', or say in "
            "DATABASE_URL where PostgreSQL is."
        )
    await require_migrated(url)
    async with (
        open_pool(url, name="daybook import", size=settings.pool_size) as pool,
        open_books(pool) as books,
    ):
        book = await _book(pool, settings, asked.book_id)
        terms = _terms(book, asked)
        with progress("Importing invoices") as report:
            return await import_sales(
                books,
                book.book_id,
                sales.invoices,
                terms,
                today=datetime.now(UTC).date(),
                dry_run=asked.dry_run,
                report=report,
            )


async def _book(pool: Pool, settings: Settings, book_id: str | None) -> Book:
    """The book that was asked for, or the sandbox of this home."""
    if book_id is None:
        sandbox = Home(settings.home).sandbox()
        if sandbox is None:
            raise click.ClickException(
                f"There is no sandbox in {settings.home}: say --book; 'daybook books list' shows "
                "which there are."
            )
        book_id = sandbox.book_id
    for book in await list_books(pool):
        if book.book_id == book_id:
            return book
    raise click.ClickException(
        f"There is no book {book_id} in this database; 'daybook books list' shows which there are."
    )


def _terms(book: Book, asked: _Asked) -> Terms:
    """What the file does not say. In a live book, money and tax are never assumed."""
    if book.mode == "live" and (asked.currency is None or asked.tax_rate is None):
        raise click.ClickException(
            f"{book.book_id} is a live book, where posting cannot be undone: say --currency and "
            "--tax-rate."
        )
    return Terms(
        currency=asked.currency or "GBP",
        tax_rate=Decimal(asked.tax_rate or "17.5"),
        default_customer=asked.default_customer,
    )
