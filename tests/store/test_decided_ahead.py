"""Commands that come while a batch is being committed: decided at once, in the hope it commits."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import store.writer
from domain.aggregate import Change, Read
from domain.errors import NotAllowed
from domain.invoice import INVOICE, Invoice
from store.books import Book, Books, open_books
from store.command import Command, Done
from store.database import Connection, Pool
from store.errors import Busy, StaleRowVersion
from store.log import append
from store.pace import Pace
from tests.store.test_writer import drafting, editing

Task = asyncio.Task[Done[Invoice]]


class Gate:
    """Stands before or behind every append until it is opened, once for each."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.sent: list[int] = []
        self._arrived = asyncio.Event()
        self._open = asyncio.Semaphore(0)
        self.lose_answers = False
        self.stands_aside = False
        patch.setattr(store.writer, "append", self._append)

    async def _append(
        self, connection: Connection, book_id: str, reads: Any, events: Any, *args: Any, **kw: Any
    ) -> Any:
        if self.stands_aside:
            return await append(connection, book_id, reads, events, *args, **kw)
        self.sent.append(len(events))
        self._arrived.set()
        await self._open.acquire()
        appended = await append(connection, book_id, reads, events, *args, **kw)
        if self.lose_answers:
            self.lose_answers = False
            raise ConnectionResetError
        return appended

    async def reached(self, count: int) -> None:
        """Wait until so many appends stand here, or stood."""
        while len(self.sent) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def let_through(self, count: int = 100) -> None:
        """Open it so many times."""
        for _ in range(count):
            self._open.release()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Closed at first."""
    return Gate(monkeypatch)


def counted(command: Command[Invoice], decided: list[str]) -> Command[Invoice]:
    """The command, and a note in ``decided`` whenever it is decided."""

    def decide(read: Read) -> list[Change]:
        decided.append(command.fingerprint.decode())
        return list(command.decide(read))

    return msgspec.structs.replace(command, decide=decide)


@pytest.fixture
async def ask(books: Books, book: Book) -> Callable[[Command[Invoice]], Task]:
    """Ask for a command, as a client of its own; what it was for is at work when it comes back."""
    return lambda command: asyncio.create_task(books.execute(book.book_id, command))


async def committing(books: Books, book: Book, gate: Gate, ask: Callable[..., Task]) -> Task:
    """A draft that is there, and a first change of it that stands before the database."""
    gate.let_through(1)
    await books.execute(book.book_id, drafting("inv_1"))
    first = ask(editing("inv_1", "first", expected=1))
    await gate.reached(2)
    return first


async def test_what_comes_during_a_commit_is_decided_then_and_appended_as_it_was_decided(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task]
) -> None:
    first = await committing(books, book, gate, ask)
    decided: list[str] = []
    then = [ask(counted(editing("inv_1", f"{n}", expected=2 + n), decided)) for n in range(3)]
    await asyncio.sleep(0)
    assert decided == ["0", "1", "2"], "while the first change is still being committed"
    assert not any(task.done() for task in (first, *then)), "nothing is told before it is committed"

    gate.let_through()
    done = await asyncio.gather(first, *then)

    assert [(it.version, it.position) for it in done] == [(2, 2), (3, 3), (4, 4), (5, 5)]
    assert gate.sent == [1, 1, 3]
    assert decided == ["0", "1", "2"], "and never again"


async def test_of_many_a_half_commits_first_and_the_others_are_decided_meanwhile(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "first_of", lambda _pace, waiting: (waiting + 1) // 2)
    gate.let_through(1)
    await books.execute(book.book_id, drafting("inv_1"))
    decided: list[str] = []
    asked = [ask(counted(editing("inv_1", f"{n}", expected=1 + n), decided)) for n in range(5)]
    await asyncio.sleep(0)
    asked[4].cancel()  # nobody waits for this one any more
    await gate.reached(2)
    await asyncio.sleep(0)
    assert (gate.sent, decided) == ([1, 3], ["0", "1", "2", "3"])

    gate.let_through()
    done = await asyncio.gather(*asked[:4])

    assert [(it.version, it.position) for it in done] == [(2, 2), (3, 3), (4, 4), (5, 5)]
    assert (gate.sent, decided) == ([1, 3, 1], ["0", "1", "2", "3"])


async def test_a_refusal_that_was_decided_ahead_is_told_once_its_grounds_are_committed(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task]
) -> None:
    first = await committing(books, book, gate, ask)
    stale = ask(editing("inv_1", "late", expected=1))
    await asyncio.sleep(0)
    assert not stale.done()

    gate.let_through()

    with pytest.raises(StaleRowVersion) as refusal:
        await stale
    assert refusal.value.current.version == (await first).version == 2


async def test_what_was_decided_on_an_append_that_is_refused_is_decided_again(
    books: Books, book: Book, pool: Pool, gate: Gate, ask: Callable[..., Task]
) -> None:
    first = await committing(books, book, gate, ask)
    decided: list[str] = []
    second = ask(counted(editing("inv_1", "second"), decided))
    third = ask(counted(editing("inv_1", "third", expected=3), decided))
    await asyncio.sleep(0)
    gate.stands_aside = True
    async with open_books(pool) as elsewhere:
        await elsewhere.execute(book.book_id, editing("inv_1", "theirs", expected=1))
    gate.stands_aside = False
    gate.let_through()

    outcomes = await asyncio.gather(first, second, third, return_exceptions=True)

    assert decided[:2] == ["second", "third"]
    assert decided[2:] == ["second", "third"], "again, in their order"
    memos = [it.state.memo if isinstance(it, Done) and it.state else it for it in outcomes]
    stale, *rest = outcomes
    assert isinstance(stale, StaleRowVersion), memos
    assert rest[0].version == 3, memos  # type: ignore[union-attr] # it is Done, or this fails
    assert memos[1:] == ["second", "third"]


async def test_what_was_decided_on_an_append_whose_answer_is_lost_runs_once(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task]
) -> None:
    first = await committing(books, book, gate, ask)
    second = ask(editing("inv_1", "second", expected=2))
    await asyncio.sleep(0)
    gate.lose_answers = True
    gate.let_through()

    done = await asyncio.gather(first, second)

    assert [it.version for it in done] == [2, 3]
    assert await books.head(book.book_id) == 3


async def test_a_client_that_goes_away_takes_back_what_was_decided_ahead(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task]
) -> None:
    first = await committing(books, book, gate, ask)
    gone = ask(editing("inv_1", "gone"))
    stays = ask(editing("inv_1", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    gate.let_through()

    done = await asyncio.gather(first, stays)

    assert gone.cancelled()
    assert [it.version for it in done] == [2, 3]
    memos = [it.fact.to.memo for it in await books.history(book.book_id, INVOICE("inv_1"), after=1)]  # type: ignore[attr-defined] # all are changes
    assert memos == ["first", "stays"]


async def test_what_needs_a_look_at_the_database_waits_and_so_does_all_that_follows_it(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task]
) -> None:
    first = await committing(books, book, gate, ask)
    decided: list[str] = []
    waits = [
        ask(counted(editing("inv_1", "keyed", key="k"), decided)),
        ask(counted(editing("inv_1", "plain"), decided)),
        ask(counted(drafting("inv_unknown"), decided)),
    ]
    await asyncio.sleep(0)
    assert decided == []

    gate.let_through()
    done = await asyncio.gather(first, *waits)

    assert decided[:2] == ["keyed", "plain"]
    assert [it.version for it in done] == [2, 3, 4, 1]


async def test_a_poisoned_decision_fails_alone_although_it_was_taken_ahead(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task]
) -> None:
    def fail(_read: Read) -> list[Change]:
        raise ZeroDivisionError

    def refuse(_read: Read) -> list[Change]:
        raise NotAllowed("no")

    first = await committing(books, book, gate, ask)
    faulty = ask(msgspec.structs.replace(editing("inv_1", "x"), decide=fail))
    refused = ask(msgspec.structs.replace(editing("inv_1", "x"), decide=refuse))
    fine = ask(editing("inv_1", "fine"))
    await asyncio.sleep(0)
    gate.let_through()

    outcomes = await asyncio.gather(first, faulty, refused, fine, return_exceptions=True)

    assert [type(it) for it in outcomes] == [Done, ZeroDivisionError, NotAllowed, Done]
    assert await books.head(book.book_id) == 3


async def test_what_is_decided_ahead_counts_as_waiting(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.writer, "MAX_WAITING", 3)
    first = await committing(books, book, gate, ask)
    waiting = [ask(editing("inv_1", f"{n}")) for n in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(Busy):
        await books.execute(book.book_id, editing("inv_1", "too much"))
    gate.let_through()

    assert [it.version for it in await asyncio.gather(first, *waiting)] == [2, 3, 4, 5]


async def test_batches_that_are_decided_ahead_are_bounded(
    books: Books, book: Book, gate: Gate, ask: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.writer, "_MAX_COMMANDS", 4)
    first = await committing(books, book, gate, ask)
    waiting = [ask(editing("inv_1", f"{n}", expected=2 + n)) for n in range(10)]
    await asyncio.sleep(0)
    gate.let_through()

    done = await asyncio.gather(first, *waiting)

    assert [it.version for it in done] == list(range(2, 13)), "in the order in which they came"
    assert gate.sent == [1, 1, 4, 4, 2]
