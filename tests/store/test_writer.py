import asyncio
from datetime import date

import pytest

from domain.aggregate import Change, Read
from domain.errors import NotAllowed, NotFound
from domain.facts.invoice import InvoiceDrafted
from domain.invoice import INVOICE, Invoice, draft
from domain.series import SERIES, assign
from store.books import Book, Books, open_books
from store.command import Command, Done
from store.database import Pool
from store.errors import KeyReused, StaleRowVersion, UnknownBook
from store.ids import new_id
from store.recorded import Metadata
from tests.books import edited

BY = Metadata(actor="key_test")


def drafting(id_: str, memo: str | None = None, key: str | None = None) -> Command[Invoice]:
    def decide(_read: Read) -> list[Change]:
        return [(INVOICE(id_), draft(InvoiceDrafted(memo=memo), ()))]

    return Command(
        aggregate=INVOICE, id=id_, decide=decide, metadata=BY, key=key, fingerprint=b"draft"
    )


def editing(
    id_: str, memo: str, expected: int | None = None, key: str | None = None
) -> Command[Invoice]:
    def decide(read: Read) -> list[Change]:
        invoice = read(INVOICE(id_))
        if invoice is None:
            raise NotFound("invoice", id_)
        return [(INVOICE(id_), edited(invoice, memo=memo))]

    return Command(
        aggregate=INVOICE,
        id=id_,
        decide=decide,
        metadata=BY,
        expected=expected,
        key=key,
        fingerprint=memo.encode(),
    )


def numbering(document_id: str) -> Command[Invoice]:
    """Draft an invoice and take a number of one series: two streams in one command."""

    def decide(read: Read) -> list[Change]:
        series = read(SERIES("s"))
        assigned = assign(series, document_id=document_id, dated=date(2026, 1, 2))
        drafted = draft(InvoiceDrafted(reference=assigned.text), ())
        return [(INVOICE(document_id), drafted), (SERIES("s"), [assigned])]

    return Command(aggregate=INVOICE, id=document_id, decide=decide, metadata=BY)


async def positions(pool: Pool, book: Book) -> list[int]:
    rows = await pool.fetch(
        "select position from store.events where book_id = $1 order by position", book.book_id
    )
    return [row[0] for row in rows]


async def test_a_command_answers_the_entity_its_version_and_its_position(
    books: Books, book: Book
) -> None:
    done = await books.execute(book.book_id, drafting("inv_1", "hello"))

    assert (done.version, done.position, done.changed, done.replayed) == (1, 1, True, False)
    assert done.entity.state.memo == "hello"
    assert (await books.get(book.book_id, INVOICE("inv_1"))) == done.entity


async def test_commands_that_arrive_together_see_one_another_and_share_a_commit(
    books: Books, book: Book, pool: Pool
) -> None:
    await books.execute(book.book_id, drafting("inv_1"))

    done = await asyncio.gather(
        *(books.execute(book.book_id, editing("inv_1", f"memo {n}")) for n in range(40))
    )

    assert [d.version for d in done] == list(range(2, 42))
    times = await pool.fetchval("select count(distinct recorded_at) from store.events")
    assert times < 10, "forty edits that arrive together take a handful of commits, not forty"


async def test_a_stale_row_version_is_refused_with_the_current_state(
    books: Books, book: Book
) -> None:
    await books.execute(book.book_id, drafting("inv_1"))
    await books.execute(book.book_id, editing("inv_1", "theirs", expected=1))

    with pytest.raises(StaleRowVersion) as refusal:
        await books.execute(book.book_id, editing("inv_1", "mine", expected=1))

    assert refusal.value.current.version == 2
    assert refusal.value.current.state.memo == "theirs"
    assert (await books.head(book.book_id)) == 2


async def test_a_refused_command_leaves_its_neighbours_alone(books: Books, book: Book) -> None:
    def refuse(_read: Read) -> list[Change]:
        raise NotAllowed("no")

    def fault(_read: Read) -> list[Change]:
        raise ZeroDivisionError

    def bad(decide: object) -> Command[Invoice]:
        return Command(aggregate=INVOICE, id="inv_2", decide=decide, metadata=BY)  # type: ignore[arg-type] # both have the right shape

    def no_fact(_read: Read) -> list[Change]:
        return [(INVOICE("inv_2"), [InvoiceDrafted(), "no fact"])]  # type: ignore[list-item] # on purpose

    outcomes = await asyncio.gather(
        books.execute(book.book_id, drafting("inv_1")),
        books.execute(book.book_id, bad(refuse)),
        books.execute(book.book_id, bad(fault)),
        books.execute(book.book_id, bad(no_fact)),
        books.execute(book.book_id, editing("inv_1", "later")),
        return_exceptions=True,
    )

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Done, NotAllowed, ZeroDivisionError, AssertionError, Done]
    assert await books.head(book.book_id) == 2


async def test_data_that_the_database_cannot_store_fails_alone(books: Books, book: Book) -> None:
    outcomes = await asyncio.gather(
        books.execute(book.book_id, drafting("inv_1")),
        books.execute(book.book_id, drafting("inv_\x00")),
        books.execute(book.book_id, drafting("inv_3")),
        return_exceptions=True,
    )

    assert [isinstance(outcome, Done) for outcome in outcomes] == [True, False, True]
    assert await books.head(book.book_id) == 2


async def test_a_change_that_changes_nothing_appends_nothing(books: Books, book: Book) -> None:
    await books.execute(book.book_id, drafting("inv_1", "same"))

    done = await books.execute(book.book_id, editing("inv_1", "same", expected=1))

    assert (done.changed, done.version, done.position) == (False, 1, 1)


async def test_a_repeated_command_runs_once_and_gets_its_first_answer(
    books: Books, book: Book, pool: Pool
) -> None:
    first = await books.execute(book.book_id, drafting("inv_1", "a", key="k"))
    await books.execute(book.book_id, editing("inv_1", "b"))

    async with open_books(pool) as another_process:
        again = await another_process.execute(book.book_id, drafting("inv_other", "a", key="k"))

    assert again.replayed
    assert (again.entity, again.position) == (first.entity, first.position)
    assert await books.head(book.book_id) == 2


async def test_a_storm_of_one_key_runs_the_command_once(books: Books, book: Book) -> None:
    done = await asyncio.gather(
        *(books.execute(book.book_id, drafting(new_id("inv"), key="storm")) for _ in range(50))
    )

    assert await books.head(book.book_id) == 1
    assert len({d.stream.id for d in done}) == 1
    assert sum(d.replayed for d in done) == 49


async def test_a_key_stands_for_one_request_only(books: Books, book: Book) -> None:
    await books.execute(book.book_id, drafting("inv_1"))
    await books.execute(book.book_id, editing("inv_1", "first", key="k"))

    with pytest.raises(KeyReused):
        await books.execute(book.book_id, editing("inv_1", "second", key="k"))

    assert await books.head(book.book_id) == 2


async def test_two_processes_on_one_series_leave_no_gap_and_no_duplicate(
    books: Books, book: Book, pool: Pool
) -> None:
    async with open_books(pool) as another_process:
        done = await asyncio.gather(
            *(
                (books, another_process)[n % 2].execute(book.book_id, numbering(new_id("inv")))
                for n in range(128)
            )
        )

    numbers = sorted(d.entity.state.reference or "" for d in done)
    assert numbers == [f"INV-2026-{n:06d}" for n in range(1, 129)]
    assert await positions(pool, book) == list(range(1, 257))


async def test_two_processes_on_one_invoice_let_exactly_one_change_of_a_version_win(
    books: Books, book: Book, pool: Pool
) -> None:
    await books.execute(book.book_id, drafting("inv_1"))
    async with open_books(pool) as another_process:
        for version in range(1, 21):
            outcomes = await asyncio.gather(
                books.execute(book.book_id, editing("inv_1", f"a{version}", expected=version)),
                another_process.execute(
                    book.book_id, editing("inv_1", f"b{version}", expected=version)
                ),
                return_exceptions=True,
            )
            kinds = sorted(type(outcome).__name__ for outcome in outcomes)
            assert kinds == ["Done", "StaleRowVersion"]


async def test_a_refusal_rests_on_the_state_that_another_process_left(
    books: Books, book: Book, pool: Pool
) -> None:
    with pytest.raises(NotFound):
        await books.execute(book.book_id, editing("inv_1", "too early"))
    async with open_books(pool) as another_process:
        await another_process.execute(book.book_id, drafting("inv_1"))

    done = await books.execute(book.book_id, editing("inv_1", "in time"))

    assert done.version == 2


async def test_a_book_that_does_not_exist_refuses_commands(books: Books) -> None:
    with pytest.raises(UnknownBook):
        await books.execute("bok_none", drafting("inv_1"))


async def test_the_database_refuses_to_change_or_delete_an_event(
    books: Books, book: Book, pool: Pool
) -> None:
    await books.execute(book.book_id, drafting("inv_1"))

    for statement in (
        "update store.events set topic = 'x'",
        "delete from store.events",
        "truncate store.events",
    ):
        with pytest.raises(Exception, match="append-only"):
            await pool.execute(statement)

    assert await positions(pool, book) == [1]
