"""The type of a problem leads to what it means."""

import httpx
import pytest

from api.problem_types import PROBLEMS
from store.books import Books
from store.database import Pool
from tests.api.conftest import serving


@pytest.mark.parametrize("code", ["not-found", "rule-broken"])
async def test_the_type_of_a_problem_can_be_followed_without_a_key(
    pool: Pool, books: Books, code: str
) -> None:
    async with serving(pool, books) as client:
        told = await client.get(f"/problems/{code}")

    assert told.status_code == 200
    assert told.json()["code"] == code
    assert told.json()["meaning"] == PROBLEMS[code].meaning
    assert told.json()["toDo"]


async def test_a_problem_that_was_met_leads_to_its_explanation(client: httpx.AsyncClient) -> None:
    met = (await client.get("/api/invoices/inv_none")).json()

    told = (await client.get(met["type"])).json()

    assert (told["code"], told["status"], told["title"]) == (
        met["code"],
        met["status"],
        met["title"],
    )


async def test_what_is_no_problem_is_not_found(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/problems/no-such-code")
    odd = await client.get("/problems/NO..")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")
    assert (odd.status_code, odd.json()["code"]) == (400, "invalid-parameter")
