"""The sums of a day are what its attempts come to, whatever happens to deliveries."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from store import deliveries, leases
from store.attempt_sums import differing_sums
from store.books import Book, Books, create_book
from store.database import Connection, Pool
from store.deliveries import Attempt
from store.ids import new_id
from store.leases import Lease
from store.migrate import migrations
from store.replaying import advance_replay
from store.replays import create_replay, selection_of
from store.retention import keep_attempts
from tests.workers.webhooks import new_customers

DAY = timedelta(days=1)
MIDNIGHT = datetime.combine(datetime.now(UTC) + DAY, time(), UTC)
ENDPOINTS = ("whe_1", "whe_2", "whe_3")
POSITIONS = 4
LONG_AGO = date(2020, 1, 1)
ACCEPTED = {200, 204, 299}

one_attempt = st.fixed_dictionaries(
    {
        "status": st.sampled_from([200, 204, 299, 199, 300, 404, 410, 500, None]),
        "duration_ms": st.integers(0, 15_000),
        # Around midnight, and some days away from it.
        "at": st.integers(-2, 2).map(lambda ms: MIDNIGHT + timedelta(milliseconds=ms))
        | st.integers(-3, 3).map(lambda days: MIDNIGHT + days * DAY),
        "number_off": st.sampled_from([0, 0, 0, 0, 1, -1]),
        "stale": st.sampled_from([False, False, False, True]),
    }
)
flushes = st.dictionaries(
    st.tuples(st.sampled_from(ENDPOINTS), st.integers(1, POSITIONS)),
    one_attempt,
    min_size=1,
    max_size=8,
)
steps = st.lists(
    st.tuples(st.just("flush"), flushes)
    | st.tuples(st.just("flush again"), st.none())
    | st.tuples(
        st.sampled_from(["lose the lease", "replay", "abandon"]), st.sampled_from(ENDPOINTS)
    ),
    max_size=12,
)

_OK = {"status": 200, "duration_ms": 5, "at": MIDNIGHT, "number_off": 0, "stale": False}
_LATE = {**_OK, "status": None, "duration_ms": 15_000, "at": MIDNIGHT - DAY}
BUSY: list[Any] = [
    ("flush", {("whe_1", 1): _OK, ("whe_2", 1): _LATE, ("whe_2", 2): {**_OK, "stale": True}}),
    ("flush again", None),
    ("lose the lease", "whe_1"),
    ("flush", {("whe_1", 1): {**_OK, "number_off": 1}, ("whe_1", 2): _OK, ("whe_2", 1): _OK}),
    ("replay", "whe_1"),
    ("flush", {("whe_1", 1): _LATE, ("whe_1", 2): {**_OK, "stale": True}, ("whe_1", 3): _OK}),
    ("abandon", "whe_1"),
    ("flush", {("whe_1", 4): _OK, ("whe_3", 1): _LATE}),
]


class Play:
    """A book with endpoints, each leased by a sender that may lose its lease."""

    def __init__(self, pool: Pool, book: Book) -> None:
        self.pool = pool
        self.book_id = book.book_id
        self.epochs = dict.fromkeys(ENDPOINTS, 1)
        self.flushed: list[Attempt] = []

    async def begin(self) -> None:
        now = datetime.now(UTC)
        rows = [(id_, position, now) for id_ in ENDPOINTS for position in range(1, POSITIONS + 1)]
        async with self.pool.acquire() as connection:
            await deliveries.plan(connection, self.book_id, rows)
        for id_ in ENDPOINTS:
            await self.lease(id_)

    async def lease(self, id_: str) -> None:
        """By somebody who loses it at once; the others still write as if it were theirs."""
        for lease in await leases.lease(
            self.pool, self.book_id, [id_], now=datetime.now(UTC) + 9 * DAY, seconds=0
        ):
            self.epochs[id_] = lease.epoch

    async def step(self, name: str, what: Any) -> None:
        match name:
            case "flush":
                numbers = await self.numbers()
                self.flushed = [
                    self.attempt(id_, position, numbers[id_, position], made)
                    for (id_, position), made in what.items()
                ]
                await deliveries.record(self.pool, self.book_id, self.flushed)
            case "flush again" if self.flushed:
                await deliveries.record(self.pool, self.book_id, self.flushed)
            case "lose the lease":
                await self.lease(what)
            case "replay":
                await self.replay(what)
            case "abandon":
                async with self.pool.acquire() as connection:
                    await deliveries.abandon(connection, self.book_id, what)
            case _:
                assert name == "flush again", name

    async def numbers(self) -> dict[tuple[str, int], int]:
        rows = await self.pool.fetch(
            "select endpoint_id, position, attempts from store.deliveries where book_id = $1",
            self.book_id,
        )
        return {(row["endpoint_id"], row["position"]): row["attempts"] + 1 for row in rows}

    def attempt(self, id_: str, position: int, number: int, made: dict[str, Any]) -> Attempt:
        accepted = made["status"] in ACCEPTED
        return Attempt(
            lease=Lease(id_, self.epochs[id_] - made["stale"]),
            position=position,
            number=number + made["number_off"],
            at=made["at"],
            status=made["status"],
            error=None,
            duration_ms=made["duration_ms"],
            peer=None,
            response=b"",
            state="delivered" if accepted else "pending",
            next_at=None if accepted else made["at"],
        )

    async def replay(self, id_: str) -> None:
        replay = (self.book_id, new_id("rpl"), id_)
        selection = await selection_of(self.pool, self.book_id, "range")
        now = datetime.now(UTC)
        await create_replay(self.pool, replay, selection, by="test", now=now)
        async with self.pool.acquire() as connection:
            for _ in range(2):
                async with connection.transaction():
                    await advance_replay(connection, *replay[:2], now=now)


async def added_up(pool: Pool, book_id: str) -> dict[tuple[str, date], tuple[Any, ...]]:
    """The sums, by adding up what is on record one by one."""
    rows = await pool.fetch(
        "select endpoint_id, at, status, duration_ms from store.attempts where book_id = $1",
        book_id,
    )
    made = defaultdict(list)
    for row in rows:
        made[row["endpoint_id"], row["at"].astimezone(UTC).date()].append(row)
    sums = {}
    for key, attempts in made.items():
        accepted = [it["at"] for it in attempts if it["status"] in ACCEPTED]
        durations = [it["duration_ms"] for it in attempts]
        sums[key] = (
            *(len(attempts), len(accepted), sum(durations), max(durations)),
            *(max(it["at"] for it in attempts), max(accepted, default=None)),
        )
    return sums


async def summed(pool: Pool, book_id: str) -> dict[tuple[str, date], tuple[Any, ...]]:
    rows = await pool.fetch("select * from store.attempt_sums where book_id = $1", book_id)
    return {(row["endpoint_id"], row["day"]): tuple(row.values())[3:] for row in rows}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
@example(steps=BUSY)
async def test_whatever_happens_to_deliveries_the_sums_are_those_of_the_attempts(
    pool: Pool, books: Books, steps: list[Any]
) -> None:
    play = Play(pool, await create_book(pool, name="Sums", mode="sandbox"))
    await new_customers(books, play.book_id, POSITIONS)
    await play.begin()

    for name, what in steps:
        await play.step(name, what)

    expected = await added_up(pool, play.book_id)
    assert await summed(pool, play.book_id) == expected
    assert await differing_sums(pool, play.book_id, since=LONG_AGO) == []
    if steps == BUSY:
        assert sum(of_day[0] for of_day in expected.values()) == 8


async def test_a_difference_is_told_in_words(pool: Pool, book: Book) -> None:
    await insert(pool, book, MIDNIGHT)
    await insert(pool, book, MIDNIGHT - DAY)
    day = MIDNIGHT.date()
    await pool.execute("update store.attempt_sums set attempts = 7 where day = $1", day)

    [told] = await differing_sums(pool, book.book_id, since=LONG_AGO)

    assert told == (
        f"the sums of whe_1 on {day} are not those of its attempts: they tell of 7, and 1 are on "
        "record"
    )
    assert await differing_sums(pool, book.book_id, since=day + DAY) == []
    assert await differing_sums(pool, "bok_other", since=LONG_AGO) == []


async def test_sums_outlive_their_attempts_and_no_attempt_is_added_twice(
    pool: Pool, book: Book
) -> None:
    days = [MIDNIGHT + ahead * DAY for ahead in range(4)]
    for day in days:
        await insert(pool, book, day)
    before = await summed(pool, book.book_id)
    async with pool.acquire() as connection:
        # What waits in the default partition is moved to those of its day.
        await keep_attempts(connection, now=MIDNIGHT, days=30)
        assert await differing_sums(connection, book.book_id, since=LONG_AGO) == []
        await keep_attempts(connection, now=MIDNIGHT + 30 * DAY, days=1)

    assert await pool.fetchval("select count(*) from store.attempts") == 0
    assert await summed(pool, book.book_id) == before
    assert [of_day[0] for of_day in before.values()] == [1, 1, 1, 1]


async def test_attempts_of_before_there_were_sums_are_added_up_by_the_migration(
    pool: Pool, book: Book, database_url: str
) -> None:
    """Migrate a database that holds attempts, as an older version left them."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "drop table store.attempt_sums; drop function store.sum_attempts cascade"
        )
        for at in (MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT + DAY):
            await insert(connection, book, at)
        migration = next(it.sql for it in migrations() if it.name.startswith("0014"))
        async with connection.transaction():
            await connection.execute(migration)
        await insert(connection, book, MIDNIGHT)
    finally:
        await connection.close()

    sums = await summed(pool, book.book_id)
    assert {day: of_day[0] for (_, day), of_day in sums.items()} == {
        MIDNIGHT.date(): 2,
        (MIDNIGHT + DAY).date(): 2,
    }
    assert sums == await added_up(pool, book.book_id)


async def insert(connection: Connection | Pool, book: Book, at: datetime) -> None:
    await connection.execute(
        "insert into store.attempts (book_id, endpoint_id, position, number, at, status,"
        " duration_ms, response, epoch)"
        " select $1, 'whe_1', count(*) + 1, 1, $2, 200, 9, '', 1 from store.attempts",
        book.book_id,
        at,
    )
