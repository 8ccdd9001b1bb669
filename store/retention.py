"""How long attempts are kept: a partition for each day, made ahead of time and dropped when old.

Dropping a partition takes a moment, whatever it holds. The partitions are the same for all books,
so this is an operator's affair, like migrating.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from store.database import Connection

DAYS_AHEAD = 3
"""So many days get their partition in advance."""

_LOCK = 7_225_914_430_062_015_489  # an arbitrary number that names "attempts are being sorted here"
_PREFIX = "attempts_"
_DEFAULT = "attempts_default"
_DATE = "%Y%m%d"

_PARTITIONS = """
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
 where i.inhparent = 'store.attempts'::regclass
"""
_DELETED_AT_ONCE = 10_000
_DELETE_OLDER = """
with old as (
    delete from store.attempts_default where ctid = any (array(
        select ctid from store.attempts_default
         where at < $1::date::timestamp at time zone 'UTC' limit $2))
    returning 1
)
select count(*) from old
"""


class Kept(NamedTuple):
    """What a sweep did: the days that got a partition, and those whose attempts were dropped."""

    made: list[date]
    dropped: list[date]


async def keep_attempts(connection: Connection, *, now: datetime, days: int) -> Kept:
    """Make the partitions of the next days, and drop those that are older than ``days``.

    Several processes may do it at a time: one does, the others answer that nothing was done.
    """
    if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
        return Kept([], [])
    try:
        today = now.astimezone(UTC).date()
        oldest = today - timedelta(days=days)
        dropped = await _drop_older(connection, oldest)
        made = await _make(connection, today)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    return Kept(made, dropped)


async def forget_old(connection: Connection, *, now: datetime, days: int) -> None:
    """Delete pings, and notes of lost leases, that are older than ``days``: there are few."""
    oldest = now - timedelta(days=days)
    await connection.execute("delete from store.pings where at < $1", oldest)
    await connection.execute("delete from store.lost_leases where lost_at < $1", oldest)


async def _drop_older(connection: Connection, oldest: date) -> list[date]:
    dropped = []
    for day in await _days(connection):
        if day < oldest:
            async with connection.transaction():
                await _wait_briefly(connection)
                await connection.execute(f"drop table store.{_name(day)}")
            dropped.append(day)
    await _delete_older(connection, oldest)
    return dropped


async def _delete_older(connection: Connection, oldest: date) -> None:
    """Delete what never got a partition, a few rows at a time: those of the first day, mostly."""
    while await connection.fetchval(_DELETE_OLDER, oldest, _DELETED_AT_ONCE) == _DELETED_AT_ONCE:
        pass


async def _make(connection: Connection, today: date) -> list[date]:
    """Make the partitions of days to come; today's rows, if it has none, stay in the default one.

    A row that is on its way to the default partition is refused when its day gets one of its own.
    """
    covered = await _days(connection)
    # A first partition, made from all that there was, may reach beyond today.
    first = min(covered, default=date.min)
    ahead = [today + timedelta(days=days) for days in range(1, DAYS_AHEAD + 1)]
    made = [day for day in ahead if day > first and day not in covered]
    for day in made:
        async with connection.transaction():
            await _wait_briefly(connection)
            await connection.execute(_make_one(day))
    return made


def _make_one(day: date) -> str:
    """A day's partition, with what the default one holds of it: dated by a clock that is wrong."""
    name = _name(day)
    start, end = f"'{day} 00:00:00+00'", f"'{day + timedelta(days=1)} 00:00:00+00'"
    # Made apart and then attached: that does not keep anybody from writing to other days.
    return f"""
        create table store.{name} (like store.attempts including all);
        lock table store.{_DEFAULT} in access exclusive mode;
        with moved as (
            delete from store.{_DEFAULT} where at >= {start} and at < {end} returning *
        )
        insert into store.{name} select * from moved;
        alter table store.attempts attach partition store.{name}
            for values from ({start}) to ({end});
    """  # noqa: S608 - made of a date


async def _days(connection: Connection) -> list[date]:
    """The last day of every partition."""
    names = [row["relname"] for row in await connection.fetch(_PARTITIONS)]
    return sorted(
        datetime.strptime(name.removeprefix(_PREFIX), _DATE).replace(tzinfo=UTC).date()
        for name in names
        if name != _DEFAULT
    )


def _name(day: date) -> str:
    return f"{_PREFIX}{day.strftime(_DATE)}"


async def _wait_briefly(connection: Connection) -> None:
    """Give up rather than make everybody who writes attempts wait; the next sweep tries again."""
    await connection.execute("set local lock_timeout = '2s'")
