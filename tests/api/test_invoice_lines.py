"""Lines of every kind: their fields, their defaults and their serial numbers."""

from typing import Any

import httpx
import pytest

from tests.api.dealings import at, customer, problems

FULL: dict[str, dict[str, Any]] = {
    "item": {"bin": "A-7", "coreCharge": "5", "returnable": False, "lot": "L1", "listPrice": "9"},
    "model": {
        "brand": "Glow",
        "category": "stoves",
        "color": "white",
        "quantityShipped": "1",
        "gtin": "4006381333931",
        "weight": "40.5",
        "specialOrder": True,
        "deliveryDate": "2026-12-01",
        "locationCode": "HH",
    },
    "labor": {
        "technicianCode": "T1",
        "serviceDate": "2026-11-20",
        "startedAt": "2026-11-20T08:00:00Z",
        "endedAt": "2026-11-20T09:30:00Z",
        "warrantyClaim": True,
    },
    "misc": {"miscType": "delivery", "appliesTo": "document", "reasonCode": "FC"},
    "warranty": {"termMonths": 24, "provider": "Safe", "deductible": "10", "deferredRevenue": True},
    "package": {"printComponents": False},
    "comment": {"printPosition": "footer", "language": "de"},
}
BILLED = {
    "quantity": "2",
    "uom": "C62",
    "unitPrice": "10",
    "priceQuantity": "1",
    "discountPercent": "10",
    "discountReason": "Regular",
    "chargeAmount": "1",
    "chargeReason": "Packing",
    "tripNo": 1,
    "cost": "4",
    "glAccount": "4000",
    "periodStart": "2026-11-01",
    "periodEnd": "2026-11-30",
}


async def draft(client: httpx.AsyncClient, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/invoices", json={"currency": "EUR", "lines": lines, **fields})
    assert answer.status_code == 201, answer.text
    invoice: dict[str, Any] = answer.json()
    return invoice


async def test_every_kind_keeps_and_shows_its_own_fields(client: httpx.AsyncClient) -> None:
    sent = [
        {"kind": kind, "code": kind.upper(), "description": kind, **own}
        | ({} if kind == "comment" else BILLED)
        for kind, own in FULL.items()
    ]

    invoice = await draft(client, *sent)

    for body, line in zip(sent, invoice["lines"], strict=True):
        assert body.items() <= line.items()
        others = {name for kind, own in FULL.items() if kind != line["kind"] for name in own}
        assert not (others - FULL[line["kind"]].keys() - {"listPrice", "locationCode"}) & {*line}
        assert ("net" in line) == (line["kind"] != "comment")
    assert [it["lineNo"] for it in invoice["lines"]] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("kind", FULL)
async def test_a_field_that_a_kind_does_not_have_is_refused_by_name(
    client: httpx.AsyncClient, kind: str
) -> None:
    foreign = {"brand": "x"} if kind != "model" else {"bin": "x"}

    answer = await client.post("/api/invoices", json={"lines": [{}, {"kind": kind, **foreign}]})

    [name] = foreign
    assert problems(answer) == [("line-kind", f"/lines/1/{name}")]


async def test_taxes_are_sent_in_one_way(client: httpx.AsyncClient) -> None:
    body = {"lines": [{"taxRate": "19", "taxCode": "X"}]}

    assert problems(await client.post("/api/invoices", json=body)) == [
        ("taxes-twice", "/lines/0/taxCode")
    ]


async def test_tax_codes_are_resolved_and_those_that_are_missing_named(
    client: httpx.AsyncClient,
) -> None:
    code = {"id": "STD", "name": "Standard", "rate": "19"}
    made = await client.post("/api/tax-codes", json=code)
    assert made.status_code == 201, made.text

    invoice = await draft(client, {"taxCode": "STD"}, {"taxCodes": ["STD"]}, taxCodes=["STD"])
    refused = await client.post(
        "/api/invoices", json={"lines": [{}, {"taxCodes": ["STD", "NO"]}, {"taxCode": "NEITHER"}]}
    )

    assert [it["taxes"][0]["code"] for it in invoice["lines"]] == ["STD", "STD"]
    assert invoice["taxes"][0]["rate"] == "19"
    assert problems(refused) == [
        ("tax-code", "/lines/1/taxCodes/1"),
        ("tax-code", "/lines/2/taxCodes/0"),
    ]


async def test_a_code_gives_what_was_not_sent(client: httpx.AsyncClient) -> None:
    product = {"id": "HOSE", "description": "Gas hose", "unitPrice": "19.90", "uom": "MTR"}
    assert (await client.post("/api/products", json=product)).status_code == 201

    invoice = await draft(client, {"code": "HOSE", "unitPrice": None}, {"description": "Mine"})
    path = f"/api/invoices/{invoice['id']}/lines/{invoice['lines'][1]['id']}"
    changed = await client.patch(path, json={"code": "HOSE"}, headers=at(3))

    given, mine = changed.json()["lines"]
    assert (given["description"], given["uom"], given["unitPrice"]) == ("Gas hose", "MTR", None)
    assert (mine["description"], mine["uom"], mine["unitPrice"]) == ("Mine", "MTR", "19.90")


async def test_lines_of_one_request_mean_each_other_by_ref(client: httpx.AsyncClient) -> None:
    invoice = await draft(
        client,
        {"kind": "package", "components": [{"lineId": "a", "sharePercent": "100"}]},
        {"kind": "model", "code": "STOVE", "ref": "a"},
        {"kind": "warranty", "covers": [{"lineId": "a"}]},
        {"kind": "item", "forLineId": "a"},
    )

    package, model, warranty, item = invoice["lines"]
    assert package["components"][0]["lineId"] == model["id"]
    assert warranty["covers"][0]["lineId"] == item["forLineId"] == model["id"]
    twice = await client.post("/api/invoices", json={"lines": [{"ref": "a"}, {"ref": "a"}]})
    assert problems(twice) == [("duplicate-ref", "/lines")]


async def test_a_serial_number_is_sold_once(client: httpx.AsyncClient) -> None:
    stove = {"kind": "model", "code": "STOVE", "serials": [{"serialNumber": "SN 1"}]}
    first = await draft(client, stove)
    other = await draft(client, {"kind": "model", "code": "STOVE"})
    path = f"/api/invoices/{other['id']}/lines/{other['lines'][0]['id']}/serials"
    body = {"serialNumber": "SN 1", "condition": "used"}

    refused = await client.post(path, json=body, headers=at(other["rowVersion"]))
    again = await client.post("/api/invoices", json={"lines": [stove]})
    line = first["lines"][0]
    place = f"/api/invoices/{first['id']}/lines/{line['id']}"
    free = await client.delete(
        f"{place}/serials/{line['serials'][0]['id']}", headers=at(first["rowVersion"])
    )
    taken = await client.post(path, json=body, headers=at(other["rowVersion"]))

    assert problems(refused) == [("P28", "/lines/0/serials/0/serialNumber")]
    assert problems(again) == [("P28", "/lines/0/serials/0/serialNumber")]
    assert free.json()["lines"][0]["serials"] == []
    assert taken.status_code == 201
    assert taken.json()["lines"][0]["serials"][0]["condition"] == "used"
    removed = await client.delete(
        f"/api/invoices/{other['id']}/lines/{other['lines'][0]['id']}",
        headers=at(taken.json()["rowVersion"]),
    )
    assert removed.json()["lines"] == []
    assert (await client.post("/api/invoices", json={"lines": [stove]})).status_code == 201


async def test_lines_are_put_in_order(client: httpx.AsyncClient) -> None:
    invoice = await draft(client, {"code": "A"}, {"code": "B"})
    ids = [it["id"] for it in invoice["lines"]]
    path = f"/api/invoices/{invoice['id']}/lines/order"

    ordered = await client.put(path, json={"lineIds": ids[::-1]}, headers=at(3))
    wrong = await client.put(path, json={"lineIds": ids[:1]}, headers=at(4))

    assert [(it["code"], it["lineNo"]) for it in ordered.json()["lines"]] == [("B", 1), ("A", 2)]
    assert problems(wrong) == [("lines-order", "/lineIds")]


async def test_a_draft_names_all_customers_codes_at_once(client: httpx.AsyncClient) -> None:
    await customer(client)

    invoice = await draft(client, *({"code": f"C{it}"} for it in range(200)), customerId="ACME")

    assert len(invoice["lines"]) == 200
