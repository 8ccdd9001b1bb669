from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.api.dealings import LINE, at, customer, invoice, payment, problems

PERIODS = "/api/periods"


async def act(
    client: httpx.AsyncClient, month: str, command: str, version: int, **body: Any
) -> httpx.Response:
    return await client.post(f"{PERIODS}/{month}/{command}", json=body, headers=at(version))


async def test_a_month_that_nobody_touched_is_unlocked(client: httpx.AsyncClient) -> None:
    month = (await client.get(f"{PERIODS}/2026-01")).json()

    assert (month["status"], month["rowVersion"]) == ("Unlocked", 0)
    assert month["availableActions"] == ["open", "lockSales", "lock"]
    assert (await client.get(f"{PERIODS}/2026-01/events")).json()["items"] == []
    for wrong in ("2026-13", "2026-1", "0000-01", "9999-12", "november"):
        answer = await client.get(f"{PERIODS}/{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")


async def test_a_month_is_locked_reopened_and_closed(client: httpx.AsyncClient) -> None:
    opened = await act(client, "2026-01", "open", 0)
    again = await act(client, "2026-01", "open", 1)
    sales = await act(client, "2026-01", "lock-sales", 1, reason="Taxes")
    early = await act(client, "2026-01", "close", 2)
    locked = await act(client, "2026-01", "lock", 2)
    back = await act(client, "2026-01", "reopen", 3, reason="Forgot one")
    locked = await act(client, "2026-01", "lock", 4)
    closed = await act(client, "2026-01", "close", 5)
    over = await act(client, "2026-01", "reopen", 6, reason="No")

    assert (opened.json()["status"], opened.json()["rowVersion"]) == ("Unlocked", 1)
    assert (again.status_code, again.json()["current"]) == (409, opened.json())
    assert (sales.json()["status"], sales.json()["reason"]) == ("SalesLocked", "Taxes")
    assert (early.status_code, early.json()["code"]) == (409, "invalid-transition")
    assert (back.json()["status"], locked.json()["status"]) == ("Unlocked", "Locked")
    assert (closed.json()["status"], closed.json()["availableActions"]) == ("Closed", [])
    assert (over.status_code, over.json()["current"]) == (409, closed.json())
    page = (await client.get(f"{PERIODS}?status.eq=Closed&fields=id,status")).json()
    assert page["items"] == [{"id": "2026-01", "status": "Closed"}]


async def test_what_was_never_locked_can_neither_be_reopened_nor_closed(
    client: httpx.AsyncClient,
) -> None:
    for command, body in (("reopen", {"reason": "x"}), ("close", {})):
        answer = await act(client, "2026-02", command, 0, **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid-transition")
        assert answer.json()["availableActions"] == ["open", "lockSales", "lock"]


@pytest.mark.usefixtures("seller")
async def test_closing_puts_down_what_was_posted_and_names_the_drafts_that_are_left(
    client: httpx.AsyncClient,
) -> None:
    await customer(client)
    await invoice(client)
    await payment(client)
    today = datetime.now(UTC).date()
    month = f"{today:%Y-%m}"
    body = {"customerId": "ACME", "currency": "EUR", "issueDate": str(today), "lines": [LINE]}
    left = (await client.post("/api/invoices", json=body)).json()
    await act(client, month, "lock", 0)

    refused = await act(client, month, "close", 2)
    tried = await client.post(
        f"{PERIODS}/{month}/close?listDrafts=true&dryRun=true", headers={"If-Match": "*"}
    )
    unlocked = (await client.get(f"{PERIODS}/{month}")).json()
    closed = await client.post(f"{PERIODS}/{month}/close?listDrafts=true", headers=at(2))

    assert problems(refused) == [("P11", "/drafts")]
    assert left["id"] in refused.json()["errors"][0]["detail"]
    assert unlocked["status"] == "Locked"
    assert closed.json()["draftsLeft"] == tried.json()["draftsLeft"] == [left["id"]]
    assert closed.json()["totals"] == [
        {
            "currency": "EUR",
            "invoices": 1,
            "net": "100.00",
            "tax": "19.00",
            "gross": "119.00",
            "creditNotes": 0,
            "creditedNet": "0.00",
            "creditedTax": "0.00",
            "creditedGross": "0.00",
        }
    ]


@pytest.mark.usefixtures("seller")
async def test_series_are_proven_gapless_and_tell_who_has_which_number(
    client: httpx.AsyncClient,
) -> None:
    await customer(client)
    first, second = await invoice(client), await invoice(client)

    (series,) = (await client.get("/api/series")).json()["items"]
    path = f"/api/series/{series['id']}"
    one = (await client.get(path)).json()
    page = (await client.get(f"{path}/numbers?limit=1")).json()
    rest = (await client.get(f"{path}/numbers?after={page['nextAfter']}")).json()

    assert {"latest": 2, "count": 2, "gapless": True}.items() <= series.items()
    assert {"latest": 2, "count": 2, "gapless": True, "rowVersion": 2}.items() <= one.items()
    given = [(it["text"], it["documentId"]) for it in (*page["items"], *rest["items"])]
    assert given == [(it["number"], it["id"]) for it in (first, second)]
    assert (await client.get(f"{path}?asOf=1")).json()["latest"] == 1
    assert (await client.get("/api/series/nothing")).status_code == 404
    assert (await client.get("/api/series/nothing/numbers")).status_code == 404
