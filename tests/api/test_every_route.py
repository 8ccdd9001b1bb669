"""Every route, from the route table, asked with and without the right to: none is forgotten."""

import re
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, NamedTuple

import httpx
import pytest
from litestar.routes import HTTPRoute

from api.app import litestar_app
from api.openapi import finalise
from api.xapi.envelope import PREFIX
from daybook.contract import contract
from store.books import Book, Books
from store.database import Pool
from store.keys import SCOPES, ApiKey, ParsedKey, create_key, find_key
from tests.api.conftest import serving
from tests.api.dealings import LINE, made

PUBLIC = {
    *("/healthz", "/readyz", "/metrics"),
    *("/api/docs", "/api/openapi.json", "/api/openapi-3.1.json", "/problems/{code}"),
}
"""What may be read without a key."""

MARK = "Nobody else may read this"
"""What stands in the owner's entities wherever there is room for text."""

SHARED = ("/api/event-types/", "/api/periods/", "/api/codes/{table}")
"""What every book has, under the same names. ``{table}`` is so, and not what is in it."""

UNMADE = {"position", "replay_id"}
"""Parameters of things that only the workers make: the owner may not find them either."""

LAST = ("/rotate", "DELETE", "/api/sandbox/reset")
"""What takes something away is asked last, in this order."""


class Operation(NamedTuple):
    """A method of a route, the scope that it needs, and the example of its body."""

    method: str
    path: str
    scope: str | None
    example: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@cache
def every_operation() -> tuple[Operation, ...]:
    app = litestar_app(contract, version="0")  # type: ignore[arg-type] # nothing is opened
    document = finalise(app)["paths"]
    found = []
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items():
            if method == "OPTIONS":
                continue
            described = document.get(route.path_format, {}).get(method.lower(), {})
            content = described.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example")
            scope = handler.opt.get("scope")
            found.append(Operation(method, route.path_format, scope, example))
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

    async def ask(self, operation: Operation, key: str | None) -> httpx.Response:
        headers = {"Authorization": key or "", "If-Match": "*"}
        path = self.path(operation)
        asked = {"dryRun": "true"} if operation.path.startswith("/api/customers/") else {}
        if operation.path.endswith("/attachments"):
            asked = {"fileName": "more.txt"}
        return await self.client.request(
            operation.method, path, json=operation.example, headers=headers, params=asked
        )


@pytest.fixture
async def owner(pool: Pool, books: Books, book: Book, seller: None) -> AsyncIterator[Owner]:  # noqa: ARG001 - it makes posting possible
    text, _ = await create_key(pool, book.book_id, name="owner")
    _, spare = await create_key(pool, book.book_id, name="spare")
    async with serving(pool, books) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        places = await _one_of_everything(client)
        places["{key_id}"] = spare.key_id
        yield Owner(client, places)


async def _one_of_everything(client: httpx.AsyncClient) -> dict[str, str]:
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
        "{topic}": "invoice.posted",
    }


def test_every_route_needs_a_scope_or_is_meant_to_be_public() -> None:
    assert {it.path for it in operations() if it.scope is None} == PUBLIC
    assert {it.scope for it in guarded()} <= set(SCOPES)
    assert len(guarded()) > 100


async def test_the_owner_may_do_everything(owner: Owner) -> None:
    key = owner.client.headers["Authorization"]
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, key)
        unmade = any(f"{{{it}}}" in operation.path for it in UNMADE)
        lost = answer.status_code == 404 and not unmade and operation.example is None
        if lost or answer.status_code in {401, 403, 405} or answer.status_code >= 500:
            wrong[operation.name] = answer.text
    assert wrong == {}


async def test_a_key_of_another_book_finds_and_changes_nothing(
    owner: Owner, books: Books, book: Book, stranger: str
) -> None:
    before = await books.head(book.book_id)
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, stranger)
        own = "{" not in operation.path or operation.path.startswith(SHARED[:2])
        own = own or operation.path == SHARED[2]
        found = answer.status_code != 404 and answer.json().get("items") != []
        if MARK in answer.text or (found and not own):
            wrong[operation.name] = f"{answer.status_code} {answer.text}"
    assert wrong == {}
    assert await books.head(book.book_id) == before


@pytest.mark.parametrize("key", [None, "Bearer dbk_test_wrong", "Basic YTpi"])
async def test_without_a_key_nothing_is_told(owner: Owner, key: str | None) -> None:
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, key)
        if answer.status_code != 401 or answer.json()["code"] != "not-authenticated":
            wrong[operation.name] = answer.text
    assert wrong == {}


async def test_whoever_may_not_call_is_told_so_before_what_they_sent_is_looked_at(
    owner: Owner, pool: Pool, book: Book
) -> None:
    """Neither of a body, nor of a RowVersion, nor of a parameter is anything said without it."""
    text, _ = await create_key(pool, book.book_id, name="powerless", scopes=[])
    wrong = {}
    for operation in [it for it in every_operation() if it.scope is not None]:
        for key, status in ((None, 401), ("Bearer a.b.c", 401), (f"Bearer {text}", 403)):
            for media_type, body in (("application/json", b'{"'), ("text/plain", b"\xff")):
                headers = {"Content-Type": media_type, "If-Match": "new", "Edit-Seq": "first"}
                answer = await owner.client.request(
                    operation.method,
                    re.sub(r"{\w+}", "1", operation.path),
                    params={"limit": "all", "asOf": "once", "version": "none"},
                    headers={**headers, "Authorization": key or ""},
                    content=body,
                )
                if answer.status_code != status:
                    wrong[f"{operation.name} {key}"] = answer.text
    assert wrong == {}
    assert len(every_operation()) > len(operations()) > 100


async def test_a_request_costs_one_question_for_its_key_and_none_if_that_is_malformed(
    owner: Owner, pool: Pool, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def counted(pool: Pool, parsed: ParsedKey) -> ApiKey | None:
        asked.append(parsed)
        return await find_key(pool, parsed)

    monkeypatch.setattr("api.caller.find_key", counted)
    text, _ = await create_key(pool, book.book_id, name="fresh")
    for key, questions in ((text[:-1], 0), (text, 1)):
        headers = {"Authorization": f"Bearer {key}"}
        await owner.client.post("/api/invoices", content=b"{", headers=headers)
        assert len(asked) == questions


async def test_a_key_without_the_scope_is_refused(owner: Owner, pool: Pool, book: Book) -> None:
    keys = {}
    for scope in SCOPES:
        others = [it for it in SCOPES if it != scope]
        text, _ = await create_key(pool, book.book_id, name=f"not {scope}", scopes=others)
        keys[scope] = f"Bearer {text}"
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, keys[operation.scope or ""])
        if answer.status_code != 403 or answer.json()["needed"] != operation.scope:
            wrong[operation.name] = answer.text
    assert wrong == {}


async def test_a_revoked_key_is_refused_everywhere_at_once(
    owner: Owner, pool: Pool, book: Book
) -> None:
    text, key = await create_key(pool, book.book_id, name="leaver")
    headers = {"Authorization": f"Bearer {text}"}
    assert (await owner.client.get("/api/settings", headers=headers)).status_code == 200
    revoked = await owner.client.delete(f"/api/api-keys/{key.key_id}")
    assert revoked.status_code in {200, 204}
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, headers["Authorization"])
        if answer.status_code != 401:
            wrong[operation.name] = answer.text
    assert wrong == {}
