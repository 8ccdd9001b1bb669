"""Every event is recorded with who caused it, by which request, and what the client said of it."""

from collections.abc import Mapping

import httpx
import pytest

from domain.invoice import INVOICE
from store.books import Book, Books
from store.recorded import Metadata, Recorded

SAID = {
    "X-Request-Id": "req-7",
    "X-Correlation-Id": "order:4711",
    "X-Causation-Id": "evt_01JD0Z",
    "Edit-Session": "ses_01JD0Z7K",
    "Edit-Seq": "3",
    "X-Change-Reason": "asked by phone",
}


async def recorded(
    client: httpx.AsyncClient, books: Books, book: Book, said: Mapping[str, str | bytes]
) -> list[Recorded]:
    """The events of a draft that is made with these headers."""
    headers = [(k.encode(), v.encode() if isinstance(v, str) else v) for k, v in said.items()]
    body = {"lines": [{"description": "Stove"}]}
    answer = await client.post("/api/invoices", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return await books.history(book.book_id, INVOICE(answer.json()["id"]))


async def test_every_event_of_a_request_says_what_the_client_said(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    events = await recorded(client, books, book, SAID)

    assert len(events) == 2
    assert {event.metadata for event in events} == {
        Metadata(
            actor=events[0].metadata.actor,
            request_id="req-7",
            correlation_id="order:4711",
            causation_id="evt_01JD0Z",
            edit_session="ses_01JD0Z7K",
            edit_seq=3,
            reason="asked by phone",
        )
    }
    assert events[0].metadata.actor.startswith("key_")


async def test_a_request_that_says_nothing_is_the_whole_business_action(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    metadata = (await recorded(client, books, book, {}))[0].metadata

    assert metadata.request_id
    assert metadata.correlation_id == metadata.request_id
    assert (metadata.causation_id, metadata.edit_session, metadata.edit_seq) == (None,) * 3


@pytest.mark.parametrize("sent", ["Kundenwunsch: größer".encode(), "größer".encode("latin-1")])
async def test_a_reason_may_be_in_any_language(
    client: httpx.AsyncClient, books: Books, book: Book, sent: bytes
) -> None:
    events = await recorded(client, books, book, {"X-Change-Reason": sent})

    assert (events[0].metadata.reason or "").endswith("größer")


@pytest.mark.parametrize(
    "header",
    [
        ("X-Correlation-Id", "two words"),
        ("X-Correlation-Id", "x" * 129),
        ("X-Correlation-Id", ""),
        ("X-Causation-Id", "<evt>"),
        ("Edit-Session", "short"),
        ("Edit-Session", "x" * 65),
        ("Edit-Seq", "0"),
        ("Edit-Seq", "-1"),
        ("Edit-Seq", "1.5"),
        ("Edit-Seq", "9" * 16),
        ("X-Change-Reason", "x" * 201),
        ("X-Change-Reason", ""),
        ("X-Change-Reason", "a\tb"),
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "x" * 256),
    ],
)
@pytest.mark.parametrize("query", ["", "?dryRun=true"])
async def test_a_malformed_header_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, books: Books, book: Book, query: str, header: tuple[str, str]
) -> None:
    name, value = header
    answer = await client.post(
        f"/api/invoices{query}", json={}, headers={"Edit-Session": "ses_01JD0Z7K", name: value}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
    assert name in answer.json()["detail"]
    assert await books.head(book.book_id) == 0


async def test_a_sequence_without_its_session_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/invoices", json={}, headers={"Edit-Seq": "1"})

    assert answer.status_code == 400
    assert "Edit-Session" in answer.json()["detail"]
