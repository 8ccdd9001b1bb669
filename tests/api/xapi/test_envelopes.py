"""Whatever goes wrong below /api/v1 is told in the envelope."""

import httpx
import msgspec
import pytest

from api.quota import InProcess, Policy, Quotas
from api.xapi.objects import OBJECTS
from store.batch import Batch
from store.books import Book, Books
from store.database import Pool
from store.errors import Busy, Unavailable
from store.keys import create_key, end_key
from tests.api.conftest import serving
from tests.api.xapi.calls import ROOT, call, envelope, facts, path_of

ADD = f"{ROOT}/add"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 400, "body-required"),
        (b"{", 400, "malformed-json"),
        (b'{"Memo": ', 400, "malformed-json"),
        (b"\xff{}", 400, "invalid-text"),
        (b'{"Memo": "\xff"}', 400, "invalid-text"),
        (b'{"Memo": "\\u0000"}', 400, "invalid-text"),
        (b'{"Memo": "\\ud800"}', 400, "invalid-text"),
        (b'{"memo": "a", "memo": "b"}', 400, "duplicate-key"),
        (b'{"Memo": "a", "memo": "b"}', 400, "duplicate-key"),
        (b'{"Memo": "a", "Memo": "b"}', 400, "duplicate-key"),
        (b'{"Items": [{"Qty": "1", "qty": "2"}]}', 400, "duplicate-key"),
        (b'{"Memo": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "nested-too-deeply"),
        (b'{"Memo": NaN}', 400, "malformed-json"),
        (b"[]", 422, "Expected object, got array. (wrong-type)"),
        (b'{"Memo": 1}', 422, "/memo: Expected string, got integer. (wrong-type)"),
        (b'{"Memo": 1e999}', 422, "/memo: Expected string, got number. (wrong-type)"),
        (b'{"Memo": ' + b"9" * 5000 + b"}", 422, "/memo: "),
        (b'{"MEMO": "x"}', 422, "/mEMO: There is no field 'mEMO' here."),
        (b'{"Items": [{"Qty": 2}]}', 422, "/items/0/qty: Expected string, got integer."),
        (b'{"Items": [{"Qty": "NaN"}]}', 422, "/items/0/qty: "),
        (b'{"code": "INV-1"}', 422, "/code: "),
        (b'{"items": [' + b",".join([b"{}"] * 1001) + b"]}", 422, "/items: "),
        (
            b'{"items": ['
            + b",".join([b"{}"] * 600)
            + b'], "labor": ['
            + b",".join([b"{}"] * 401)
            + b"]}",
            422,
            "at most 1000 lines",
        ),
    ],
)
async def test_a_bad_body_is_refused(
    client: httpx.AsyncClient, pool: Pool, body: bytes, status: int, part: str
) -> None:
    answer = await client.post(ADD, content=body, headers=JSON)

    assert part in envelope(answer, status)["exceptionMessage"]
    assert await facts(pool) == []


async def test_capital_letters_in_texts_are_left_alone(client: httpx.AsyncClient) -> None:
    memo = 'say "Memo": "Items": \\ é \U0001f600 {"Qty": 1}'

    answer = envelope(await call(client, "Invoice", Memo=memo, Items=[{"Description": memo}]), 201)

    invoice_id = answer["keys"][0]["keys"][0]["key"]
    found = (await client.get(f"/api/invoices/{invoice_id}")).json()
    assert (found["memo"], found["lines"][0]["description"]) == (memo, memo)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{ROOT}/nothing/add", 404),
        ("GET", "/api/v1/", 404),
        ("GET", f"{ROOT}/item/add", 405),
        ("DELETE", f"{ROOT}/add", 405),
        ("GET", f"{ROOT}/add/getrequest?invoiceId=%00", 400),
        ("GET", f"{ROOT}/item/add/getrequest?invoiceId=a%2Fb", 400),
    ],
)
async def test_what_no_route_answers_is_told_in_the_envelope_too(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    assert envelope(await client.request(method, path), status)


async def test_other_media_types_and_large_bodies_are_refused(client: httpx.AsyncClient) -> None:
    text = await client.post(ADD, content=b"a=b", headers={"Content-Type": "text/plain"})
    large = await client.post(ADD, content=b'{"memo": "' + b"x" * 1_100_000, headers=JSON)

    assert envelope(text, 415)
    assert envelope(large, 413)


async def test_an_invoice_of_another_book_is_not_there(
    client: httpx.AsyncClient, stranger: str
) -> None:
    invoice = (await client.post("/api/invoices", json={})).json()

    body = {"invoiceId": invoice["id"], "text": "x"}
    answer = await client.post(f"{ROOT}/note/add", json=body, headers={"Authorization": stranger})

    assert envelope(answer, 404)


@pytest.mark.parametrize("error", [Busy("Too many are waiting."), Unavailable("It is gone.")])
async def test_what_is_not_the_clients_fault_can_be_repeated(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Books, "execute", refuse)
    answer = await call(client, "Invoice")

    assert envelope(answer, 503)
    assert answer.headers["Retry-After"]


async def test_what_is_our_fault_tells_nothing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Batch, "decide", broken)

    assert "ZeroDivision" not in str(envelope(await call(client, "Invoice"), 500))


async def test_a_spent_quota_is_told_in_the_envelope(pool: Pool, books: Books, book: Book) -> None:
    text, _ = await create_key(pool, book.book_id, name="busy")
    policy = Policy(2, 60)
    quotas = Quotas(policy, InProcess(policy, lambda: 0.0), lambda: 0.0)
    async with serving(pool, books, quotas=quotas) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        answers = [await call(client, "Invoice") for _ in range(3)]

    assert [it.status_code for it in answers] == [201, 201, 429]
    assert envelope(answers[2], 429)
    assert answers[2].headers["Retry-After"]


async def test_every_route_needs_a_live_key_with_the_scope_and_sees_one_book(
    client: httpx.AsyncClient, pool: Pool, book: Book, stranger: str
) -> None:
    invoice_id = (await client.post("/api/invoices", json={})).json()["id"]
    weak, _ = await create_key(pool, book.book_id, name="weak", scopes=["audit"])
    dead, key = await create_key(pool, book.book_id, name="dead")
    await end_key(pool, book.book_id, key.key_id)
    before = await facts(pool)

    for it in OBJECTS:
        body = it.sample(invoice_id if it.path else None)
        for method, rest in (("POST", "add"), ("GET", "add/getrequest"), ("GET", "getschema")):
            content = msgspec.json.encode(body) if method == "POST" else None
            for text, status in (("", 401), (f"Bearer {dead}", 401), (f"Bearer {weak}", 403)):
                answer = await client.request(
                    method,
                    path_of(it.table, rest),
                    content=content,
                    headers={"Authorization": text, **JSON},
                )
                assert envelope(answer, status), it.table
        if it.path:
            other = await client.post(
                path_of(it.table), json=body, headers={"Authorization": stranger}
            )
            assert envelope(other, 404), it.table

    assert await facts(pool) == before
