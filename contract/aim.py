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
from schemathesis.core import parameters  # type: ignore[import-not-found, unused-ignore] # as above

Json = dict[str, Any]

_MAX_SEQ = 10**15 - 1
_MISSED = 4
"""One in so many keeps the ids and the RowVersion that it has."""
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
    "separateDuties": False,
}
_TEXT = {"Content-Type": "text/plain"}
_WHY = {"reason": "Agreed by phone"}
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
        """Undo what requests did to the book: nothing could be posted with it."""
        self._client.delete("/api/sandbox/clock")
        self._client.patch("/api/settings", json=_SELLER)
        for period in self._client.get("/api/periods").json()["items"]:
            if period["status"] != "Unlocked":
                self._client.post(f"/api/periods/{period['id']}/reopen", json={"reason": "Again"})

    def attach(self, path: str) -> Json:
        """Attach a file to an invoice."""
        sent = self._client.post(
            f"{path}/attachments", params={"fileName": "a.txt"}, content=b"a", headers=_TEXT
        )
        invoice: Json = sent.raise_for_status().json()
        return invoice


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


def _after(*commands: tuple[str, Json]) -> Callable[[_Api], Json]:
    """Makes an invoice with which this was done, one after the other; answers its ids."""

    def made(api: _Api) -> Json:
        invoice = _draft(api)
        for command, body in commands:
            api.post(f"/api/invoices/{invoice['id']}/{command}", body)
        return _invoice_ids(invoice)

    return made


_POST: tuple[str, Json] = ("post", {})
_PAY: tuple[str, Json] = ("payments", {"method": "cash"})
_RELEASE: tuple[str, Json] = ("release", {})


def _posted(api: _Api) -> str:
    id_: str = _after(_POST)(api)["invoice_id"]
    return id_


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


def _attached(api: _Api) -> Json:
    draft = _draft(api)
    invoice = api.attach(f"/api/invoices/{draft['id']}")
    return {**_invoice_ids(draft), "attachment_id": invoice["attachments"][0]["id"]}


def _credit_ids(api: _Api) -> Json:
    note = api.post(f"/api/invoices/{_posted(api)}/credit", {})
    return {"credit_note_id": note["id"], "line_id": note["lines"][0]["lineId"]}


def _payment(api: _Api) -> Json:
    return api.post(f"/api/invoices/{_posted(api)}/payments", {"method": "cash"})


def _endpoint(api: _Api) -> Json:
    hook = {"url": "https://hooks.acme.example/", "events": ["invoice.*"]}
    return api.post("/api/webhook-endpoints", hook)


def _replay(api: _Api) -> Json:
    endpoint = _endpoint(api)["id"]
    wanted = {"select": {"kind": "range", "first": 1}}
    replay = api.post(f"/api/webhook-endpoints/{endpoint}/replays", wanted)
    return {"endpoint_id": endpoint, "replay_id": replay["id"]}


def _disabled(api: _Api) -> Json:
    endpoint = _endpoint(api)["id"]
    api.post(f"/api/webhook-endpoints/{endpoint}/disable", _WHY)
    return {"endpoint_id": endpoint}


def _archived(api: _Api, path: str, body: Json, name: str) -> Json:
    id_ = api.post(path, {"id": api.code(), **body})["id"]
    api.post(f"{path}/{id_}/archive", {})
    return {name: id_}


def _held(api: _Api) -> Json:
    id_ = _customer(api)["id"]
    api.post(f"/api/customers/{id_}/hold", _WHY)
    return {"customer_id": id_}


def _coded(api: _Api, path: str, body: Json) -> Json:
    return {"code": api.post(path, {"id": api.code(), **body})["id"]}


_MAKERS: Mapping[str, tuple[Callable[[_Api], Json], ...]] = MappingProxyType(
    {
        "/api/invoices/{invoice_id}": (_after(), _after(_POST)),
        "/api/invoices/{invoice_id}/approve": (_after(),),
        "/api/invoices/{invoice_id}/archive": (_after(_POST, _RELEASE, _PAY),),
        "/api/invoices/{invoice_id}/attachments/": (_attached,),
        "/api/invoices/{invoice_id}/release": (_after(_POST),),
        "/api/invoices/{invoice_id}/resolve-dispute": (_after(_POST, ("dispute", _WHY)),),
        "/api/invoices/{invoice_id}/unarchive": (_after(_POST, _RELEASE, _PAY, ("archive", {})),),
        "/api/invoices/{invoice_id}/void": (_after(_POST),),
        "/api/invoices/{invoice_id}/withdraw-approval": (_after(("approve", {})),),
        "/api/customers/{customer_id}/release": (_held,),
        "/api/customers/{customer_id}/unarchive": (
            lambda api: _archived(api, "/api/customers", {"name": "Acme"}, "customer_id"),
        ),
        "/api/products/{code}/unarchive": (
            lambda api: _archived(api, "/api/products", {"description": "Stove"}, "code"),
        ),
        "/api/tax-codes/{code}/unarchive": (
            lambda api: _archived(api, "/api/tax-codes", {"name": "Full", "rate": "19"}, "code"),
        ),
        "/api/webhook-endpoints/{endpoint_id}/enable": (_disabled,),
        "/api/webhook-endpoints/{endpoint_id}/replays/": (_replay,),
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
        "/api/periods/{period}": (lambda _api: {"period": "2020-01"},),
        "/api/event-types/{topic}": (lambda _api: {"topic": "invoice.posted"},),
    }
)


@cache
def _api() -> _Api:
    """One for all requests."""
    api = _Api()
    api.mend()
    return api


@schemathesis.hook  # type: ignore[untyped-decorator, unused-ignore] # as above
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Aim the request, unless something in it is wrong on purpose."""
    _shorten_wait(case)
    starts = [it for it in _MAKERS if case.path.startswith(it)]
    place = parameters.ParameterLocation.PATH
    if not starts or case.meta is None or case.meta.is_negative_at(place):
        return
    chance = zlib.crc32(case.id.encode())
    kept = chance % _MISSED == 0 or case.meta.generation.mode.is_negative
    if kept and not case.path.startswith(_ALWAYS):
        return
    makers = _MAKERS[max(starts, key=len)]
    made = _made(_api(), makers[chance // _MISSED % len(makers)])
    for name in made.keys() & case.path_parameters.keys():
        case.path_parameters[name] = made[name]
    if case.method != "GET" and chance % _MISSED > 1 and not case.meta.generation.mode.is_negative:
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
