"""Changes of one open editor follow one another without waiting, and conflict with nobody's own."""

import asyncio
from typing import Any

import httpx
import pytest

import store.parking
from domain.invoice import INVOICE
from store.books import Book, Books

MINE = "ses_mine_0001"
THEIRS = "ses_theirs_01"


def on(version: int | str, seq: int | None = None, session: str | None = MINE) -> dict[str, str]:
    """The headers of a change."""
    headers = {"If-Match": version if isinstance(version, str) else f'"{version}"'}
    if session is not None:
        headers["Edit-Session"] = session
    if seq is not None:
        headers["Edit-Seq"] = str(seq)
    return headers


@pytest.fixture
async def path(client: httpx.AsyncClient) -> str:
    """An invoice at RowVersion 1."""
    created = await client.post("/api/invoices", json={"memo": "base", "poNumber": "0"})
    return f"/api/invoices/{created.json()['id']}"


async def patch(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], **fields: Any
) -> httpx.Response:
    return await client.patch(path, json=fields, headers=headers)


async def test_forty_changes_sent_at_once_in_any_order_are_made_in_their_order(
    client: httpx.AsyncClient, path: str, books: Books, book: Book
) -> None:
    order = [(7 * n) % 40 + 1 for n in range(40)]

    answers = await asyncio.gather(
        *(patch(client, path, on(1, seq), memo=str(seq)) for seq in order)
    )

    assert {it.status_code for it in answers} == {200}
    assert [it.json()["rowVersion"] for it in answers] == [seq + 1 for seq in order]
    events = await books.history(book.book_id, INVOICE(path.rpartition("/")[2]), after=1)
    assert [it.metadata.edit_seq for it in events] == list(range(1, 41))
    assert len({it.recorded_at for it in events}) <= 10, "they share commits"


async def test_a_change_that_is_sent_three_times_is_made_once(
    client: httpx.AsyncClient, path: str
) -> None:
    answers = await asyncio.gather(
        *(patch(client, path, on(1, seq), memo=str(seq)) for seq in (1, 2, 3) for _ in range(3))
    )
    late = await patch(client, path, on(1, 1), memo="1")

    assert {it.status_code for it in answers} == {200}
    assert sorted("idempotent-replayed" in it.headers for it in answers) == [False] * 3 + [True] * 6
    assert (late.json()["rowVersion"], late.json()["memo"]) == (4, "3")
    assert late.headers["Idempotent-Replayed"] == "true"
    assert late.headers["ETag"] == '"4"'


async def test_what_others_changed_meanwhile_is_a_conflict_until_it_is_seen(
    client: httpx.AsyncClient, path: str
) -> None:
    await patch(client, path, on(1, 1), memo="mine")
    await patch(client, path, on(2, 1, THEIRS), memo="theirs")

    second = await patch(client, path, on(1, 2), memo="mine again")
    third = await patch(client, path, on(2, 3), poNumber="1")
    fourth = await patch(client, path, on(3, 4), memo="merged")

    assert [it.status_code for it in (second, third, fourth)] == [409, 409, 200]
    problem = second.json()
    assert problem["code"] == "row-version-conflict"
    assert (problem["baseRowVersion"], problem["currentRowVersion"]) == (1, 3)
    assert problem["current"]["memo"] == "theirs"
    assert [(it["rowVersion"], it["fields"]) for it in problem["changes"]] == [(3, ["/memo"])]
    assert problem["conflicts"] == [
        {"pointer": "/memo", "base": "base", "current": "theirs", "yours": "mine again"}
    ]
    assert (problem["mergeable"], third.json()["mergeable"]) == (False, True)
    assert set(problem["resolve"]) == {"merge", "overwrite", "discard"}
    assert "rebase" in third.json()["resolve"]


async def test_a_refused_change_is_refused_again_and_not_made_later(
    client: httpx.AsyncClient, path: str
) -> None:
    await patch(client, path, on(1, None, None), memo="theirs")
    refused = await patch(client, path, on(1, 1), memo="mine")
    again = await patch(client, path, on(2, 1), memo="mine")
    following = await patch(client, path, on(2, 2), memo="merged")

    assert (refused.status_code, again.status_code, following.status_code) == (409, 409, 200)
    assert again.json()["code"] == refused.json()["code"]
    assert following.json()["rowVersion"] == 3


async def test_rebasing_applies_a_change_over_changes_of_other_fields(
    client: httpx.AsyncClient, path: str
) -> None:
    await patch(client, path, on(1, None, None), memo="theirs")
    rebase = {"Prefer": "conflict=rebase"}

    other = await patch(client, path, {**on(1, 1), **rebase}, poNumber="1")
    same = await patch(client, path, {**on(1, 2), **rebase}, memo="mine")
    equal = await patch(client, path, {**on(1, None, None), **rebase}, memo="theirs")
    group = await patch(client, path, {**on(1, None, None), **rebase}, dueDate="2026-12-01")

    assert (other.status_code, other.json()["rowVersion"]) == (200, 3)
    assert other.headers["Preference-Applied"] == "conflict=rebase"
    assert (other.json()["memo"], other.json()["poNumber"]) == ("theirs", "1")
    assert (same.status_code, same.json()["conflicts"][0]["pointer"]) == (409, "/memo")
    assert (equal.status_code, equal.json()["rowVersion"]) == (200, 3)
    assert group.status_code == 200


async def test_nothing_is_rebased_over_a_transition_or_within_a_group(
    client: httpx.AsyncClient, path: str
) -> None:
    rebase = {"Prefer": "conflict=rebase"}
    await patch(client, path, on(1, None, None), currency="EUR")

    grouped = await patch(client, path, {**on(1, 1), **rebase}, customerId="12")
    deleted = await client.delete(path, headers=on(2, None, None))
    gone = await patch(client, path, {**on(1, 2), **rebase}, memo="mine")

    assert (grouped.status_code, grouped.json()["code"]) == (409, "row-version-conflict")
    assert (deleted.status_code, gone.status_code) == (204, 404)


async def test_lines_that_others_took_away_are_a_conflict(
    client: httpx.AsyncClient, path: str
) -> None:
    added = await client.post(f"{path}/lines", json={"description": "Stove"}, headers=on(1))
    line = f"{path}/lines/{added.json()['lines'][0]['id']}"
    await client.delete(line, headers=on(2, None, None))

    rebased = {**on(2, 1), "Prefer": "conflict=rebase"}
    answer = await client.patch(line, json={"quantity": "2"}, headers=rebased)

    assert (answer.status_code, answer.json()["mergeable"]) == (409, False)


async def test_a_gap_that_is_not_closed_in_time_is_told(
    client: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.parking, "PATIENCE_SECONDS", 0.1)

    answer = await patch(client, path, on(1, 3), memo="3")

    assert (answer.status_code, answer.json()["code"]) == (409, "sequence-gap")
    assert answer.json()["expectedSeq"] == 1


async def test_a_request_that_is_refused_as_invalid_has_its_turn(
    client: httpx.AsyncClient, path: str
) -> None:
    invalid, malformed, unversioned, valid = await asyncio.gather(
        patch(client, path, on(1, 1), memo=7),
        client.patch(path, content=b"{", headers=on(1, 2) | {"content-type": "application/json"}),
        client.patch(path, json={"memo": "3"}, headers={"Edit-Session": MINE, "Edit-Seq": "3"}),
        patch(client, path, on(1, 4), memo="4"),
    )
    corrected = await patch(client, path, on(1, 1), memo="7")

    assert [it.status_code for it in (invalid, malformed, unversioned)] == [422, 400, 428]
    assert (valid.status_code, valid.json()["rowVersion"]) == (200, 2)
    assert (corrected.status_code, corrected.json()["code"]) == (409, "edit-seq-used")


@pytest.mark.usefixtures("seller")
async def test_line_edits_and_transitions_take_the_same_lane(
    client: httpx.AsyncClient, path: str
) -> None:
    await client.post("/api/customers", json={"id": "ACME", "name": "Acme", "country": "DE"})
    line = {"description": "Stove", "quantity": "1", "unitPrice": "10", "taxRate": "19"}

    posted, added, changed = await asyncio.gather(
        client.post(f"{path}/post", headers=on(1, 3)),
        client.post(f"{path}/lines", json=line, headers=on(1, 2)),
        patch(client, path, on(1, 1), customerId="ACME", currency="EUR"),
    )

    assert [it.status_code for it in (changed, added, posted)] == [200, 201, 200], posted.text
    assert posted.json()["status"] == "Posted"


async def test_a_session_of_another_key_is_another_session(
    client: httpx.AsyncClient, path: str
) -> None:
    key = await client.post("/api/api-keys", json={"name": "other", "scopes": ["read", "commands"]})
    other = {"Authorization": f"Bearer {key.json()['key']}"}
    await patch(client, path, on(1, 1), memo="mine")

    answer = await patch(client, path, on(1, 1) | other, memo="theirs")

    assert answer.status_code == 409


async def test_an_overwrite_on_purpose_needs_no_row_version(
    client: httpx.AsyncClient, path: str
) -> None:
    await patch(client, path, on(1, None, None), memo="theirs")

    answer = await patch(client, path, on("*", 1), memo="mine")

    assert (answer.status_code, answer.json()["memo"]) == (200, "mine")


async def test_what_must_not_exist_yet_fails_its_precondition(client: httpx.AsyncClient) -> None:
    body = {"id": "ACME", "name": "Acme"}
    await client.post("/api/customers", json=body)

    plain = await client.post("/api/customers", json=body)
    conditional = await client.post("/api/customers", json=body, headers={"If-None-Match": "*"})

    assert (plain.status_code, conditional.status_code) == (409, 412)
    assert conditional.json()["code"] == "precondition-failed"
