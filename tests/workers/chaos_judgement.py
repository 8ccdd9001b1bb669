"""Judging chaos: what arrived, against what happened and what is on the record."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from store.attempt_sums import differing_sums
from store.ids import id_of
from store.leases import lost_leases
from tests.workers.chaos_world import World
from workers.drain import UNRECORDED


async def judge(it: World) -> str:
    """Hold what arrived against what happened. Raises ``AssertionError``; answers a summary."""
    rows = await it.pool.fetch("select * from store.events where topic like 'customer.%'")
    happened = {_evt(row["event_id"]): row for row in rows}
    again, unrecorded = 0, 0
    for id_, order in it.endpoints.items():
        arrivals = it.arrivals[id_]
        assert set(arrivals.accepted) == set(happened), "nothing is lost, and nothing invented"
        assert all(len(bodies) == 1 for bodies in arrivals.bodies.values()), "the same bytes"
        again += len(arrivals.accepted) - len(happened)
        unrecorded += await _account_for(it, id_, happened)
        firsts = [happened[id_] for id_ in dict.fromkeys(arrivals.accepted)]
        _check_order(order, firsts)
    assert await differing_sums(it.pool, it.book_id, since=date(2020, 1, 1)) == []
    bound = (
        sum(
            count
            for name, count in it.kills.items()
            if name.startswith("work") or name == "postgres"
        )
        * len(it.endpoints)
        * UNRECORDED
    )
    assert again <= bound
    return (
        f"{len(happened)} events for {len(it.endpoints)} endpoints, {dict(it.kills)}: 0 lost, "
        f"{again} accepted again (bound {bound}), {unrecorded} requests not on the record, each "
        "within a lease that is on record as lost"
    )


async def _account_for(it: World, endpoint_id: str, happened: dict[str, Any]) -> int:
    """Requests that are not on the record: each must fall into a lease that was lost."""
    rows = await it.pool.fetch(
        "select position, count(*) as made from store.attempts where book_id = $1"
        " and endpoint_id = $2 group by position",
        it.book_id,
        endpoint_id,
    )
    made = {row["position"]: row["made"] for row in rows}
    lost = await lost_leases(it.pool, it.book_id, endpoint_id, limit=100_000)
    intervals = [(one.leased_at.timestamp(), one.lost_at.timestamp()) for one in lost]
    unrecorded = 0
    for id_, times in it.arrivals[endpoint_id].times.items():
        excess = len(times) - made[happened[id_]["position"]]
        if excess > 0:
            within = [any(a <= at <= b for a, b in intervals) for at in times]
            assert sum(within) >= excess, "what is not on the record is within a lost lease"
            unrecorded += excess
    return unrecorded


def _check_order(order: str, firsts: Sequence[Any]) -> None:
    if order == "strict":
        positions = [row["position"] for row in firsts]
        assert positions == sorted(positions)
    if order == "aggregate":
        versions: dict[str, list[int]] = defaultdict(list)
        for row in firsts:
            versions[row["stream"]].append(row["version"])
        assert all(of_one == sorted(of_one) for of_one in versions.values())


def _evt(event_id: Any) -> str:
    return id_of("evt", event_id)
