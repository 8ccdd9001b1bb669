"""What a sender does that nobody thought about twice: claim one, send it, commit, again.

A worker claims a row that no other has, looks up the endpoint and its secrets, renders, signs,
sends, writes the attempt down and commits, all in one transaction and then for the next one, as a
job queue's worker does. Several workers may share a process.

It is the same code wherever that is not the point of the comparison, so that neither side is
flattered: the same reading of endpoints and secrets, rendering and signing, the same sender with
its connections that are kept alive, pooled connections to the database with prepared statements, a
commit that waits for the disk, and an attempt with everything that ours has in it. It is spared
what ours does besides: to keep order and pace, to lease, and to judge failures.
"""

import asyncio
import hashlib

import msgspec
from asyncpg import Record

from domain.webhook_endpoint import WebhookEndpoint
from projections.webhook_endpoints import read_endpoints
from store.database import Connection
from store.log import recorded
from store.public import render
from store.secrets import live_secrets
from workers.dispatch import Means
from workers.sender import OWN_HEADERS, Answer, Request
from workers.signing import sign

_CLAIM = """
select d.endpoint_id, d.attempts, e.* from store.deliveries d
  join store.events e using (book_id, position)
 where d.state = 'pending' and d.next_at <= now()
 limit 1 for update of d skip locked
"""


async def send_one_by_one(means: Means, *, workers: int) -> None:
    """Claim, send and commit one delivery at a time, in so many workers, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(_work(means))


async def _work(means: Means) -> None:
    while True:
        async with means.pool.acquire() as connection, connection.transaction():
            sent = await _send_one(means, connection)
        if not sent:
            await asyncio.sleep(0.01)


async def _send_one(means: Means, connection: Connection) -> bool:
    row = await connection.fetchrow(_CLAIM)
    if row is None:
        return False
    of = (row["book_id"], row["endpoint_id"], row["position"])
    event = recorded(row["book_id"], row)
    endpoint, secrets = await _endpoint(means, connection, *of[:2])
    at, body = means.clock(), render(event)
    headers = sign(event.event_id, int(at.timestamp()), body, secrets)
    request = Request(url=endpoint.url, body=body, headers=headers, sandbox=True)
    answer = await means.sender.send(request)
    await connection.execute(
        "update store.deliveries set state = 'delivered', next_at = null, attempts = attempts + 1"
        " where book_id = $1 and endpoint_id = $2 and position = $3",
        *of,
    )
    await _write_down(connection, row, request, answer)
    return True


async def _endpoint(
    means: Means, connection: Connection, book_id: str, endpoint_id: str
) -> tuple[WebhookEndpoint, tuple[str, ...]]:
    endpoints = await read_endpoints(connection, book_id, [endpoint_id])
    secrets = await live_secrets(
        connection, means.keyring, book_id, [endpoint_id], now=means.clock()
    )
    return endpoints[endpoint_id].state, secrets[endpoint_id]


async def _write_down(
    connection: Connection, row: Record, request: Request, answer: Answer
) -> None:
    await connection.execute(
        "insert into store.attempts (book_id, endpoint_id, position, number, at, status, error,"
        " duration_ms, peer, response, epoch, request_headers, body_sha256, name_ms, connect_ms,"
        " first_byte_ms)"
        " values ($1, $2, $3, $4, now(), $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14)",
        row["book_id"],
        row["endpoint_id"],
        row["position"],
        row["attempts"] + 1,
        answer.status,
        answer.error,
        answer.duration_ms,
        answer.peer,
        answer.body,
        msgspec.json.encode({**OWN_HEADERS, **request.headers}),
        hashlib.sha256(request.body).digest(),
        *answer.timings,
    )
