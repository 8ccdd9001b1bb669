"""Are the daily sums of attempts what the attempts come to?"""

from datetime import date

from store.database import Connection, Pool

_DIFFERING = """
with made as (
    select endpoint_id, (at at time zone 'UTC')::date as day, count(*) as attempts,
           count(*) filter (where status between 200 and 299) as delivered,
           sum(duration_ms)::bigint as duration_ms_sum, max(duration_ms) as duration_ms_max,
           max(at) as last_at,
           max(at) filter (where status between 200 and 299) as last_delivered_at
      from store.attempts where book_id = $1 and at >= $2::date::timestamp at time zone 'UTC'
     group by 1, 2
), summed as (
    select endpoint_id, day, attempts, delivered, duration_ms_sum, duration_ms_max, last_at,
           last_delivered_at
      from store.attempt_sums where book_id = $1 and day >= $2
)
select endpoint_id, day, coalesce(summed.attempts, 0) as summed, coalesce(made.attempts, 0) as made
  from made full join summed using (endpoint_id, day)
 where (made.attempts, made.delivered, made.duration_ms_sum, made.duration_ms_max, made.last_at,
        made.last_delivered_at)
       is distinct from
       (summed.attempts, summed.delivered, summed.duration_ms_sum, summed.duration_ms_max,
        summed.last_at, summed.last_delivered_at)
 order by day, endpoint_id limit $3
"""


async def differing_sums(
    connection: Connection | Pool, book_id: str, *, since: date, limit: int = 10
) -> list[str]:
    """Sentences about the days, ``since`` and later, whose sums are not those of their attempts.

    ``since`` is a day (UTC) whose attempts are still kept. It reads all attempts since then.
    """
    rows = await connection.fetch(_DIFFERING, book_id, since, limit)
    return [
        f"the sums of {row['endpoint_id']} on {row['day']} are not those of its attempts: "
        f"they tell of {row['summed']}, and {row['made']} are on record"
        for row in rows
    ]
