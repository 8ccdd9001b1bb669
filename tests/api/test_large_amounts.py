"""Amounts of more digits than Python's decimals keep by themselves are exact everywhere."""

from decimal import Context, Decimal
from typing import Any

import httpx
import pytest

from tests.api.dealings import customer, done, invoice

EXACT = Context(prec=100)
LINE = {
    "description": "Ocean",
    "quantity": "100000000000001",
    "unitPrice": "29631255821667.13",
    "taxRate": "19",
}
DAYS = "from=2000-01-01&to=2099-12-31"


async def sums(client: httpx.AsyncClient) -> dict[str, Decimal]:
    """What each report says that ACME was sold and owes."""

    async def report(name: str) -> dict[str, Any]:
        answer = await client.get(f"/api/reports/{name}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    sold = (await report(f"sales?by=customer&{DAYS}"))["items"]
    taxes = (await report(f"tax?{DAYS}"))["items"]
    aged = (await report("ageing"))["items"]
    listed = (await client.get("/api/customers")).json()["items"][0]["balances"]
    told = {
        "sold": [it["net"] for it in sold],
        "taxed": [it["base"] for it in taxes],
        "tax": [it["tax"] for it in taxes],
        "owed": [it["balance"] for it in aged],
        "balance": [it["balance"] for it in listed],
    }
    return {name: sum_of(values) for name, values in told.items()}


def sum_of(values: list[str]) -> Decimal:
    found = Decimal(0)
    for value in values:
        found = EXACT.add(found, Decimal(value))
    return found


@pytest.mark.usefixtures("seller")
async def test_reports_are_exact_beyond_twenty_eight_digits(client: httpx.AsyncClient) -> None:
    await customer(client)
    posted = await invoice(client, LINE)

    totals = {name: Decimal(posted["totals"][name]) for name in ("net", "tax", "gross")}
    net = EXACT.multiply(Decimal(LINE["quantity"]), Decimal(LINE["unitPrice"]))
    assert len(totals["net"].as_tuple().digits) > 28
    assert totals["net"] == net
    assert await sums(client) == {
        "sold": totals["net"],
        "taxed": totals["net"],
        "tax": totals["tax"],
        "owed": totals["gross"],
        "balance": totals["gross"],
    }

    await done(client, "/api/invoices", "void", posted, reason="Typing error")

    assert not any((await sums(client)).values())
