"""One invoice under many clients behaves as if there were one client at a time."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

import store.books
from store.books import Book, Books, open_books
from store.database import open_pool
from tests.store.hot_invoice import HOT, history, open_the_invoice, use
from tests.store.journal import Call, contradictions

_CLIENTS = 64
_ROOT = Path(__file__).parents[2]


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[tuple[Books, Books]]:
    """Two sets of books with pools, caches and writers of their own, as two processes have."""
    async with (
        open_pool(database_url, name="one") as one,
        open_pool(database_url, name="other") as other,
        open_books(one) as books,
        open_books(other) as other_books,
    ):
        yield books, other_books


async def journal_of(processes: tuple[Books, Books], book: Book, *, calls: int) -> list[Call]:
    journals = await asyncio.gather(
        *(use(processes, book.book_id, client, calls) for client in range(_CLIENTS))
    )
    return [call for journal in journals for call in journal]


async def test_64_clients_of_two_processes_see_one_invoice_change_in_one_order(
    processes: tuple[Books, Books], book: Book
) -> None:
    await open_the_invoice(processes[0], book.book_id)

    calls = await journal_of(processes, book, calls=40)

    tokens = await history(processes[0], book.book_id)
    assert contradictions(calls, tokens) == []
    made = [call for call in calls if call.kind == "changed"]
    assert sorted(tokens[1:]) == sorted(call.token for call in made)
    assert len(made) > 150
    assert any(call.expected is not None for call in made)
    assert len([call for call in calls if call.kind == "refused"]) > 300


async def test_64_clients_of_two_programs_see_one_invoice_change_in_one_order(
    database_url: str, books: Books, book: Book
) -> None:
    await open_the_invoice(books, book.book_id)

    async with program(database_url, book, 0) as one, program(database_url, book, 32) as other:
        both = (one, other)
        for process in both:
            assert process.stdout
            assert await process.stdout.readline() == b"ready\n"
        said = await asyncio.gather(*(process.communicate(b"go\n") for process in both))

    calls = [call for lines, _ in said for call in msgspec.json.Decoder(Call).decode_lines(lines)]
    tokens = await history(books, book.book_id)
    assert len(calls) == _CLIENTS * 40
    assert contradictions(calls, tokens) == []
    assert sorted(tokens[1:]) == sorted(call.token for call in calls if call.kind == "changed")


@asynccontextmanager
async def program(url: str, book: Book, first: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Half of the clients, in a process of their own, which is killed if it takes too long."""
    command = (sys.executable, "-m", "tests.store.hot_invoice", url, book.book_id)
    numbers = (str(first), str(_CLIENTS // 2), "40")
    process = await asyncio.create_subprocess_exec(
        *command, *numbers, cwd=_ROOT, stdin=PIPE, stdout=PIPE
    )
    try:
        async with asyncio.timeout(60):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_process_that_reads_only_its_own_memory_is_found_out(
    processes: tuple[Books, Books], book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_new(*_args: object) -> dict[str, list[object]]:
        return {}

    await open_the_invoice(processes[0], book.book_id)
    for books in processes:
        await books.get(book.book_id, HOT)
    monkeypatch.setattr(store.books, "read_tails", nothing_new)

    calls = await journal_of(processes, book, calls=10)

    found = contradictions(calls, await history(processes[0], book.book_id))
    assert any("had been shown" in sentence for sentence in found)


_HISTORY = ("first", "a", "b", "c")
_CALLS = {
    call.token: call
    for call in (
        Call(token="a", kind="changed", expected=1, called=0, returned=10, version=2, state="a"),
        Call(token="b", kind="changed", called=20, returned=30, version=3, state="b"),
        Call(token="r", kind="read", called=25, returned=35, version=2, state="a"),
        Call(token="s", kind="refused", expected=1, called=40, returned=50, version=3, state="b"),
        Call(token="c", kind="changed", expected=3, called=60, returned=70, version=4, state="c"),
    )
}


def test_a_journal_that_can_be_explained_has_no_contradictions() -> None:
    assert contradictions([*_CALLS.values()], _HISTORY) == []


@pytest.mark.parametrize(
    ("token", "fault", "sentence"),
    [
        ("r", {"called": 31}, "came after version 3 had been shown"),
        ("r", {"version": 4, "state": "c"}, "what had not been asked for yet"),
        ("r", {"version": 9}, "a version that does not exist"),
        ("r", {"state": "z"}, "was shown z, but that version is a"),
        ("s", {"expected": 3}, "refused as stale, but based on version 3"),
        ("s", {"expected": None}, "refused, but based on no version"),
        ("s", {"version": 2, "state": "a"}, "came after version 3 had been shown"),
        ("s", {"token": "b"}, "was refused, but is in the stream 1 times"),
        ("c", {"expected": 2}, "was based on version 2"),
        ("c", {"version": 3, "state": "b"}, "version 3 was given to 2 changes"),
        ("c", {"token": "lost"}, "was changed, but is in the stream 0 times"),
        ("b", {"called": 71}, "came after version 4 had been shown"),
    ],
)
def test_a_planted_contradiction_is_found(
    token: str, fault: dict[str, object], sentence: str
) -> None:
    calls = {**_CALLS, token: msgspec.structs.replace(_CALLS[token], **fault)}

    found = contradictions([*calls.values()], _HISTORY)

    assert any(sentence in contradiction for contradiction in found), found


def test_a_change_that_ran_twice_is_found() -> None:
    found = contradictions([*_CALLS.values()], (*_HISTORY, "a"))

    assert found == ["a was changed, but is in the stream 2 times"]
