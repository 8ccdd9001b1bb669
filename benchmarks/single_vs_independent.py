"""One invoice with twenty children in a single transaction, against one call for each of them."""

from typing import Any

import msgspec
from typing_extensions import override

from benchmarks.clients import CUSTOMER, Creator, request
from benchmarks.figures import Figure, figure
from benchmarks.http_load import Answer, Client, WrongAnswer, drive
from benchmarks.rounds import Run, alternate
from benchmarks.testbed import Api, serving

NAME = "single_vs_independent"
TIMES = 20
"""How many invoices are added in a round, each way, over one connection."""

ROOT = "/api/v1/invoicing/invoice"

HEADER: dict[str, Any] = {
    "billToCode": "ACME",
    "currency": "EUR",
    "invoiceDate": "2026-11-02",
    "poNumber": "4500017",
}

_RATE = {"taxCategory": "S", "ratePct": "19"}

CHILDREN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(
        ("models", "model", {"modelCode": f"ST-{it}", "sellingPrice": "1299.00", **_RATE})
        for it in range(3)
    ),
    *(("serials", "serial", {"serialNumber": "{serial}", "modelLineId": it}) for it in "12"),
    *(
        ("items", "item", {"itemCode": f"PIPE-{it}", "qty": "2", "sellingPrice": "19.90", **_RATE})
        for it in range(5)
    ),
    *(("misc", "misc", {"miscCode": it, "amount": "-25", **_RATE}) for it in ("MATCH", "PROMO")),
    ("warranties", "warranty", {"extWarrantyCode": "W5", "price": "99", **_RATE}),
    *(("labor", "labor", {"hours": "1.5", "sellingPrice": "80", **_RATE}) for _ in range(2)),
    ("comments", "comment", {"commentDesc": "Thank you for your order."}),
    ("addresses", "address", {"kind": "shipTo", "name": "Site", "country": "DE"}),
    ("notes", "note", {"text": "Ring twice."}),
    ("table1", "table1", {"code": "NEIGHBOUR"}),
    ("taxes", "tax", {"ratePct": "19", "amount": "800.00", "reason": "As agreed"}),
)
"""Table, path and row of each child."""


async def measure(database_url: str) -> Figure:
    """One client that has logged in adds invoices, one after the other.

    Raises:
        WrongAnswer: An answer was not 201, or the two ways did not write the same number of events.
    """
    async with serving(database_url) as api:
        await drive(api.port, [Creator(api, "/api/customers", CUSTOMER, 1)])
        caller = msgspec.structs.replace(api, key=await _token(api))
        single, independent = Adding(caller, at_once=True), Adding(caller, at_once=False)

        async def ours() -> Run:
            return await _round(api, single)

        async def baseline() -> Run:
            return await _round(api, independent)

        runs = await alternate(ours, baseline)
        notes = [await _told(api, single), await _told(api, independent)]
        if len({note.partition(": ")[2].partition(" events")[0] for note in notes}) != 1:
            raise WrongAnswer(f"The two ways differ in what they write: {notes}")
    return figure(NAME, "inv/s", *runs, notes)


class Adding(Client):
    """Adds invoices one after the other: at once, or child by child."""

    expects = 201

    def __init__(self, api: Api, *, at_once: bool) -> None:
        self.at_once = at_once
        self.left = 0
        self.invoice = ""
        self.requests = 0
        self._api = api
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    @override
    def request(self) -> bytes | None:
        if self._waiting:
            path, row = self._waiting.pop(0)
            return self._call(f"/{path}/add", {"invoiceId": self.invoice, **row})
        if not self.left:
            return None
        self.left -= 1
        self.requests = 0
        rows = [(table, path, self._numbered(row)) for table, path, row in CHILDREN]
        if not self.at_once:
            self._waiting = [(path, row) for _, path, row in rows]
            return self._call("/add", HEADER)
        body: dict[str, Any] = dict(HEADER)
        for table, _, row in rows:
            body.setdefault(table, []).append(row)
        return self._call("/add", body)

    @override
    def answered(self, answer: Answer) -> None:
        self.invoice = msgspec.json.decode(answer.body)["keys"][0]["keys"][0]["key"]

    def _numbered(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row, with a serial number that nobody has sold."""
        if "serialNumber" not in row:
            return row
        way = "S" if self.at_once else "I"
        return {**row, "serialNumber": f"{way}-{self.left}-{row['modelLineId']}-{self.invoice}"}

    def _call(self, path: str, body: dict[str, Any]) -> bytes:
        self.requests += 1
        return request(self._api, "POST", ROOT + path, msgspec.json.encode(body))


async def _round(api: Api, client: Adding) -> Run:
    """The time of each invoice, however many calls it took."""
    client.left = TIMES
    run = await drive(api.port, [client])
    each = len(run.latencies) // TIMES
    sums = [sum(run.latencies[at : at + each]) for at in range(0, len(run.latencies), each)]
    return Run(run.seconds, sums)


async def _token(api: Api) -> str:
    client = _Login(api)
    await drive(api.port, [client])
    return client.token


class _Login(Client):
    """Logs in once."""

    expects = 200

    def __init__(self, api: Api) -> None:
        body = msgspec.json.encode({"UserId": "benchmark", "Password": api.key})
        self._requests = [request(api, "POST", "/api/v1/authentication/login", body)]
        self.token = ""

    @override
    def request(self) -> bytes | None:
        return self._requests.pop() if self._requests else None

    @override
    def answered(self, answer: Answer) -> None:
        self.token = msgspec.json.decode(answer.body)["token"]


async def _told(api: Api, client: Adding) -> str:
    """What the latest invoice has taken."""
    row = await api.pool.fetchrow(
        "select count(*), count(distinct recorded_at) from store.events"
        " where book_id = $1 and (stream = $2 or state->>'invoice_id' = $3)",
        api.book_id,
        f"invoice/{client.invoice}",
        client.invoice,
    )
    assert row is not None
    way = "at once" if client.at_once else "one by one"
    return f"{way}: {row[0]} events in {row[1]} commits by {client.requests} calls"
