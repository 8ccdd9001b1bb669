"""``daybook demo`` against a server, as somebody runs it who wants to look around."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from click.testing import CliRunner, Result

from daybook.cli_data import demo
from daybook.demo.catalog import SELLER
from daybook.demo.plan import Planned, plan
from daybook.demo.writing import CannotWrite, write, write_demo
from daybook.opening import open_book
from store.database import Pool, open_pool
from store.keys import create_key
from tests.acceptance.served import served

_WHO_AND_WHERE = {"author", "documentId", "document_id", "id", "line_id"}


class Sandbox(NamedTuple):
    """An empty book, a key for it, and the API that serves it."""

    address: str
    pool: Pool
    book_id: str
    key: str

    def client(self) -> httpx.AsyncClient:
        """A client as the program makes one."""
        return httpx.AsyncClient(base_url=self.address, timeout=60)

    async def get(self, path: str) -> Any:
        """What the API answers with the key."""
        async with self.client() as client:
            answer = await client.get(path, headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
async def api(
    template: tuple[str, str], servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Pool]]:
    """The address of an API, and the database behind it."""
    url, source = template
    name = f"demo_{os.getpid()}"
    admin = await asyncpg.connect(url)
    await admin.execute(f"create database {name} template {source}")
    base, question, query = url.partition("?")
    database_url = f"{base.rsplit('/', 1)[0]}/{name}{question}{query}"
    with served(database_url, servers[1], tmp_path_factory.mktemp("served")) as address:
        async with open_pool(database_url, name="test") as pool:
            yield address, pool
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
async def sandbox(api: tuple[str, Pool]) -> Sandbox:
    return await another(*api)


async def another(address: str, pool: Pool) -> Sandbox:
    book = await open_book(pool, name="Demo", mode="sandbox", settings=SELLER)
    key, _ = await create_key(pool, book.book_id, name="demo")
    return Sandbox(address, pool, book.book_id, key)


@cache
def planned(seed: int = 7) -> list[Planned]:
    """A small plan; cached, so that midnight does not make it another one."""
    return plan(invoices=32, seed=seed, today=datetime.now(UTC).date())


async def content(sandbox: Sandbox) -> Counter[str]:
    """Every stream of the book without what tells two runs apart: ids."""
    rows = await sandbox.pool.fetch(
        "select stream, topic, state from store.events where book_id = $1 order by stream, version",
        sandbox.book_id,
    )
    streams: dict[str, list[str]] = {}
    for row in rows:
        told = json.loads(row["state"], object_hook=_without_ids)
        streams.setdefault(row["stream"], []).append(f"{row['topic']} {json.dumps(told)}")
    return Counter("\n".join(facts) for facts in streams.values())


def _without_ids(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in _WHO_AND_WHERE}


async def head(sandbox: Sandbox) -> int:
    found: int = await sandbox.pool.fetchval(
        "select head from store.books where book_id = $1", sandbox.book_id
    )
    return found


async def test_a_book_with_everything_in_it_is_written(sandbox: Sandbox) -> None:
    told: list[tuple[int, int]] = []
    summary = await write_demo(
        sandbox.address, sandbox.key, seed=1, report=lambda done, of: told.append((done, of))
    )

    assert (summary.customers, summary.posted, summary.voided, summary.drafts) == (26, 50, 3, 7)
    assert [done for done, _ in told] == list(range(1, summary.requests + 1))
    assert told[-1][0] == told[-1][1]
    listed = (await sandbox.get("/api/invoices?limit=100&sort=issueDate,number"))["items"]
    assert Counter(one["status"] for one in listed) == {"Posted": 50, "Voided": 3, "Draft": 7}
    numbered = [one for one in listed if one["number"]]
    assert [one["number"] for one in numbered] == sorted(one["number"] for one in numbered)
    assert len({one["customerId"] for one in numbered}) > 15
    voided = next(one for one in listed if one["status"] == "Voided")
    entity = await sandbox.get(f"/api/invoices/{voided['id']}")
    history = (await sandbox.get(f"/api/invoices/{voided['id']}/events"))["items"]
    assert entity["voidReason"] == history[-1]["data"]["reason"] == history[-1]["reason"]


async def test_writing_it_again_changes_nothing(sandbox: Sandbox) -> None:
    async with sandbox.client() as client:
        first = await write(client, sandbox.key, planned())
        before = await head(sandbox)
        again = await write(client, sandbox.key, planned())

    assert await head(sandbox) == before
    assert (again.posted, again.voided, again.drafts) == (first.posted, first.voided, first.drafts)


def break_down(client: httpx.AsyncClient, *, after: int) -> None:
    """Let the network fail: the answer to the last request is lost, the request was not."""
    left = after

    async def ask(_request: httpx.Request) -> None:
        nonlocal left
        if left <= 0:
            raise httpx.ConnectError("the network is down")
        left -= 1

    async def answered(_response: httpx.Response) -> None:
        if left <= 0:
            raise httpx.ReadError("the network went down")

    client.event_hooks = {"request": [ask], "response": [answered]}


@pytest.mark.parametrize("percent", [1, 20, 40, 60, 80, 99])
async def test_an_interrupted_run_goes_on_and_ends_as_if_nothing_had_been(
    sandbox: Sandbox, percent: int
) -> None:
    other = await another(sandbox.address, sandbox.pool)
    async with sandbox.client() as client:
        whole = await write(client, other.key, planned())
    async with sandbox.client() as client:
        break_down(client, after=whole.requests * percent // 100)
        with pytest.raises(httpx.TransportError):
            await write(client, sandbox.key, planned())
    async with sandbox.client() as client:
        await write(client, sandbox.key, planned())

    assert await content(sandbox) == await content(other)


@pytest.mark.parametrize("percent", [55, 80])
async def test_another_demonstration_goes_on_from_the_latest_date_interrupted_or_not(
    sandbox: Sandbox, percent: int
) -> None:
    other = await another(sandbox.address, sandbox.pool)
    async with sandbox.client() as client:
        await write(client, other.key, planned(1))
        whole = await write(client, other.key, planned(2))
        await write(client, sandbox.key, planned(1))
    async with sandbox.client() as client:
        break_down(client, after=whole.requests * percent // 100)
        with pytest.raises(httpx.TransportError):
            await write(client, sandbox.key, planned(2))
    async with sandbox.client() as client:
        await write(client, sandbox.key, planned(2))

    assert await content(sandbox) == await content(other)
    listed = (await sandbox.get("/api/invoices?number.isnull=false&limit=100&sort=number"))["items"]
    assert len(listed) == 56
    dates = [one["issueDate"] for one in listed]
    assert dates == sorted(dates)


async def test_a_customer_that_was_archived_keeps_drafts_and_stops_nothing(
    sandbox: Sandbox,
) -> None:
    async with sandbox.client() as client:
        client.headers["Authorization"] = f"Bearer {sandbox.key}"
        billed = Counter(one.body["customerId"] for one in planned()[:28])
        customer, count = billed.most_common(1)[0]
        archived = {"id": customer, "name": "Somebody else"}
        assert (await client.post("/api/customers", json=archived)).is_success
        path = f"/api/customers/{customer}/archive"
        assert (await client.post(path, headers={"If-Match": '"1"'}, json={})).is_success
        summary = await write(client, sandbox.key, planned())

    assert summary.drafts == 4 + count
    assert summary.posted + summary.voided == 28 - count


# ---------------------------------------------------------------- the command


async def run(home: Path, *arguments: str, **env: str) -> Result:
    environ = {"DAYBOOK_HOME": str(home), "DAYBOOK_PORT": "1", **env}
    return await asyncio.to_thread(CliRunner().invoke, demo, arguments, env=environ)


async def test_the_command_writes_into_the_stack_that_runs(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = {
        "sandbox.json": {"bookId": sandbox.book_id, "key": sandbox.key},
        "stack.json": {
            "databaseUrl": "-",
            "redisUrl": "-",
            "address": sandbox.address,
            "processes": {},
        },
    }
    for name, found in files.items():
        (tmp_path / name).write_text(json.dumps(found))
    done = await run(tmp_path, "--invoices", "8", "--seed", "3")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("8 invoices for 26 customers: 7 posted, 0 voided, 1 drafts; ")
    assert done.stdout.endswith("seed 3.\n")
    assert done.stderr == ""


async def test_what_stands_in_the_way_is_a_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    nothing = await run(tmp_path)
    assert "There is no sandbox in" in nothing.stderr
    (tmp_path / "sandbox.json").write_text('{"bookId": "bok_1", "key": "dbk_test_wrong"}')
    refused = await run(tmp_path, "--url", sandbox.address)
    assert "The key was refused" in refused.stderr
    silent = await run(tmp_path)
    assert "Nothing answers at http://127.0.0.1:1: start it with 'daybook up'" in silent.stderr
    damaged = await run(tmp_path, "--url", "ftp://x")
    assert "'ftp://x' is no address" in damaged.stderr
    (tmp_path / "sandbox.json").write_text("{")
    assert "sandbox.json is damaged" in (await run(tmp_path)).stderr
    assert {one.exit_code for one in (nothing, refused, silent, damaged)} == {1}


async def test_a_server_that_is_not_daybook_is_named_as_such() -> None:
    def page(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>")

    transport = httpx.MockTransport(page)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        with pytest.raises(CannotWrite, match="not Daybook"):
            await write(client, "dbk_test_", planned())


async def test_a_key_that_may_only_read_is_refused(sandbox: Sandbox) -> None:
    key, _ = await create_key(sandbox.pool, sandbox.book_id, name="r", scopes=["read"])
    with pytest.raises(CannotWrite, match="POST /api/customers was refused: This key may read"):
        await write_demo(sandbox.address, key)
