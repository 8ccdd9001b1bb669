"""The reference client of docs/auto-save.md does what the page says."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import httpx
import pytest
from typing_extensions import override

import store.parking
from benchmarks.auto_save import example_client
from domain.invoice import INVOICE
from store.books import Book, Books
from store.database import Pool


@pytest.fixture(scope="module")
def example() -> ModuleType:
    return example_client()


Open = Callable[[], Awaitable[Any]]


@pytest.fixture
async def loaded(client: httpx.AsyncClient) -> dict[str, Any]:
    created = await client.post("/api/invoices", json={"memo": "base", "poNumber": "0"})
    invoice: dict[str, Any] = created.json()
    return invoice


@pytest.fixture
def opened(client: httpx.AsyncClient, example: ModuleType, loaded: dict[str, Any]) -> Open:
    """Open the invoice in another editor, as it was at first."""

    async def open_() -> Any:
        return example.Editor(client, f"/api/invoices/{loaded['id']}", loaded)

    return open_


Arrive = Callable[[httpx.Request], Awaitable[httpx.Response]]
Travel = Callable[[httpx.Request, Arrive], Awaitable[httpx.Response]]


class Way(httpx.AsyncBaseTransport):
    """The way to the server. A test says what happens to a request and its answer on it."""

    def __init__(self, client: httpx.AsyncClient, travel: Travel) -> None:
        self._arrive = client._transport.handle_async_request
        self._travel = travel

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._travel(request, self._arrive)


def far(client: httpx.AsyncClient, travel: Travel) -> httpx.AsyncClient:
    """The same client at the other end of such a way."""
    return httpx.AsyncClient(
        transport=Way(client, travel), base_url=client.base_url, headers=client.headers
    )


async def test_what_is_typed_is_saved_once_it_pauses_and_what_is_chosen_at_once(
    opened: Open, example: ModuleType, monkeypatch: pytest.MonkeyPatch, books: Books, book: Book
) -> None:
    monkeypatch.setattr(example, "DEBOUNCE_SECONDS", 0.01)
    editor = await opened()
    for text in ("D", "De", "Deliver after 5 pm"):
        editor.type("memo", text)
    deadline = time.monotonic() + 10
    while editor.shown["rowVersion"] == 1:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
    editor.choose("dueDate", "2026-12-31")
    await editor.settled()

    events = await books.history(book.book_id, INVOICE(editor.shown["id"]), after=1)
    assert [event.fact.fields for event in events] == [("memo",), ("due_date",)]  # type: ignore[attr-defined] # both are changes of the header
    assert editor.shown["rowVersion"] == 3


async def test_forty_saves_are_under_way_together(
    client: httpx.AsyncClient, loaded: dict[str, Any], example: ModuleType
) -> None:
    """So they take little more than one round trip: ``make bench B=auto_save`` tells the time."""
    on_their_way = asyncio.Barrier(40)

    async def wait(request: httpx.Request, arrive: Arrive) -> httpx.Response:
        await on_their_way.wait()
        return await arrive(request)

    async with far(client, wait) as patient:
        editor = example.Editor(patient, f"/api/invoices/{loaded['id']}", loaded)
        for number in range(40):
            editor.choose("memo", f"number {number}")
        await editor.settled()

    assert (editor.shown["memo"], editor.shown["rowVersion"]) == ("number 39", 41)


async def test_lost_answers_are_asked_for_again_and_nothing_is_done_twice(
    client: httpx.AsyncClient, loaded: dict[str, Any], example: ModuleType, books: Books, book: Book
) -> None:
    lost = iter(range(7))

    async def lose_the_answer(request: httpx.Request, arrive: Arrive) -> httpx.Response:
        answer = await arrive(request)
        if next(lost, None) is None:
            return answer
        raise httpx.ReadError("the answer is lost")

    async with far(client, lose_the_answer) as unlucky:
        editor = example.Editor(unlucky, f"/api/invoices/{loaded['id']}", loaded)
        for number in range(10):
            editor.choose("memo", f"number {number}")
        await editor.settled()

    events = await books.history(book.book_id, INVOICE(loaded["id"]), after=1)
    assert [event.metadata.edit_seq for event in events] == list(range(1, 11))
    assert editor.shown["memo"] == "number 9"


async def test_a_change_that_overtook_a_slow_one_is_sent_again(
    client: httpx.AsyncClient,
    loaded: dict[str, Any],
    example: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store.parking, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(example, "_PAUSE_SECONDS", 0.01)
    refused = asyncio.Event()

    async def overtake(request: httpx.Request, arrive: Arrive) -> httpx.Response:
        if request.headers["edit-seq"] == "1":
            await refused.wait()
        answer = await arrive(request)
        if answer.status_code == 409:
            refused.set()
        return answer

    async with far(client, overtake) as overtaking:
        editor = example.Editor(overtaking, f"/api/invoices/{loaded['id']}", loaded)
        for number in range(3):
            editor.choose("memo", f"number {number}")
        await editor.settled()

    assert (editor.shown["memo"], editor.shown["rowVersion"]) == ("number 2", 4)
    assert refused.is_set()


async def test_a_session_that_was_forgotten_goes_on_as_a_new_one_with_all_that_was_left(
    opened: Open, monkeypatch: pytest.MonkeyPatch, pool: Pool, books: Books, book: Book
) -> None:
    monkeypatch.setattr(store.parking, "PATIENCE_SECONDS", 0.01)
    editor = await opened()
    editor.choose("memo", "before")
    await editor.settled()
    await pool.execute("delete from store.lanes")

    for number in range(5):
        editor.choose("memo", f"number {number}")
        editor.choose("poNumber", f"{number}")
    await editor.settled()

    assert (editor.refused, editor.conflicts) == ([], [])
    assert (editor.shown["memo"], editor.shown["poNumber"]) == ("number 4", "4")
    events = await books.history(book.book_id, INVOICE(editor.shown["id"]), after=2)
    assert [event.metadata.edit_seq for event in events] == [1]


async def test_a_conflict_can_be_merged_overwritten_or_discarded(opened: Open) -> None:
    theirs, merging, overwriting, discarding = [await opened() for _ in range(4)]
    theirs.choose("memo", "theirs")
    await theirs.settled()
    for editor in (merging, overwriting, discarding):
        editor.choose("memo", "mine")
        editor.choose("poNumber", "1")
        await editor.settled()
        assert [it["pointer"] for it in editor.conflicts] == ["/memo"]
        assert editor.shown["memo"] == "mine"

    await discarding.discard()
    assert (discarding.shown["memo"], discarding.shown["poNumber"]) == ("theirs", "0")

    await merging.merge(memo="theirs and mine")
    await merging.settled()
    assert merging.conflict is None
    assert (merging.shown["memo"], merging.shown["rowVersion"]) == ("theirs and mine", 3)

    await overwriting.overwrite()
    await overwriting.settled()
    assert overwriting.conflict is not None, "meanwhile somebody merged"
    await overwriting.overwrite()
    await overwriting.settled()
    assert overwriting.conflict is None
    assert (overwriting.shown["memo"], overwriting.shown["poNumber"]) == ("mine", "1")


async def test_what_is_refused_does_not_hold_up_the_rest(opened: Open) -> None:
    editor = await opened()
    editor.choose("currency", "euro")
    editor.choose("memo", "mine")
    await editor.settled()

    assert [(fields, problem["status"]) for fields, problem in editor.refused] == [
        ({"currency": "euro"}, 422)
    ]
    assert editor.shown["memo"] == "mine"
