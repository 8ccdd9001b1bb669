"""Whatever is wrong with a request: a problem document that says what to do, and no change."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from store.books import Book
from store.database import Pool
from store.keys import create_key, end_key

INVOICES = "/api/invoices"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
async def nothing_is_changed(pool: Pool, invoice: dict[str, Any]) -> AsyncIterator[None]:
    """Every test here must leave the event log as it was."""
    assert invoice["rowVersion"] == 1
    before = await pool.fetch("select book_id, position from store.events order by 1, 2")
    yield
    assert await pool.fetch("select book_id, position from store.events order by 1, 2") == before


@pytest.fixture
async def invoice(client: httpx.AsyncClient) -> dict[str, Any]:
    created: dict[str, Any] = (await client.post(INVOICES, json={"memo": "as it was"})).json()
    return created


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, which must be complete."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, document
    assert document["status"] == status
    assert document["type"] == f"/problems/{code}"
    assert document["title"]
    assert len(document["detail"]) > 10
    assert document["requestId"] == answer.headers["x-request-id"]
    return document


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body-required"),
        (b"{", 400, "malformed-json"),
        (b"\xff{}", 400, "invalid-text"),
        (b'{"memo": "\\u0000"}', 400, "invalid-text"),
        (b'{"memo": "\\ud800"}', 400, "invalid-text"),
        (b'{"memo": "a", "memo": "b"}', 400, "duplicate-key"),
        (b'{"memo": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "nested-too-deeply"),
        (b"[]", 422, "invalid-body"),
        (b'{"memo": 1}', 422, "invalid-body"),
        (b'{"memmo": "x"}', 422, "invalid-body"),
        (b'{"status": "Posted"}', 422, "invalid-body"),
        (b'{"currency": "EURO"}', 422, "invalid-body"),
        (b'{"issueDate": "2026-02-30"}', 422, "invalid-body"),
        (b'{"lines": [{"quantity": 2}]}', 422, "invalid-body"),
        (b'{"lines": [{"quantity": "NaN"}]}', 422, "invalid-body"),
        (b'{"lines": [{"quantity": "1e1000000"}]}', 422, "invalid-body"),
        (b'{"lines": [{"quantity": "12.50\\n"}]}', 422, "invalid-body"),
        (b'{"lines": [{"taxRate": "101"}]}', 422, "invalid-body"),
        (b'{"lines": [' + b",".join([b"{}"] * 1001) + b"]}", 422, "invalid-body"),
        (b'{"memo": ' + b"9" * 5000 + b"}", 422, "invalid-body"),
    ],
)
async def test_a_bad_body_is_refused(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    problem(await client.post(INVOICES, content=body, headers=JSON), status, code)


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    body = {"currency": 1, "lines": [{"quantity": "x"}, {"unknown": 1}]}

    document = problem(await client.post(INVOICES, json=body), 422, "invalid-body")

    assert {error["pointer"] for error in document["errors"]} == {
        "/currency",
        "/lines/0/quantity",
        "/lines/1/unknown",
    }


async def test_a_body_of_another_type_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(INVOICES, content=b"a=b", headers={"Content-Type": "text/plain"})
    problem(answer, 415, "unsupported-media-type")


async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"memo": "' + b"x" * 1_100_000 + b'"}'
    problem(await client.post(INVOICES, content=body, headers=JSON), 413, "content-too-large")


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({}, {"memo": "x"}, 428, "row-version-required"),
        ({"If-Match": '"9"'}, {"memo": "x"}, 409, "row-version-conflict"),
        ({"If-Match": "seven"}, {"memo": "x"}, 400, "invalid-parameter"),
        ({"If-Match": '"1"'}, {"memo": "x", "rowVersion": 2}, 400, "row-version-ambiguous"),
        ({}, {"memo": "x", "rowVersion": 0}, 409, "row-version-conflict"),
        ({}, {"memo": "x", "rowVersion": -1}, 422, "invalid-body"),
    ],
)
async def test_a_wrong_row_version_is_refused(
    client: httpx.AsyncClient,
    invoice: dict[str, Any],
    headers: dict[str, str],
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = await client.patch(f"{INVOICES}/{invoice['id']}", json=body, headers=headers)
    problem(answer, status, code)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"memo": "x"}),
        ("DELETE", "", None),
        ("POST", "/lines", {}),
        ("POST", "/post", {}),
        ("POST", "/void", {"reason": "x"}),
        ("GET", "/events", None),
    ],
)
async def test_an_unknown_id_and_another_books_id_are_the_same_404(
    client: httpx.AsyncClient,
    invoice: dict[str, Any],
    stranger: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> None:
    headers = {"If-Match": '"1"'}

    unknown = f"{INVOICES}/inv_00000000000000000000000000{path}"
    problem(await client.request(method, unknown, json=body, headers=headers), 404, "not-found")

    foreign = f"{INVOICES}/{invoice['id']}{path}"
    headers["Authorization"] = stranger
    problem(await client.request(method, foreign, json=body, headers=headers), 404, "not-found")


@pytest.mark.parametrize(
    "query",
    [
        "colour.eq=red",
        "status.near=Posted",
        "status=Posted",
        "status.eq=Lost",
        "gross.gt=NaN",
        "issueDate.gt=yesterday",
        "limit=0",
        "limit=1000",
        "sort=colour",
        "cursor=forged",
    ],
)
async def test_a_filter_that_does_not_exist_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    document = problem(await client.get(f"{INVOICES}?{query}"), 400, "invalid-parameter")
    assert document["errors"][0]["parameter"] in query


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Basic abc",
        "Bearer ",
        "Bearer dbk_test_short",
        "Bearer dbk_test_" + "0" * 65,
        "Bearer \xe9",
    ],
)
async def test_a_wrong_key_is_refused(client: httpx.AsyncClient, authorization: str | None) -> None:
    del client.headers["Authorization"]
    headers = httpx.Headers()
    if authorization is not None:
        headers = httpx.Headers([(b"Authorization", authorization.encode("latin-1"))])
    problem(await client.get(INVOICES, headers=headers), 401, "not-authenticated")


async def test_a_revoked_key_and_a_key_without_the_scope_are_refused(
    client: httpx.AsyncClient, pool: Pool, book: Book
) -> None:
    text, key = await create_key(pool, book.book_id, name="gone")
    assert await end_key(pool, book.book_id, key.key_id)
    answer = await client.get(INVOICES, headers={"Authorization": f"Bearer {text}"})
    problem(answer, 401, "not-authenticated")

    reader, _ = await create_key(pool, book.book_id, name="reader", scopes=("read",))
    answer = await client.post(INVOICES, json={}, headers={"Authorization": f"Bearer {reader}"})
    problem(answer, 403, "not-permitted")


async def test_an_unknown_path_and_method_are_problems_too(client: httpx.AsyncClient) -> None:
    problem(await client.get("/api/nothing"), 404, "not-found")
    answer = await client.put(INVOICES, json={})
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("as_of", ["yesterday", "2026-01-01T00:00:00", "-1", "1" * 30])
async def test_an_as_of_that_is_no_moment_is_refused(
    client: httpx.AsyncClient, invoice: dict[str, Any], as_of: str
) -> None:
    answer = await client.get(f"{INVOICES}/{invoice['id']}?asOf={as_of}")
    problem(answer, 400, "invalid-parameter")


async def test_an_as_of_before_the_invoice_existed_finds_nothing(
    client: httpx.AsyncClient, invoice: dict[str, Any]
) -> None:
    answer = await client.get(f"{INVOICES}/{invoice['id']}?asOf=2000-01-01T00:00:00Z")
    problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    "path",
    [
        "/api/reports/sales?to=null",
        "/api/reports/ageing?asOf=NULL",
        "/api/webhook-attempts?statusClass.eq=null",
        "/api/v1/invoicing/invoice/getschema?version=null",
    ],
)
async def test_the_word_null_is_no_way_to_leave_a_parameter_out(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    name = path.partition("?")[2].partition("=")[0]
    assert answer.status_code == 400, answer.text
    assert f"leave {name} out" in answer.text


async def test_null_is_a_word_like_any_other_where_a_text_is_wanted(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/api/customers?name.eq=null")
    assert (answer.status_code, answer.json()["items"]) == (200, [])
