"""``daybook rebuild``, ``verify projections`` and ``parked``, as an operator sees them."""

import asyncpg
import pytest

from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from projections.tables import FOLLOWER, PROJECTIONS
from store.books import Book, Books
from store.database import Pool
from store.parked import list_parked, park
from tests.program.test_cli import run
from tests.projections.test_rebuild import follower_of
from tests.workers.webhooks import tell

NAMES = [it.NAME for it in PROJECTIONS]


@pytest.fixture
async def followed(books: Books, book: Book, pool: Pool) -> None:
    """A book with three customers, which the read models show."""
    for code in ("A", "B", "C"):
        await tell(books, book.book_id, CUSTOMER, code, CustomerCreated(name=code))
    await follower_of(pool).catch_up()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rebuild", "--help"), "Stopped, it goes on where it stood"),
        (("verify", "projections", "--help"), "Exit status 0: every row is equal; 1:"),
        (("parked", "--help"), "Events that a follower had to set aside"),
        (("parked", "list", "--help"), "where, for whom, why"),
        (("parked", "retry", "--help"), "Exit status 0: none is left; 1:"),
    ],
)
def test_each_command_says_what_it_does(arguments: tuple[str, ...], sentence: str) -> None:
    answer = run(*arguments)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert sentence in " ".join(answer.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rebuild",), "Name read models (invoices, "),
        (("rebuild", "--all", "customers"), "or say --all."),
        (("rebuild", "gossip"), "'gossip' is not one of 'invoices'"),
        (("verify", "projections", "gossip"), "'gossip' is not one of 'invoices'"),
        (("rebuild", "customers"), "DATABASE_URL: say where PostgreSQL is"),
        (("verify", "projections"), "DATABASE_URL: say where PostgreSQL is"),
        (("parked", "list"), "DATABASE_URL: say where PostgreSQL is"),
        (("parked", "retry"), "DATABASE_URL: say where PostgreSQL is"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    answer = run(*arguments)
    assert answer.returncode == 2
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.usefixtures("followed")
async def test_verification_tells_of_a_difference_and_a_rebuild_mends_it(
    pool: Pool, database_url: str
) -> None:
    well = run("verify", "projections", DATABASE_URL=database_url)
    assert (well.returncode, well.stderr) == (0, "")
    assert "customer_list_v2: 3 rows, all equal" in well.stdout.splitlines()

    await pool.execute("delete from customer_list_v2 where id = 'B'")
    wrong = run("verify", "projections", "customers", DATABASE_URL=database_url)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("customer_list_v2 lacks a row: {")
    assert wrong.stderr.endswith("Run 'daybook rebuild --all' to make it right.\n")
    other = run("verify", "projections", "audit-trail", DATABASE_URL=database_url)
    assert (other.returncode, other.stdout) == (0, "audit_trail_v1: 3 rows, all equal\n")

    one = run("rebuild", "customers", DATABASE_URL=database_url)
    assert (one.returncode, one.stdout, one.stderr) == (0, "Rebuilt: customers.\n", "")
    again = run("verify", "projections", DATABASE_URL=database_url)
    assert (again.returncode, again.stdout) == (0, well.stdout)
    every = run("rebuild", "--all", DATABASE_URL=database_url)
    assert (every.returncode, every.stdout) == (0, f"Rebuilt: {', '.join(NAMES)}.\n")


async def test_a_second_rebuild_or_verification_is_refused(database_url: str) -> None:
    other = await asyncpg.connect(database_url)
    await other.execute(
        "select pg_advisory_lock(7225914430062015489), pg_advisory_lock(7225914430062015490)"
    )
    rebuilt = run("rebuild", "--all", DATABASE_URL=database_url)
    verified = run("verify", "projections", DATABASE_URL=database_url)
    await other.close()
    assert (rebuilt.returncode, rebuilt.stderr) == (
        1,
        "Error: Another rebuild is running. Wait until it is done, or stop it.\n",
    )
    assert (verified.returncode, verified.stderr) == (
        1,
        "Error: Another verification is running. Wait until it is done, or stop it.\n",
    )


@pytest.mark.usefixtures("followed")
async def test_parked_events_are_listed_counted_and_tried_again(
    book: Book, pool: Pool, database_url: str
) -> None:
    def done(*arguments: str) -> tuple[int, str, str]:
        answer = run("parked", *arguments, DATABASE_URL=database_url)
        return answer.returncode, answer.stdout, answer.stderr

    assert done("list") == (0, "", "")
    assert done("retry") == (0, "Taken in: 0. Still parked: 0.\n", "")
    await pool.execute("delete from customer_list_v2 where id = 'B'")
    async with pool.acquire() as connection:
        place = (FOLLOWER, "customers", 2)
        await park(connection, book.book_id, place, ValueError("no such country"))

    listed = f"{book.book_id}          2  customers  ValueError: no such country\n"
    assert done("list") == done("list", book.book_id) == (0, listed, "")
    assert done("list", "bok_other") == (0, "", "")
    ill = run("doctor", DATABASE_URL=database_url)
    assert (ill.returncode, ill.stderr.startswith(f"{book.book_id}: 1 parked. ")) == (1, True)
    assert done("retry", book.book_id) == (0, "Taken in: 1. Still parked: 0.\n", "")
    assert await list_parked(pool) == []
    assert await pool.fetchval("select count(*) from customer_list_v2") == 3


@pytest.mark.usefixtures("followed")
async def test_what_still_cannot_be_taken_in_stays_parked_with_its_reason(
    book: Book, pool: Pool, database_url: str
) -> None:
    async with pool.acquire() as connection:
        place = (FOLLOWER, "customers", 2)
        await park(connection, book.book_id, place, ValueError("first"))
    await pool.execute(
        "alter table customer_list_v2 add constraint no_b check (id <> 'B') not valid"
    )
    await pool.execute("delete from customer_list_v2 where id = 'B'")
    answer = run("parked", "retry", DATABASE_URL=database_url)
    assert (answer.returncode, answer.stdout) == (1, "Taken in: 0. Still parked: 1.\n")
    assert answer.stderr.startswith(f"{book.book_id}  2  CheckViolationError: ")
    assert len(await list_parked(pool)) == 1
