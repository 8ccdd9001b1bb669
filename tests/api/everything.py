"""A book with one of everything, and every operation of the route table to ask of it."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
from litestar.routes import HTTPRoute

from api.app import litestar_app
from api.docs_page import parameters_of
from api.openapi import finalise
from api.xapi.envelope import PREFIX
from daybook.contract import contract
from tests.api.dealings import LINE, made

MARK = "Nobody else may read this"
"""What stands in the owner's entities wherever there is room for text."""

OWN = "own"
NOTHING: Mapping[str, str] = MappingProxyType({})

UNMADE = {"position"}
"""Parameters of things that only the workers make: the owner may not find them either."""

LAST = ("/rotate", "DELETE", "/api/sandbox/reset")
"""What takes something away is asked last, in this order."""


class Operation(NamedTuple):
    """A method of a route, and what the contract says of it."""

    method: str
    path: str
    scope: str | None
    parameters: frozenset[str]
    statuses: frozenset[str]
    example: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@cache
def every_operation() -> tuple[Operation, ...]:
    app = litestar_app(contract, version="0")  # type: ignore[arg-type] # nothing is opened
    document = finalise(app)
    found = []
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items():
            if method == "OPTIONS":
                continue
            described = document["paths"].get(route.path_format, {}).get(method.lower(), {})
            content = described.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example")
            scope = handler.opt.get("scope")
            taken = frozenset(it["name"] for it in parameters_of(described, document))
            statuses = frozenset(described.get("responses", ()))
            found.append(Operation(method, route.path_format, scope, taken, statuses, example))
    return tuple(sorted(found, key=_turn))


def operations() -> list[Operation]:
    """Those of the API. The XAPI knows sessions besides: most of it is tested by itself."""
    return [it for it in every_operation() if not it.path.startswith(PREFIX)]


def _turn(operation: Operation) -> tuple[Any, ...]:
    """An endpoint is pinged before its URL is changed: no test leaves this machine."""
    ping = operation.path.endswith("/ping")
    last = max((at for at, it in enumerate(LAST) if it in operation.name), default=-1)
    depth = operation.path.count("/")
    return not ping, last, -depth, operation.name


def guarded() -> list[Operation]:
    return [it for it in operations() if it.scope is not None]


class Owner(NamedTuple):
    """A client of the book in which there is one of everything, and where each of it is."""

    client: httpx.AsyncClient
    places: dict[str, str]

    def path(self, operation: Operation) -> str:
        """The path with the owner's ids: that of the longest place, then what stands alone."""
        path = operation.path
        for template in sorted(self.places, key=len, reverse=True):
            path = path.replace(template, self.places[template])
        left = set(re.findall(r"{(\w+)}", path))
        assert left <= UNMADE, f"Make what {left - UNMADE} of {operation.name} stands for."
        return re.sub(r"{\w+}", "1", path)

    async def ask(
        self, operation: Operation, key: str | None = OWN, headers: Mapping[str, str] = NOTHING
    ) -> httpx.Response:
        """Send the example; ``key`` is the Authorization, by default the owner's."""
        own = self.client.headers["Authorization"]
        allowed = {"Authorization": own if key == OWN else key or ""}
        path = self.path(operation)
        asked = {"dryRun": "true"} if operation.path.startswith("/api/customers/") else {}
        if operation.path.endswith("/attachments"):
            asked = {"fileName": "more.txt"}
        return await self.client.request(
            operation.method,
            path,
            json=operation.example,
            params=asked,
            headers={"If-Match": "*", **allowed, **headers},
        )


async def one_of_everything(client: httpx.AsyncClient) -> dict[str, str]:
    await made(client, "/api/customers", id="MINE", name=MARK, country="DE")
    await made(client, "/api/products", id="MINE", description=MARK)
    await made(client, "/api/tax-codes", id="MINE", name=MARK, rate="19")
    await made(client, "/api/codes/misc", code="MINE", description=MARK)
    model = {**LINE, "kind": "model", "code": "M-1", "quantity": "1"}
    body = {
        "customerId": "MINE",
        "currency": "EUR",
        "memo": MARK,
        "lines": [{**model, "serials": [{"serialNumber": "S-1"}]}],
        "addresses": [{"kind": "shipTo", "name": MARK}],
        "notes": [{"text": MARK}],
        "tables": [{"table": 1, "code": "FRIEND", "description": MARK}],
        "taxOverrides": [{"category": "S", "rate": "19", "amount": "1", "reason": MARK}],
    }
    draft = await made(client, "/api/invoices", **body)
    path = f"/api/invoices/{draft['id']}"
    attached = await client.post(
        f"{path}/attachments",
        params={"fileName": "mine.txt"},
        content=MARK.encode(),
        headers={"Content-Type": "text/plain", "If-Match": "*"},
    )
    assert attached.status_code == 201, attached.text
    posted = await client.post(f"{path}/post", headers={"If-Match": "*"})
    assert posted.status_code == 200, posted.text
    note = await made(client, f"{path}/credit", memo=MARK)
    paid = await made(client, f"{path}/payments", method="cash", memo=MARK)
    await client.post("/api/periods/2026-01/lock", json={"reason": MARK, "rowVersion": 0})
    hook = {"url": "http://127.0.0.1:9999/", "events": ["invoice.*"], "description": MARK}
    endpoint = (await client.post("/api/webhook-endpoints", json=hook)).json()
    replays = f"/api/webhook-endpoints/{endpoint['id']}/replays"
    replay = await client.post(replays, json={"select": {"kind": "range", "first": 1}})
    return {
        "/customers/{customer_id}": "/customers/MINE",
        "/statements/{customer_id}": "/statements/MINE",
        "/products/{code}": "/products/MINE",
        "/tax-codes/{code}": "/tax-codes/MINE",
        "/codes/{table}/{code}": "/codes/misc/MINE",
        "/codes/{table}": "/codes/misc",
        "{invoice_id}": draft["id"],
        "{line_id}": draft["lines"][0]["id"],
        "{serial_id}": draft["lines"][0]["serials"][0]["id"],
        "{kind}": "shipTo",
        "{note_id}": draft["notes"][0]["id"],
        "{entry_id}": draft["tables"][0]["id"],
        "{override_id}": draft["taxOverrides"][0]["id"],
        "{attachment_id}": attached.json()["attachments"][0]["id"],
        "{credit_note_id}": note["id"],
        "{payment_id}": paid["id"],
        "{period}": "2026-01",
        "{series}": f"sales-{posted.json()['issueDate'][:4]}",
        "{endpoint_id}": endpoint["id"],
        "{replay_id}": replay.json()["id"],
        "{topic}": "invoice.posted",
    }
