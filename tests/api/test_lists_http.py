"""Lists over HTTP: a walk by links, problem documents, and the published contract."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, Response, get
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.list_contract import list_operation, parameters
from api.lists import page_of, parse_list
from api.paging import Cursors, Page, next_link
from api.problems import exception_handlers
from projections.page import fetch_page
from store.database import Pool
from tests.specimens import COLUMNS, DDL, SPECIMENS, insert

SELECTABLE = ("id", "status", "total")
ROW = dict.fromkeys(COLUMNS) | {"status": "Posted", "created": datetime(2026, 1, 1, tzinfo=UTC)}


class Specimen(msgspec.Struct):
    """As much of one as the tests look at."""

    id: str
    status: str
    total: Decimal


def app_over(pool: Pool) -> Litestar:
    """The smallest app with a list."""
    cursors = Cursors(b"k" * 32)

    @get("/specimens", operation_class=list_operation(SPECIMENS, SELECTABLE))
    async def list_specimens(request: Request[Any, Any, Any]) -> Response[Page[Any]]:
        asked = parse_list(
            request.scope["query_string"],
            SPECIMENS,
            book_id="book",
            cursors=cursors,
            selectable=SELECTABLE,
        )
        rows = await fetch_page(pool, SPECIMENS, asked.book_id, asked.query)
        items = msgspec.convert(rows.rows, list[Specimen])
        page = page_of(asked, items, rows.last, cursors, as_of=1)
        headers = {}
        if page.next_cursor:
            path, query = request.scope["path"], request.scope["query_string"]
            headers["link"] = next_link(path, query, page.next_cursor)
        return Response(page, headers=headers)

    return Litestar([list_specimens], exception_handlers=exception_handlers(lambda _: None))


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    await pool.execute(DDL)
    rows = [ROW | {"id": f"s{it:02}", "number": "a,b", "total": Decimal(it)} for it in range(25)]
    await insert(pool, "book", rows)
    await insert(pool, "other", rows)
    transport = httpx.ASGITransport(cast("Any", app_over(pool)))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_following_the_links_walks_the_whole_list(client: httpx.AsyncClient) -> None:
    url: str | None = (
        "/specimens?status.in=Posted,Released&total.gte=5&sort=-total&limit=7&fields=id"
    )
    walked, sizes = [], []
    while url:
        answer = await client.get(url)
        assert answer.status_code == 200
        body = answer.json()
        assert ("link" in answer.headers) == (body["nextCursor"] is not None)
        walked += body["items"]
        sizes.append(len(body["items"]))
        link = re.fullmatch('<(.+)>; rel="next"', answer.headers.get("link", ""))
        url = link[1] if link else None

    assert walked == [{"id": f"s{it:02}"} for it in range(24, 4, -1)]
    assert sizes == [7, 7, 6]


async def test_a_comma_inside_a_text_is_told_from_one_between_texts(
    client: httpx.AsyncClient,
) -> None:
    found = (await client.get("/specimens?number.in=a%2Cb&limit=1")).json()
    missed = (await client.get("/specimens?number.in=a,b&limit=1")).json()
    assert (len(found["items"]), len(missed["items"])) == (1, 0)


async def test_a_wrong_query_is_answered_with_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/specimens?total=3&limit=0")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["detail"]) == ("invalid-parameter", "Not valid: total, limit.")
    assert [it["parameter"] for it in body["errors"]] == ["total", "limit"]


async def test_the_contract_names_every_parameter(pool: Pool) -> None:
    document = app_over(pool).openapi_schema.to_schema()

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    published = document["paths"]["/specimens"]["get"]["parameters"]
    known = {f"{it.name}.{op}" for it in SPECIMENS.fields.values() for op in it.operators}
    paging = {"sort", "limit", "cursor", "fields", "consistency", "Read-After"}
    assert {it["name"] for it in published} == known | paging
    shapes = {
        it["name"]: (it.get("style"), it.get("explode"), it["schema"]["type"]) for it in published
    }
    assert shapes["status.in"] == ("form", False, "array")
    assert shapes["total.between"] == ("form", False, "array")
    assert shapes["total.gte"] == (None, None, "string")


def test_a_list_without_selectable_fields_publishes_none() -> None:
    assert "fields" not in {it.name for it in parameters(SPECIMENS)}
