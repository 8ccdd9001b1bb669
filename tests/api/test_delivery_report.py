"""The deliveries' summary: what an operator asks of every webhook endpoint."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from store.books import Book, Books
from store.database import Pool
from store.leases import Health, Released, release
from tests.api.delivery_scene import ENDPOINTS, NOTHING_SENT, NOW, REPORT, TODAY, Scene, instant
from tests.api.test_webhook_endpoints import at
from workers.replay import Replayer


@pytest.fixture
def scene(client: httpx.AsyncClient, pool: Pool, books: Books, book: Book) -> Scene:
    return Scene(client, pool, books, book)


async def test_a_book_without_endpoints_has_a_report_without_rows(scene: Scene) -> None:
    await scene.customers(1)

    assert await scene.report(to="2026-03-03") == {
        "from": "2026-02-25",
        "to": "2026-03-03",
        "asOf": 1,
        "items": [],
        "totals": NOTHING_SENT,
        "nextCursor": None,
    }


async def test_an_endpoint_that_nothing_was_sent_to_is_shown_as_it_is(scene: Scene) -> None:
    id_ = await scene.endpoint()

    assert await scene.only() == {
        **NOTHING_SENT,
        "endpointId": id_,
        "url": "https://example.com/hook",
        "status": "Enabled",
        "disabledReason": None,
        "oldestPendingAt": None,
        "nextAttemptAt": None,
        "failures": 0,
        "failingSince": None,
        "openUntil": None,
        "lastAttemptAt": None,
        "lastDeliveredAt": None,
    }


async def test_what_waits_is_told_with_its_age_and_when_it_is_due(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(3)
    times = await scene.pool.fetch("select recorded_at from store.events order by position")
    oldest = times[1]["recorded_at"]

    waiting = await scene.only()
    assert (waiting["pending"], instant(waiting, "oldestPendingAt")) == (3, oldest)
    assert instant(waiting, "nextAttemptAt") == oldest

    await scene.send(id_, [503, 503, 503], state="pending")
    later = await scene.only()
    assert (later["pending"], later["failed"], later["failedAttempts"]) == (3, 0, 3)
    assert instant(later, "oldestPendingAt") == oldest
    assert instant(later, "nextAttemptAt") == NOW


async def test_an_open_circuit_is_told_and_nothing_is_due_before_it_closes(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(1)
    lease = await scene.lease(id_)
    since, until = NOW - timedelta(hours=3), NOW + timedelta(minutes=9)

    async def shown(health: Health) -> tuple[Any, ...]:
        await release(scene.pool, scene.book_id, [Released(lease, health)])
        item = await scene.only()
        instants = (instant(item, it) for it in ("failingSince", "openUntil", "nextAttemptAt"))
        return item["failures"], *instants

    assert await shown(Health(7, since, until)) == (7, since, until, until)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    failures, since_then, open_until, due = await shown(Health(7, since, long_ago))
    assert (failures, since_then, open_until) == (7, since, None)
    assert due > long_ago


async def test_a_disabled_endpoint_says_why_and_that_nothing_will_be_sent(scene: Scene) -> None:
    id_ = await scene.endpoint()
    await scene.customers(2)
    await scene.client.post(
        f"{ENDPOINTS}/{id_}/disable", json={"reason": "It moves."}, headers=at(1)
    )

    item = await scene.only()

    assert (item["status"], item["disabledReason"]) == ("Disabled", "It moves.")
    assert (item["pending"], item["nextAttemptAt"]) == (2, None)
    assert item["oldestPendingAt"] is not None


async def test_what_is_only_sent_again_waits_since_its_replay_and_not_since_its_event(
    scene: Scene,
) -> None:
    id_ = await scene.endpoint()
    await scene.customers(1)
    await scene.send(id_, [200])
    await scene.pool.execute("alter table store.events disable trigger all")
    await scene.pool.execute("update store.events set recorded_at = '2020-02-02T00:00:00Z'")
    asked = await scene.client.post(
        f"{ENDPOINTS}/{id_}/replays", json={"select": {"kind": "one", "position": 2}}
    )
    assert asked.status_code == 202, asked.text
    replayer = Replayer(scene.pool, scene.books, lambda _book, _ids: None)
    for _ in range(2):
        await replayer.sweep()

    item = await scene.only()
    assert item["pending"] == 1
    assert instant(item, "oldestPendingAt").date() >= TODAY

    await scene.pool.execute("update store.deliveries set state_before = 'pending'")
    assert instant(await scene.only(), "oldestPendingAt").year == 2020


async def test_pages_go_by_endpoint_and_all_have_the_same_totals(scene: Scene) -> None:
    ids = [await scene.endpoint() for _ in range(5)]
    await scene.customers(2)
    await scene.send(ids[0], [200, 500])
    await scene.send(ids[4], [200])

    pages = [await scene.report(limit=2)]
    while cursor := pages[-1]["nextCursor"]:
        pages.append(await scene.report(limit=2, cursor=cursor))

    seen = [[it["endpointId"] for it in page["items"]] for page in pages]
    assert seen == [ids[:2], ids[2:4], ids[4:]]
    totals = pages[0]["totals"]
    assert all(page["totals"] == totals for page in pages)
    assert (totals["attempts"], totals["delivered"], totals["pending"]) == (3, 2, 7)
    whole = await scene.client.get(REPORT, params={"limit": 2})
    assert 'rel="next"' in whole.headers["link"]


async def test_one_endpoint_can_be_asked_for(scene: Scene, stranger: str) -> None:
    one, two = await scene.endpoint(), await scene.endpoint()
    await scene.customers(2)
    await scene.send(one, [200])
    await scene.send(two, [500, 500])

    shown = await scene.report(endpointId=two)
    unknown = await scene.report(endpointId="whe_none")
    others = await scene.client.get(
        REPORT, params={"endpointId": two}, headers={"Authorization": stranger}
    )

    assert [it["endpointId"] for it in shown["items"]] == [two]
    assert (shown["totals"]["attempts"], shown["totals"]["failed"]) == (2, 2)
    assert (unknown["items"], unknown["totals"]) == ([], NOTHING_SENT)
    assert (others.json()["items"], others.json()["totals"]) == ([], NOTHING_SENT)


async def test_csv_has_every_endpoint_and_the_same_members(scene: Scene) -> None:
    ids = [await scene.endpoint() for _ in range(3)]
    await scene.customers(1)
    await scene.send(ids[1], [200])
    shown = await scene.report()

    asked = {"limit": 1, "to": shown["to"]}
    answer = await scene.client.get(REPORT, params=asked, headers={"Accept": "text/csv"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = f"deliveries-{shown['from']}-{shown['to']}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    lines = [*csv.DictReader(io.StringIO(answer.text))]
    assert [it["endpointId"] for it in lines] == ids
    assert lines[1].keys() == shown["items"][1].keys()
    assert (lines[1]["successRatio"], lines[0]["successRatio"]) == ("1.0000", "")


async def test_a_report_that_cannot_be_is_refused_with_the_parameter(
    client: httpx.AsyncClient,
) -> None:
    wrong = {
        "from=2026-02-01&to=2026-01-31": "to",
        "from=2999-01-01": "to",
        "from=yesterday": "from",
        "to=2026-02-30": "to",
        "limit=0": "limit",
        "limit=1001": "limit",
        "cursor=x": "cursor",
        "cursor=WzFd": "cursor",
        "format=xlsx": "format",
        f"endpointId={'x' * 65}": "endpointId",
    }
    for query, parameter in wrong.items():
        answer = await client.get(f"{REPORT}?{query}")
        assert answer.status_code == 400, answer.text
        assert [it["parameter"] for it in answer.json()["errors"]] == [parameter], query
