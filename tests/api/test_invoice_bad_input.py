"""Whatever is sent to any route of invoices: a problem that says what to do, never a 500."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from domain.facts.lines import KINDS
from store.public import public_name
from tests.api.dealings import at
from tests.documents import published

BODIES: dict[str, bytes] = {
    "a bomb of depth": b'{"memo":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "an unfinished bomb": b"[" * 100_000,
    "NUL": b'{"reason": "\\u0000"}',
    "half of a surrogate pair": b'{"reason": "\\ud800"}',
    "no UTF-8": b'{"reason": "\xff"}',
    "a list": b"[]",
    "a number": b"7",
    "a string": b'"x"',
    "an unknown field": b'{"no such field": 1}',
    "a key twice": b'{"reason": "a", "reason": "b"}',
    "NaN": b'{"rowVersion": NaN}',
    "a huge number": b'{"rowVersion": 1e400}',
    "many digits": b'{"rowVersion": ' + b"9" * 5000 + b"}",
    "a RowVersion as text": b'{"rowVersion": "1"}',
    "a negative RowVersion": b'{"rowVersion": -1}',
    "no JSON": b"reason=x",
}


def routes() -> Iterator[tuple[str, str]]:
    """Every route of invoices that takes a JSON body."""
    for path, operations in published()["paths"].items():
        for method, operation in operations.items():
            media = operation.get("requestBody", {}).get("content", {})
            if path.startswith("/api/invoices") and "application/json" in media:
                yield method.upper(), path


@pytest.mark.parametrize(("method", "path"), list(routes()))
async def test_every_route_refuses_every_bad_body(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    draft = (await client.post("/api/invoices", json={"lines": [{}]})).json()
    names = {"{invoice_id}": draft["id"], "{line_id}": draft["lines"][0]["id"], "{kind}": "payee"}
    for name, value in names.items():
        path = path.replace(name, value)
    path = path.replace("{", "").replace("}", "")

    for what, body in BODIES.items():
        headers = {**at(draft["rowVersion"]), "Content-Type": "application/json"}
        answer = await client.request(method, path, content=body, headers=headers)
        assert answer.status_code in {400, 422}, (what, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", what
    as_text = {**at(draft["rowVersion"]), "Content-Type": "text/plain"}
    answer = await client.request(method, path, content=b"{}", headers=as_text)
    assert answer.status_code == 415
    now = (await client.get(f"/api/invoices/{draft['id']}")).json()
    assert now == draft


def owner(name: str) -> str:
    """A kind of line that has the field."""
    kinds = (kind for kind, type_ in KINDS.items() if name in map(public_name, fields_of(type_)))
    return next(kinds, "item")


def fields_of(type_: type[msgspec.Struct]) -> tuple[str, ...]:
    return type_.__struct_fields__


@pytest.mark.parametrize("wrong", [None, 1, 1.5, True, "x" * 20_000, [], {}, "\u202e", "1e5", "-"])
async def test_every_field_of_a_draft_bears_every_kind_of_value(
    client: httpx.AsyncClient, wrong: Any
) -> None:
    components = published()["components"]["schemas"]
    lists = {"lines", "addresses", "notes", "tables", "taxOverrides"}

    for name in components["InvoiceIn"]["properties"]:
        answer = await client.post("/api/invoices", json={name: wrong})
        assert answer.status_code in {201, 422}, (name, answer.text)
    for name in components["LineIn"]["properties"]:
        line = {"kind": owner(name), name: wrong}
        answer = await client.post("/api/invoices?dryRun=true", json={"lines": [line]})
        assert answer.status_code in {200, 422}, (name, answer.text)
    for name in lists:
        answer = await client.post("/api/invoices", json={name: [wrong]})
        assert answer.status_code in {201, 422}, (name, answer.text)


async def test_extreme_values_never_break_the_sums(client: httpx.AsyncClient) -> None:
    line = {
        "quantity": "999999999999999.999999",
        "unitPrice": "999999999999999.999999",
        "priceQuantity": "0.000001",
        "taxRate": "100",
        "discountPercent": "100",
        "chargeAmount": "-999999999999999.9999",
    }
    body = {"lines": [line] * 20, "exchangeRate": "999999999999.999999999999", "currency": "JPY"}

    answer = await client.post("/api/invoices", json={**body, "discountAmount": "999999999999999"})

    assert answer.status_code in {201, 422}, answer.text
    zero = await client.post("/api/invoices", json={"lines": [{**line, "priceQuantity": "0"}]})
    assert zero.status_code in {201, 422}, zero.text
    for draft in (it.json() for it in (answer, zero) if it.status_code == 201):
        posted = await client.post(
            f"/api/invoices/{draft['id']}/post", headers=at(draft["rowVersion"])
        )
        assert posted.status_code == 422, posted.text
