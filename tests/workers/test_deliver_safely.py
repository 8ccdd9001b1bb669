import asyncio

from projections.webhook_endpoints import read_endpoints
from store import leases
from store.attempt_log import list_attempts
from store.books import create_book
from store.delivery_log import list_deliveries
from store.leases import Released
from store.secrets import add_secret
from tests.workers.receiver import Received, receiving, reply
from tests.workers.stage import Stage
from tests.workers.webhooks import new_customers, new_endpoint, until
from workers.deliver import Deliverer, open_deliverer


async def test_a_sender_that_lost_its_lease_records_nothing(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(2)
    book_id = stage.book.book_id
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def held_up(request: Received, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await answer.wait()
        await reply(500)(request, writer)

    stage.receiver.behave = held_up
    await stage.deliverer.sweep()
    await arrived.wait()
    await stage.pool.execute("update store.endpoint_leases set leased_until = '-infinity'")
    [successor] = await leases.lease(stage.pool, book_id, [endpoint], now=stage.clock(), seconds=60)
    answer.set()
    await stage.deliverer.settled()
    assert await stage.states(endpoint) == [("pending", 0)] * 2
    assert await list_attempts(stage.pool, book_id, endpoint, 2) == []

    stage.receiver.behave = reply(200)
    await leases.release(stage.pool, book_id, [Released(successor, successor.health)])
    await stage.deliver()
    assert await stage.states(endpoint) == [("delivered", 1)] * 2
    assert len(stage.receiver.ids) == 4
    assert len(set(stage.receiver.ids)) == 2


async def test_a_slow_endpoint_does_not_hold_up_another(stage: Stage) -> None:
    release = asyncio.Event()
    async with receiving() as slow:

        async def hangs(request: Received, writer: asyncio.StreamWriter) -> None:
            await release.wait()
            await reply(200)(request, writer)

        slow.behave = hangs
        stuck = await stage.endpoint(slow.url)
        quick = await stage.endpoint()
        await stage.customers(5)
        await stage.deliverer.sweep()
        await until(lambda: stage.delivered(quick, 5))
        await stage.customers(1)
        stage.deliverer.hint(stage.book.book_id, [quick, stuck])
        await until(lambda: stage.delivered(quick, 6))
        assert {state for state, _ in await stage.states(stuck)} == {"pending"}
        release.set()
        await stage.deliverer.settled()
        await stage.deliver()
        assert await stage.states(stuck) == [("delivered", 1)] * 6


async def test_hints_deliver_without_a_sweep_and_wrong_hints_do_no_harm(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(150)
    for _ in range(5):
        stage.deliverer.hint(stage.book.book_id, [endpoint, "whe_unknown"])
        stage.deliverer.hint("bok_unknown", [endpoint])
    await stage.deliverer.settled()
    assert await stage.states(endpoint) == [("delivered", 1)] * 150
    assert len(set(stage.receiver.ids)) == len(stage.receiver.ids) == 150


async def test_a_deliverer_that_runs_finds_the_work_by_itself(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    async with open_deliverer(stage.means):
        await until(lambda: stage.delivered(endpoint, 3))


async def test_stopping_finishes_what_is_under_way_and_starts_nothing_new(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(40)
    arrived = asyncio.Event()

    async def takes_a_moment(request: Received, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.sleep(0.02)
        await reply(200)(request, writer)

    stage.receiver.behave = takes_a_moment
    await stage.deliverer.sweep()
    await arrived.wait()
    await stage.deliverer.stop()
    received = len(stage.receiver.requests)
    assert 0 < received < 40
    states = await stage.states(endpoint)
    assert sorted(states) == [("delivered", 1)] * received + [("pending", 0)] * (40 - received)

    successor = Deliverer(stage.means)
    await successor.sweep()
    await successor.settled()
    assert len(stage.receiver.ids) == len(set(stage.receiver.ids)) == 40, "nothing was sent twice"


async def test_without_a_readable_secret_nothing_is_sent_and_nothing_is_lost(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers()
    await stage.pool.execute("update store.webhook_secrets set secret = 'damaged'")
    await stage.deliver()
    assert stage.receiver.requests == []
    assert await stage.states(endpoint) == [("pending", 0)]


async def test_live_books_never_send_to_this_machine(stage: Stage) -> None:
    live = await create_book(stage.pool, name="Live", mode="live")
    endpoint = await new_endpoint(stage.books, live.book_id, stage.receiver.url)
    await add_secret(stage.pool, stage.keyring, live.book_id, endpoint)
    await new_customers(stage.books, live.book_id)
    await stage.fan_out()
    await stage.deliver()
    assert stage.receiver.connections == 0
    [refused] = await list_deliveries(stage.pool, live.book_id, endpoint)
    assert refused.attempts == 1
    assert "https" in (refused.last_error or "")


async def test_no_signing_secret_is_in_the_log_or_the_read_models(stage: Stage) -> None:
    await stage.endpoint()
    await stage.customers()
    await stage.deliver()
    key = stage.secret.removeprefix("whsec_")
    tables = await stage.pool.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('store', 'projections')"
    )
    assert len(tables) > 5
    for table in tables:
        rows = await stage.pool.fetch(f"select t::text as row from {table['name']} t")  # noqa: S608 - from the catalogue
        assert not [row for row in rows if key in row["row"]], table["name"]
    assert await read_endpoints(stage.pool, stage.book.book_id)
