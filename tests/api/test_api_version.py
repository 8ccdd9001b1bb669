"""The version of the API, which a client may name and every answer tells."""

import pytest

from tests.sample_api import client_of, sample_app

URL = "/api/orders/a"


@pytest.mark.parametrize("url", [URL, "/nowhere", "/api/orders/boom"])
async def test_every_answer_tells_by_which_version_it_was_made(url: str) -> None:
    async with client_of(sample_app()) as client:
        for asked in ({}, {"api-version": "2026-11-01"}):
            assert (await client.get(url, headers=asked)).headers["api-version"] == "2026-11-01"


@pytest.mark.parametrize("asked", ["", "2026-11-02", "1", "v1", "2026-11-01 "])
async def test_a_version_that_is_not_there_is_refused_and_the_one_that_is_named(asked: str) -> None:
    async with client_of(sample_app()) as client:
        reply = await client.get(URL, headers=[(b"api-version", asked.encode())])

    assert (reply.status_code, reply.json()["code"]) == (400, "unknown-api-version")
    assert "2026-11-01" in reply.json()["detail"]
    assert reply.headers["api-version"] == "2026-11-01"
