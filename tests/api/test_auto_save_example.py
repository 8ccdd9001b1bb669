"""The reference client of docs/auto-save.md does what the page says."""

import asyncio
import importlib.util
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from typing_extensions import override

import store.parking
from domain.invoice import INVOICE
from store.books import Book, Books
from store.database import Pool

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "auto_save.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("auto_save_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


class Distant(httpx.AsyncBaseTransport):
    """A server far away: half of the way there, half of it back. Some answers never arrive."""

    def __init__(self, near: httpx.AsyncBaseTransport, seconds: float, *, lost: int = 0) -> None:
        self._near = near
        self._seconds = seconds
        self._lost = lost

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._seconds / 2)
        answer = await self._near.handle_async_request(request)
        await asyncio.sleep(self._seconds / 2)
        if self._lost:
            self._lost -= 1
            raise httpx.ReadError("the answer is lost")
        return answer


def distant(client: httpx.AsyncClient, seconds: float, *, lost: int = 0) -> httpx.AsyncClient:
    transport = Distant(client._transport, seconds, lost=lost)
    return httpx.AsyncClient(
        transport=transport, base_url=client.base_url, headers=client.headers, timeout=60
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

    class Patient(Distant):
        @override
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await on_their_way.wait()
            return await super().handle_async_request(request)

    patient = httpx.AsyncClient(
        transport=Patient(client._transport, 0), base_url=client.base_url, headers=client.headers
    )
    async with patient:
        editor = example.Editor(patient, f"/api/invoices/{loaded['id']}", loaded)
        for number in range(40):
            editor.choose("memo", f"number {number}")
        await editor.settled()

    assert (editor.shown["memo"], editor.shown["rowVersion"]) == ("number 39", 41)


async def test_lost_answers_are_asked_for_again_and_nothing_is_done_twice(
    client: httpx.AsyncClient, loaded: dict[str, Any], example: ModuleType, books: Books, book: Book
) -> None:
    async with distant(client, 0.0, lost=7) as far:
        editor = example.Editor(far, f"/api/invoices/{loaded['id']}", loaded)
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

    class Overtaking(Distant):
        @override
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.headers["edit-seq"] == "1":
                await refused.wait()
            answer = await super().handle_async_request(request)
            if answer.status_code == 409:
                refused.set()
            return answer

    overtaking = httpx.AsyncClient(
        transport=Overtaking(client._transport, 0), base_url=client.base_url, headers=client.headers
    )
    async with overtaking:
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
