"""``daybook doctor``: is everything as it must be? The exit status says it."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable

import click

from daybook.settings import load
from store.books import list_books
from store.checkup import check_book, lags
from store.database import open_pool
from store.migrate import missing
from store.parked import list_parked

_LONG_LAG = 1000
"""Events. A follower that is further behind than this is stopped or too slow."""


_PARKED = "Read 'daybook parked list', mend the reason, and run 'daybook parked retry'."


async def examine(database_url: str, say: Callable[[str], None]) -> list[str]:
    """Everything that is wrong, as sentences; ``say`` hears of each check."""
    async with open_pool(database_url, name="daybook doctor", size=2) as pool:
        async with pool.acquire() as connection:
            if lacking := await missing(connection):
                return [f"Migrations are missing: {', '.join(lacking)}. Run 'daybook migrate'."]
            say("migrations: all applied")
        wrong = []
        for book in await list_books(pool):
            async with pool.acquire() as connection:
                found = await check_book(connection, book.book_id)
            say(f"book {book.book_id}: {book.head} events, {len(found)} findings")
            wrong += [f"{finding.book_id}: {finding.what}." for finding in found]
        async with pool.acquire() as connection:
            for lag in await lags(connection):
                say(f"follower {lag.follower} of {lag.book_id}: {lag.lag} events behind")
                if lag.lag > _LONG_LAG:
                    wrong.append(
                        f"{lag.book_id}: follower {lag.follower} is {lag.lag} events behind. "
                        "Is 'daybook follow' running?"
                    )
            parked = Counter(it.book_id for it in await list_parked(connection))
            wrong += [f"{book_id}: {count} parked. {_PARKED}" for book_id, count in parked.items()]
    return wrong


@click.command()
@click.option("--quiet", is_flag=True, help="Say only what is wrong.")
def doctor(*, quiet: bool) -> None:
    """Check migrations, the order of every book, number series, followers and parked events.

    Of webhooks it checks that the sums of yesterday and today are those of their attempts.

    Exit status 0: all is well; 1: something is wrong, and printed on standard error.
    """
    settings = load(need=("DATABASE_URL",))
    say = (lambda _text: None) if quiet else click.echo
    wrong = asyncio.run(examine(str(settings.database_url), say))
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(1)
    say("All is well.")
