"""The list of invoices: its filters, chosen members, and how fresh it has to be."""

from typing import Any

import httpx
import pytest

PLACE = "/api/invoices"


async def opened(client: httpx.AsyncClient, **fields: Any) -> str:
    answer = await client.post(PLACE, json=fields)
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def listed(client: httpx.AsyncClient, query: str) -> list[str]:
    answer = await client.get(f"{PLACE}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_every_field_filters(client: httpx.AsyncClient) -> None:
    dates = {"issueDate": "2026-11-01", "dueDate": "2026-11-30"}
    line = {"quantity": "1", "unitPrice": "100"}
    one = await opened(
        client, customerId="12", currency="EUR", poNumber="PO 1", reference="R1", lines=[line]
    )
    two = await opened(client, customerId="13", currency="USD", poNumber="PX 2", **dates)

    for query, found in (
        ("customerId.eq=12", one),
        ("customerId.startswith=13", two),
        ("currency.in=USD,GBP", two),
        ("poNumber.like=PO*", one),
        ("poNumber.startswith=PX", two),
        ("reference.eq=R1", one),
        ("issueDate.between=2026-10-01,2026-11-01", two),
        ("dueDate.gte=2026-11-30", two),
        ("gross.gt=99", one),
        ("balance.eq=0&gross.lt=1", two),
        (f"id.eq={one}", one),
        ("status.eq=Draft&dueDate.isnull=true", one),
    ):
        assert await listed(client, query) == [found], query


async def test_only_the_chosen_members_are_given(client: httpx.AsyncClient) -> None:
    id_ = await opened(client, memo="x")

    page = (await client.get(f"{PLACE}?fields=id,status")).json()

    assert page["items"] == [{"id": id_, "status": "Draft"}]


async def test_a_client_chooses_how_fresh_a_list_has_to_be(client: httpx.AsyncClient) -> None:
    id_ = await opened(client)

    latest = (await client.get(f"{PLACE}?consistency=latest")).json()
    after = (await client.get(PLACE, headers={"Read-After": str(latest["asOf"])})).json()
    eventual = (await client.get(f"{PLACE}?consistency=eventual")).json()

    assert [it["id"] for it in latest["items"]] == [id_]
    assert (latest["asOf"], after["items"]) == (1, latest["items"])
    assert eventual["asOf"] >= 1


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("consistency=strong", {}),
        ("", {"Read-After": "soon"}),
        ("", {"Read-After": "9" * 40}),
        ("", {"Read-After": "-1"}),
    ],
)
async def test_a_freshness_that_does_not_exist_is_refused(
    client: httpx.AsyncClient, query: str, headers: dict[str, str]
) -> None:
    answer = await client.get(f"{PLACE}?{query}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
