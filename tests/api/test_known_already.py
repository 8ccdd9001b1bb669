"""``If-None-Match``: 304 for whoever has the entity as it is, and never for one that has not."""

from unittest.mock import Mock

import httpx
import pytest

import api.invoice_replies
from tests.api.test_invoices import ACME, LINE, create

INVOICES = "/api/invoices"


@pytest.mark.usefixtures("seller")
async def test_an_invoice_that_became_overdue_is_told_again_though_its_row_version_is_the_same(
    client: httpx.AsyncClient,
) -> None:
    await client.put("/api/sandbox/clock", json={"now": "2026-11-01T12:00:00Z"})
    await client.post("/api/customers", json=ACME)
    draft = await create(
        client, customerId="ACME", currency="EUR", dueDate="2026-11-30", lines=[LINE]
    )
    path = f"{INVOICES}/{draft['id']}"
    posted = (await client.post(f"{path}/post", headers={"If-Match": "*"}, json={})).json()
    seen = {"If-None-Match": f'"{posted["rowVersion"]}"'}
    assert posted["overdue"] is False
    assert (await client.get(path, headers=seen)).status_code == 304

    await client.put("/api/sandbox/clock", json={"now": "2026-12-01T12:00:00Z"})
    later = await client.get(path, headers=seen)

    assert (later.status_code, later.json()["overdue"]) == (200, True)
    assert later.headers["cache-control"] == "private, no-store"


async def test_a_past_version_whose_note_was_redacted_since_is_told_again(
    client: httpx.AsyncClient,
) -> None:
    created = (await client.post(INVOICES, json={"memo": "a"})).json()
    path = f"{INVOICES}/{created['id']}"
    noted = await client.post(f"{path}/notes", json={"text": "secret"}, headers={"If-Match": '"1"'})
    note = noted.json()["notes"][0]["id"]
    await client.post(f"{path}/notes/{note}/redact", json={"rowVersion": 2})

    past = await client.get(path, params={"asOf": "2"}, headers={"If-None-Match": '"2"'})

    assert past.status_code == 200
    assert "secret" not in past.text


@pytest.mark.parametrize(
    ("method", "header", "made"),
    [
        ("GET", ("If-None-Match", '"1"'), 0),
        ("GET", ("If-None-Match", '"2"'), 1),
        ("GET", ("Prefer", "return=minimal"), 1),
        ("PATCH", ("Prefer", "return=minimal"), 0),
        ("PATCH", ("If-None-Match", '"1"'), 1),
    ],
)
async def test_what_would_be_left_out_of_the_answer_is_not_made(
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    header: tuple[str, str],
    made: int,
) -> None:
    created = (await client.post(INVOICES, json={"memo": "a"})).json()
    show = Mock(side_effect=api.invoice_replies._invoice_out)
    monkeypatch.setattr(api.invoice_replies, "_invoice_out", show)
    body = {"memo": "b", "rowVersion": 1} if method == "PATCH" else None

    answer = await client.request(
        method, f"{INVOICES}/{created['id']}", headers=[header], json=body
    )

    assert answer.is_success or answer.status_code == 304
    assert (show.call_count, bool(answer.content)) == (made, bool(made))
