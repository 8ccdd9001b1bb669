"""Lanes as the store keeps them: in order, once, and whatever happens to a process meanwhile."""

import asyncio
from collections.abc import Awaitable, Collection
from datetime import timedelta

import pytest

import store.lanes
import store.parking
from domain.aggregate import Change, Read
from domain.errors import NotFound
from domain.invoice import INVOICE, Invoice
from store.books import Book, Books, open_books
from store.command import Command, Done, Waiting
from store.command_keys import forget_sessions
from store.database import Pool
from store.errors import OutcomeForgotten, SequenceGap, StaleRowVersion
from store.lanes import LIFE, Lane, Past
from store.parking import Backlog, Parking
from store.recorded import Metadata
from store.turns import Pasts
from tests.books import edited
from tests.store.interleaving import command_of
from tests.store.one_by_one import Asking

DRAFT = command_of(Asking(kind="draft", invoice="inv_a", memo="x"), "draft")


def change(
    seq: int | None, memo: str, *, seen: int | None = 1, session: str = "ses_one"
) -> Command[Invoice]:
    """Give the invoice this memo, as a change of an open editor."""
    stream = INVOICE("inv_a")

    def decide(read: Read) -> list[Change]:
        invoice = read(stream)
        if invoice is None:
            raise NotFound("invoice", "inv_a")
        return [(stream, edited(invoice, memo=memo))]

    return Command(
        aggregate=INVOICE,
        id="inv_a",
        decide=decide,
        metadata=Metadata(
            actor="key_1", request_id=f"{session}-{seq}-{memo}", edit_session=session, edit_seq=seq
        ),
        expected=seen,
        in_lane=True,
    )


async def outcome(asked: Awaitable[Done[Invoice]]) -> str:
    try:
        done = await asked
    except (StaleRowVersion, SequenceGap, OutcomeForgotten, NotFound) as refusal:
        return type(refusal).__name__
    return "again" if done.replayed else f"v{done.version}"


async def test_a_lane_goes_on_in_another_process(books: Books, book: Book, pool: Pool) -> None:
    await books.execute(book.book_id, DRAFT)
    async with open_books(pool) as other:
        processes = [books, other]
        order = [6, 5, 2, 4, 1, 3]
        waiting = [
            asyncio.create_task(
                outcome(processes[seq % 2].execute(book.book_id, change(seq, f"memo {seq}")))
            )
            for seq in order
        ]
        assert await asyncio.gather(*waiting) == [f"v{seq + 1}" for seq in order]


async def test_refusals_are_remembered_by_all_processes(
    books: Books, book: Book, pool: Pool
) -> None:
    await books.execute(book.book_id, DRAFT)
    await books.execute(book.book_id, change(1, "theirs", session="ses_two"))
    assert await outcome(books.execute(book.book_id, change(1, "mine"))) == "StaleRowVersion"

    async with open_books(pool) as restarted:
        again = [
            await outcome(restarted.execute(book.book_id, change(1, "mine"))),
            await outcome(restarted.execute(book.book_id, change(1, "mine", seen=2))),
            await outcome(restarted.execute(book.book_id, change(2, "merged", seen=2))),
        ]

    assert again == ["StaleRowVersion", "StaleRowVersion", "v3"]


async def test_a_change_that_changed_nothing_had_its_turn(books: Books, book: Book) -> None:
    await books.execute(book.book_id, DRAFT)

    said = [
        await outcome(books.execute(book.book_id, change(seq, memo)))
        for seq, memo in ((1, "x"), (2, "y"), (1, "z"))
    ]

    assert said == ["v1", "v2", "again"]


async def test_a_refusal_too_long_ago_is_not_taken_for_a_success(
    books: Books, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.lanes, "_REFUSALS", 2)
    await books.execute(book.book_id, DRAFT)
    await books.execute(book.book_id, change(1, "theirs", session="ses_two"))
    for seq in range(1, 5):
        await outcome(books.execute(book.book_id, change(seq, "mine")))

    said = [await outcome(books.execute(book.book_id, change(seq, "mine"))) for seq in (1, 2, 3, 4)]

    assert said == ["OutcomeForgotten"] * 2 + ["StaleRowVersion"] * 2


async def test_a_forgotten_session_begins_anew_but_repeats_nothing(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.parking, "PATIENCE_SECONDS", 0.05)
    await books.execute(book.book_id, DRAFT)
    await books.execute(book.book_id, change(1, "a"))
    await books.execute(book.book_id, change(2, "b"))
    seen = await pool.fetchval("select seen_at from store.lanes")
    assert await forget_sessions(pool, before=seen) == 0

    assert await forget_sessions(pool, before=seen + timedelta(hours=2)) == 1

    assert await outcome(books.execute(book.book_id, change(2, "c"))) == "again"
    with pytest.raises(SequenceGap) as gap:
        await books.execute(book.book_id, change(3, "c"))
    assert gap.value.expected == 1
    assert await outcome(books.execute(book.book_id, change(1, "a"))) == "again"
    assert (await books.get(book.book_id, INVOICE("inv_a"))).version == 3
    assert timedelta(hours=24) == LIFE


async def test_what_never_was_gets_no_lane(books: Books, book: Book, pool: Pool) -> None:
    assert await outcome(books.execute(book.book_id, change(1, "a"))) == "NotFound"

    assert await pool.fetchval("select count(*) from store.lanes") == 0


@pytest.mark.parametrize(("longest", "outcome"), [(60.0, "had its turn"), (0.1, "SequenceGap")])
async def test_a_change_waits_on_while_those_before_it_come_one_by_one_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, longest: float, outcome: str
) -> None:
    """However slowly another process takes them: each time somebody looks there is one more."""
    monkeypatch.setattr(store.parking, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(store.parking, "LONGEST_SECONDS", longest)
    lane = Lane("invoice/inv_a", "key_1", "ses_one")
    pasts = Pasts()

    async def one_more(lanes: Collection[Lane]) -> None:
        assert list(lanes) == [lane]
        pasts.put(lane, Past(last=(pasts.get(lane) or Past()).last + 1))

    future = asyncio.get_running_loop().create_future()
    waiting = Waiting(change(21, "last"), future, lane)
    said: list[str] = []
    parking = Parking(one_more, pasts, Backlog(), lambda _: said.append("had its turn"))
    parking.park(waiting, expected=1)

    await parking.drain()

    if future.done():
        said.append(type(future.exception()).__name__)
    assert said == [outcome]


async def test_only_so_many_wait_for_a_gap(
    books: Books, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.parking, "_IN_A_LANE", 3)
    await books.execute(book.book_id, DRAFT)
    waiting = [
        asyncio.create_task(outcome(books.execute(book.book_id, change(seq, f"{seq}"))))
        for seq in (2, 3, 4, 5, 6)
    ]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result() for task in done} == {"SequenceGap"}

    first = await outcome(books.execute(book.book_id, change(1, "1")))

    said = await asyncio.gather(*waiting)
    assert (first, said) == ("v2", ["v3", "v4", "v5", "SequenceGap", "SequenceGap"])
