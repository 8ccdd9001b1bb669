"""``daybook books`` and ``daybook keys``: open books, make and revoke their API keys."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from daybook.opening import open_book
from daybook.settings import API_NEEDS, load
from domain.errors import RuleBroken
from domain.facts.settings import BookSettings
from store.books import Mode, list_books
from store.database import Pool, open_pool
from store.keys import SCOPES, create_key, end_key, list_keys
from store.secrets import Keyring, SecretUnreadable, reseal_secrets

T = TypeVar("T")


@click.group()
def books() -> None:
    """Open books and list them. A book is one company's event log."""


@books.command("create")
@click.argument("name")
@click.option("--live", is_flag=True, help="A live book; without it, a sandbox.")
@click.option("--base-currency", help="ISO 4217 code of the currency in which it is kept.")
@click.option("--seller-name", help="Who bills. Nothing can be posted without a seller.")
@click.option("--seller-street")
@click.option("--seller-postal-code")
@click.option("--seller-city")
@click.option("--seller-country", help="ISO 3166-1 alpha-2 code, such as DE.")
@click.option("--seller-vat-id", help="One of the three ids must be given to post.")
@click.option("--seller-tax-id", help="A tax number that is no VAT id.")
@click.option("--seller-legal-id", help="Number in the register of companies.")
def create_book_command(name: str, *, live: bool, **settings: Any) -> None:
    """Open a book called NAME and print its id."""
    mode: Mode = "live" if live else "sandbox"
    given = BookSettings(**settings)
    try:
        book = _with_pool(lambda pool: open_book(pool, name=name, mode=mode, settings=given))
    except RuleBroken as broken:
        raise click.ClickException(str(broken)) from broken
    click.echo(book.book_id)


@books.command("list")
def list_books_command() -> None:
    """List the books: id, mode, number of events, name."""
    for book in _with_pool(list_books):
        click.echo(f"{book.book_id}  {book.mode:7}  {book.head:>9}  {book.name}")


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("create")
@click.argument("book_id")
@click.option("--name", default="command line", show_default=True, help="Whose key it is.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="What it may do; repeatable. Everything without it.",
)
def create_key_command(book_id: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make an API key for BOOK_ID and print it: it is shown this once."""
    try:
        text, _ = _with_pool(
            lambda pool: create_key(pool, book_id, name=name, scopes=scopes or SCOPES)
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(text)


@keys.command("list")
@click.argument("book_id")
def list_keys_command(book_id: str) -> None:
    """List the keys of BOOK_ID: id, state, scopes, name."""
    for key in _with_pool(lambda pool: list_keys(pool, book_id)):
        ended = "revoked" if key.revoked_at else "expired"
        state = "live" if key.usable(datetime.now(UTC)) else ended
        click.echo(f"{key.key_id}  {state:7}  {','.join(key.scopes)}  {key.name}")


@keys.command("revoke")
@click.argument("book_id")
@click.argument("key_id")
def revoke_key_command(book_id: str, key_id: str) -> None:
    """Revoke the key KEY_ID of BOOK_ID for good; it stops working within seconds."""
    if not _with_pool(lambda pool: end_key(pool, book_id, key_id)):
        raise click.ClickException(f"There is no live key {key_id} in {book_id}.")
    click.echo("Revoked.")


@keys.command("secret")
def secret_command() -> None:
    """Print a new key for DAYBOOK_SECRET_KEYS, which encrypts webhook secrets at rest."""
    click.echo(Keyring.new_key())


@keys.command("reseal")
def reseal_command() -> None:
    """Encrypt every webhook secret with the newest of DAYBOOK_SECRET_KEYS.

    Afterwards the older keys are no longer needed and may be taken off the list.
    """
    keyring = Keyring(load(need=API_NEEDS).secret_keys)

    async def reseal(pool: Pool) -> int:
        count = 0
        for book in await list_books(pool):
            async with pool.acquire() as connection:
                count += await reseal_secrets(connection, keyring, book.book_id)
        return count

    try:
        click.echo(f"Encrypted anew: {_with_pool(reseal)}.")
    except SecretUnreadable as error:
        raise click.ClickException(str(error)) from error


def _with_pool(work: Callable[[Pool], Awaitable[T]]) -> T:
    async def run() -> T:
        settings = load(need=("DATABASE_URL",))
        async with open_pool(str(settings.database_url), name="daybook keys", size=1) as pool:
            return await work(pool)

    return asyncio.run(run())
