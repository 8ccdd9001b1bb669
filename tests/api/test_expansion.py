"""``?expand=``: members that the items of a list have only as whole entities."""

from typing import Any

import httpx
import pytest

from tests.api.dealings import customer, invoice, made, payment

PLACE = "/api/invoices"
EVERYTHING = ("lines", "addresses", "attachments", "settlements", "credits")


async def opened(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post(PLACE, json=fields)
    assert answer.status_code == 201, answer.text
    invoice: dict[str, Any] = answer.json()
    return invoice


async def listed(client: httpx.AsyncClient, query: str, place: str = PLACE) -> list[dict[str, Any]]:
    answer = await client.get(f"{place}?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture
async def invoices(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Two drafts, the newest first."""
    line = {"quantity": "2", "unitPrice": "9.50", "code": "STOVE-7"}
    first = await opened(
        client, memo="one", lines=[line, {"kind": "comment", "description": "thanks"}]
    )
    second = await opened(client, memo="two", addresses=[{"kind": "serviceAt", "city": "Bonn"}])
    return [second, first]


async def test_what_is_expanded_is_what_the_invoice_itself_shows(
    client: httpx.AsyncClient, invoices: list[dict[str, Any]]
) -> None:
    items = await listed(client, f"expand={','.join(EVERYTHING)}")

    assert [it["id"] for it in items] == [it["id"] for it in invoices]
    assert [{name: it[name] for name in EVERYTHING} for it in items] == [
        {name: it[name] for name in EVERYTHING} for it in invoices
    ]
    assert [len(it["lines"]) for it in items] == [0, 2]


async def test_only_what_is_asked_for_is_added(
    client: httpx.AsyncClient, invoices: list[dict[str, Any]]
) -> None:
    plain = await listed(client, "limit=200")
    items = await listed(client, "expand=lines")
    chosen = await listed(client, "fields=id&expand=lines%2Ccredits")

    assert not {*EVERYTHING} & plain[0].keys()
    assert [{**bare, "lines": it["lines"]} for bare, it in zip(plain, invoices, strict=True)] == (
        items
    )
    assert chosen == [{"id": it["id"], "lines": it["lines"], "credits": []} for it in invoices]


async def test_a_page_that_follows_is_expanded_as_well(
    client: httpx.AsyncClient, invoices: list[dict[str, Any]]
) -> None:
    answer = await client.get(f"{PLACE}?expand=lines&limit=1")
    follows = (await client.get(answer.links["next"]["url"])).json()["items"]

    assert [it["lines"] for it in follows] == [invoices[1]["lines"]]


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("expand=colour", [("expand", "unknown-field")]),
        ("expand=", [("expand", "unknown-field")]),
        ("expand=lines,", [("expand", "unknown-field")]),
        ("expand=lines&limit=51", [("limit", "out-of-range")]),
        ("expand=x&limit=200", [("expand", "unknown-field"), ("limit", "out-of-range")]),
        ("expand=lines&expand=credits", [("expand", "duplicate-parameter")]),
        ("fields=lines", [("fields", "unknown-field")]),
    ],
)
async def test_what_cannot_be_expanded_is_refused_and_what_can_is_named(
    client: httpx.AsyncClient, query: str, faults: list[tuple[str, str]]
) -> None:
    answer = await client.get(f"{PLACE}?{query}")

    assert answer.status_code == 400
    assert [(it["parameter"], it["code"]) for it in answer.json()["errors"]] == faults
    if query == "expand=colour":
        assert "lines, addresses" in answer.json()["errors"][0]["detail"]


@pytest.mark.usefixtures("seller")
async def test_payments_and_credit_notes_are_expanded_by_what_became_of_them(
    client: httpx.AsyncClient,
) -> None:
    await customer(client)
    paid = await invoice(client)
    wanted = [{"invoiceId": paid["id"], "amount": "30"}]
    received = await payment(client, allocations=wanted)
    credited = await made(client, "/api/credit-notes", invoiceId=paid["id"])

    payments = await listed(client, "expand=allocations,refunds", "/api/payments")
    notes = await listed(client, "fields=id&expand=lines,allocations", "/api/credit-notes")

    assert [it["allocations"] for it in payments] == [received["allocations"]]
    assert (len(received["allocations"]), payments[0]["refunds"]) == (1, [])
    assert notes == [{"id": credited["id"], "lines": credited["lines"], "allocations": []}]
    assert len(credited["lines"]) == 1


async def test_a_list_without_anything_to_expand_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/customers?expand=lines")

    assert answer.json()["errors"][0]["code"] == "unknown-parameter"
