"""A customer, invoices that are posted, and payments: what most tests about money begin with."""

from typing import Any

import httpx

ACME = {"id": "ACME", "name": "Acme Ltd", "country": "DE"}
LINE = {"description": "Stove", "quantity": "1", "unitPrice": "100", "taxRate": "19"}


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


async def made(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """What was created there, and where it says it is."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    found = await client.get(answer.headers["Location"])
    assert found.json() == created
    assert found.headers["ETag"] == answer.headers["ETag"] == f'"{created["rowVersion"]}"'
    return created


async def done(
    client: httpx.AsyncClient, path: str, command: str, entity: dict[str, Any], **body: Any
) -> dict[str, Any]:
    """The entity after a command that must succeed."""
    answer = await client.post(
        f"{path}/{entity['id']}/{command}", json=body, headers=at(entity["rowVersion"])
    )
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def customer(client: httpx.AsyncClient) -> dict[str, Any]:
    return await made(client, "/api/customers", **ACME)


async def invoice(client: httpx.AsyncClient, *lines: dict[str, Any]) -> dict[str, Any]:
    """An invoice of ACME that is posted: over 119.00, if nothing else is said."""
    body = {"customerId": "ACME", "currency": "EUR", "lines": lines or (LINE,)}
    draft = await client.post("/api/invoices", json=body)
    assert draft.status_code == 201, draft.text
    return await done(client, "/api/invoices", "post", draft.json())


async def invoice_now(client: httpx.AsyncClient, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/invoices/{id_}")).json()
    return found


async def payment(client: httpx.AsyncClient, amount: str = "50", **fields: Any) -> dict[str, Any]:
    body = {"customerId": "ACME", "amount": amount, "currency": "EUR", "method": "transfer"}
    return await made(client, "/api/payments", **{**body, **fields})


def problems(answer: httpx.Response) -> list[tuple[str, str]]:
    """Code and pointer of everything that was refused."""
    assert answer.status_code == 422, answer.text
    return [(it["code"], it["pointer"]) for it in answer.json()["errors"]]
