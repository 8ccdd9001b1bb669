"""Where Schemathesis aims: at what is there. It reads this file by itself (SCHEMATHESIS_HOOKS).

Random ids are of nothing, and of 404 there is little to learn. So of most requests that are well
formed, the ids are replaced by those of something that is made for it on the spot. What is wrong in
any other request is wrong of whatever it asks for.
"""

import os
import time
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import httpx
import schemathesis  # type: ignore[import-not-found, unused-ignore] # an environment of its own
from schemathesis.core.parameters import (  # type: ignore[import-not-found, unused-ignore]
    ParameterLocation,
)

Json = dict[str, Any]

_MAX_SEQ = 10**15 - 1
_MISSED = 4
"""One in so many keeps the ids that it has; one in so many overwrites whatever is there."""
_LINE = {"kind": "model", "code": "M-1", "description": "Stove", "quantity": "1"}
_SELLER = {
    "baseCurrency": "EUR",
    "timeZone": "Europe/Berlin",
    "sellerName": "Glow Stoves GmbH",
    "sellerLine1": "Ring 1",
    "sellerPostcode": "50667",
    "sellerCity": "Köln",
    "sellerCountry": "DE",
    "sellerVatId": "DE136695976",
}
_ALWAYS = "/api/api-keys/"
"""Whose ids are always replaced: otherwise the key that asks could be revoked."""


class _Api:
    """A client that makes what requests are to be aimed at."""

    def __init__(self) -> None:
        environ = os.environ  # noqa: TID251 - how Schemathesis is told anything
        headers = {"Authorization": f"Bearer {environ['CONTRACT_KEY']}", "If-Match": "*"}
        self._client = httpx.Client(
            base_url=environ["CONTRACT_ADDRESS"], headers=headers, timeout=10
        )
        self._made = 0

    def post(self, path: str, body: Json) -> Json:
        """Raises ``HTTPStatusError`` when it is refused."""
        answer = self._client.post(path, json=body).raise_for_status()
        made: Json = answer.json()
        return made

    def code(self) -> str:
        """A code that nothing has yet."""
        self._made += 1
        return f"AIM-{self._made}"

    def mend(self) -> None:
        """Undo what requests did to the clock and the settings: nothing could be posted with it."""
        self._client.delete("/api/sandbox/clock")
        self._client.patch("/api/settings", json=_SELLER)


def _customer(api: _Api) -> Json:
    return api.post("/api/customers", {"id": api.code(), "name": "Acme Ltd", "country": "DE"})


def _draft(api: _Api) -> Json:
    code = api.code()
    line = {**_LINE, "unitPrice": "100", "taxRate": "19", "serials": [{"serialNumber": code}]}
    body = {
        "customerId": _customer(api)["id"],
        "currency": "EUR",
        "lines": [line],
        "addresses": [{"kind": "shipTo", "name": "Acme Ltd"}],
        "notes": [{"text": "Ring twice."}],
        "tables": [{"table": 1, "code": "FRIEND", "description": "Friends"}],
        "taxOverrides": [{"category": "S", "rate": "19", "amount": "1", "reason": "Rounding."}],
    }
    return api.post("/api/invoices", body)


def _posted(api: _Api) -> Json:
    return api.post(f"/api/invoices/{_draft(api)['id']}/post", {})


def _invoice_ids(invoice: Json) -> Json:
    line = invoice["lines"][0]
    return {
        "invoice_id": invoice["id"],
        "line_id": line["id"],
        "serial_id": line["serials"][0]["id"],
        "kind": "shipTo",
        "note_id": invoice["notes"][0]["id"],
        "entry_id": invoice["tables"][0]["id"],
        "override_id": invoice["taxOverrides"][0]["id"],
    }


def _credit_ids(api: _Api) -> Json:
    note = api.post(f"/api/invoices/{_posted(api)['id']}/credit", {})
    return {"credit_note_id": note["id"], "line_id": note["lines"][0]["lineId"]}


def _payment(api: _Api) -> Json:
    return api.post(f"/api/invoices/{_posted(api)['id']}/payments", {"method": "cash"})


def _endpoint(api: _Api) -> Json:
    hook = {"url": "https://hooks.acme.example/", "events": ["invoice.*"]}
    return api.post("/api/webhook-endpoints", hook)


def _coded(api: _Api, path: str, body: Json) -> Json:
    return {"code": api.post(path, {"id": api.code(), **body})["id"]}


_MAKERS: Mapping[str, tuple[Callable[[_Api], Json], ...]] = MappingProxyType(
    {
        "/api/invoices/{invoice_id}": (
            lambda api: _invoice_ids(_draft(api)),
            lambda api: _invoice_ids(_posted(api)),
        ),
        "/api/customers/{customer_id}": (lambda api: {"customer_id": _customer(api)["id"]},),
        "/api/reports/statements/": (lambda api: {"customer_id": _customer(api)["id"]},),
        "/api/credit-notes/{credit_note_id}": (_credit_ids,),
        "/api/payments/{payment_id}": (lambda api: {"payment_id": _payment(api)["id"]},),
        "/api/products/{code}": (
            lambda api: _coded(api, "/api/products", {"description": "Stove"}),
        ),
        "/api/tax-codes/{code}": (
            lambda api: _coded(api, "/api/tax-codes", {"name": "Full", "rate": "19"}),
        ),
        "/api/webhook-endpoints/{endpoint_id}": (
            lambda api: {"endpoint_id": _endpoint(api)["id"]},
        ),
        "/api/api-keys/{key_id}": (
            lambda api: {"key_id": api.post("/api/api-keys", {"name": "spare"})["id"]},
        ),
        "/api/codes/{table}": (
            lambda api: {
                "table": "misc",
                "code": api.post("/api/codes/misc", {"code": api.code()})["code"],
            },
        ),
        "/api/series/{series}": (lambda _api: {"series": f"sales-{time.gmtime().tm_year}"},),
        "/api/event-types/{topic}": (lambda _api: {"topic": "invoice.posted"},),
    }
)


@cache
def _api() -> _Api:
    """One for all requests."""
    return _Api()


@schemathesis.hook  # type: ignore[untyped-decorator, unused-ignore]
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Aim the request, unless something in it is wrong on purpose."""
    _shorten_wait(case)
    makers = next((it for start, it in _MAKERS.items() if case.path.startswith(start)), None)
    if makers is None or case.meta is None or case.meta.is_negative_at(ParameterLocation.PATH):
        return
    chance = zlib.crc32(case.id.encode())
    kept = chance % _MISSED == 0 or case.meta.generation.mode.is_negative
    if kept and not case.path.startswith(_ALWAYS):
        return
    made = _made(_api(), makers[chance // _MISSED % len(makers)])
    for name in made.keys() & case.path_parameters.keys():
        case.path_parameters[name] = made[name]
    if chance % _MISSED == 1 and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


def _made(api: _Api, maker: Callable[[_Api], Json]) -> Json:
    for _attempt in range(2):
        try:
            return maker(api)
        except httpx.HTTPStatusError:
            api.mend()
    return {}


def _shorten_wait(case: Any) -> None:
    """A later number waits three seconds for those before it, in each of thousands of cases."""
    number = str(case.headers.get("Edit-Seq", ""))
    if number.isdecimal() and 1 < int(number) <= _MAX_SEQ:
        case.headers["Edit-Seq"] = "1"
