"""What the deliveries' summary counts, and for how long."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from store.books import Book, Books
from store.database import Pool
from store.retention import keep_attempts
from tests.api.delivery_scene import ENDPOINTS, NOTHING_SENT, NOW, REPORT, TODAY, Scene
from tests.api.test_webhook_endpoints import at, create


@pytest.fixture
def scene(client: httpx.AsyncClient, pool: Pool, books: Books, book: Book) -> Scene:
    return Scene(client, pool, books, book)


async def test_without_days_it_is_about_the_last_seven(scene: Scene) -> None:
    await scene.follow()
    before = datetime.now(UTC).date()
    shown = (await scene.client.get(REPORT)).json()
    assert before <= date.fromisoformat(shown["to"]) <= datetime.now(UTC).date()
    span = date.fromisoformat(shown["to"]) - date.fromisoformat(shown["from"])
    assert span == timedelta(days=6)


async def test_attempts_are_told_with_their_success_and_durations(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(5)
    await scene.send(id_, [200, 200, 500, None])

    shown = await scene.report()

    figures = {
        "pending": 1,
        "failed": 2,
        "attempts": 4,
        "delivered": 2,
        "failedAttempts": 2,
        "successRatio": "0.5000",
        "meanDurationMs": 2500.0,
        "maxDurationMs": 4000,
    }
    [item] = shown["items"]
    assert shown["totals"] == figures
    assert figures.items() <= item.items()
    assert item["lastAttemptAt"] == f"{TODAY}T04:00:00Z"
    assert item["lastDeliveredAt"] == f"{TODAY}T02:00:00Z"


async def test_only_attempts_of_the_days_that_were_asked_for_count(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(6)
    for ago, status in ((0, 200), (6, 500), (7, 200), (400, 500)):
        await scene.send(id_, [status], day=TODAY - timedelta(days=ago))

    async def attempts(**query: Any) -> tuple[int, int]:
        item = await scene.only(**query)
        assert (item["pending"], item["failed"]) == (2, 2), "what waits waits now"
        assert item["lastAttemptAt"] == f"{TODAY}T01:00:00Z"
        return item["attempts"], item["delivered"]

    eight_days_ago = TODAY - timedelta(days=7)
    assert await attempts() == (2, 1)
    assert await attempts(from_=TODAY) == (1, 1)
    assert await attempts(to=TODAY - timedelta(days=1)) == (2, 1)
    assert await attempts(from_=eight_days_ago, to=eight_days_ago) == (1, 1)
    assert await attempts(from_="0001-01-01", to="9999-12-31") == (4, 2)
    assert await attempts(to="0001-01-03") == (0, 0)


async def test_a_ratio_of_one_means_that_all_were_accepted(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(1)
    await scene.send(id_, [200])
    assert (await scene.only())["successRatio"] == "1.0000"

    await scene.pool.execute(
        "update store.attempt_sums set attempts = 1000000, delivered = 999999, duration_ms_sum = 1"
    )
    item = await scene.only()
    assert (item["successRatio"], item["meanDurationMs"]) == ("0.9999", 0.0)


async def test_a_deleted_endpoint_is_shown_for_days_on_which_it_was_sent_to(scene: Scene) -> None:
    id_, other = await scene.endpoint(), await scene.endpoint()
    await scene.customers(2)
    await scene.send(id_, [500])
    await scene.client.delete(f"{ENDPOINTS}/{id_}", headers=at(1))

    shown = await scene.report()
    deleted, kept = shown["items"]
    earlier = await scene.report(to=TODAY - timedelta(days=1))

    assert (deleted["endpointId"], deleted["status"], deleted["url"]) == (id_, "Deleted", None)
    assert (deleted["attempts"], deleted["failed"], deleted["pending"]) == (1, 2, 0)
    assert (deleted["failures"], deleted["nextAttemptAt"]) == (0, None)
    assert (kept["endpointId"], shown["totals"]["failed"]) == (other, 2)
    assert [it["endpointId"] for it in earlier["items"]] == [other]
    assert earlier["totals"]["failed"] == 0


async def test_pings_do_not_count(scene: Scene) -> None:
    id_ = (await create(scene.client, url="http://127.0.0.1:9999/", events=["customer.*"]))["id"]
    pinged = await scene.client.post(f"{ENDPOINTS}/{id_}/ping")
    assert pinged.json()["accepted"] is False

    assert NOTHING_SENT.items() <= (await scene.only()).items()


async def test_figures_stay_when_the_attempts_are_gone(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(1)
    await scene.send(id_, [200], day=TODAY - timedelta(days=5))
    before = await scene.report()
    async with scene.pool.acquire() as connection:
        await keep_attempts(connection, now=NOW, days=2)

    assert await scene.pool.fetchval("select count(*) from store.attempts") == 0
    assert await scene.report() == before


async def test_a_sandbox_that_was_reset_begins_with_an_empty_report(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(1)
    await scene.send(id_, [200])
    reset = await scene.client.post("/api/sandbox/reset")
    assert reset.status_code < 300, reset.text

    shown = await scene.report()

    assert (shown["items"], shown["totals"]) == ([], NOTHING_SENT)
