"""Try an endpoint out: send it a signed ping now, enabled or not, and tell what came of it.

A ping is signed and sent like every webhook, with the same checks of the address, but it is no
event: it is not repeated, and neither the retry policy nor the breaker takes note of it.
"""

import hashlib
from datetime import datetime

import msgspec

from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.deliveries import is_sandbox
from store.ids import new_id
from store.pings import Ping, record_ping
from store.public_schema import PING
from store.secrets import live_secrets
from store.webhook_headers import read_headers
from workers.dispatch import Means
from workers.sender import OWN_HEADERS, Request
from workers.signing import Signer

PING_VERSION = 1


class _Pinged(msgspec.Struct, frozen=True, rename="camel"):
    endpoint_id: str


class _Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    type: str = PING
    schema_version: int = PING_VERSION
    timestamp: datetime
    book_id: str
    data: _Pinged


async def ping(means: Means, book_id: str, endpoint_id: str) -> Ping:
    """Send a ping and record it.

    Raises:
        NotFound: There is no such endpoint.
        SecretUnreadable: A key is missing from the ring.
    """
    pool = means.pool
    endpoint = await means.books.get(book_id, WEBHOOK_ENDPOINT(endpoint_id))
    ping_id, at = new_id("png"), means.clock()
    data = _Pinged(endpoint_id)
    body = msgspec.json.encode(_Body(id=ping_id, timestamp=at, book_id=book_id, data=data))
    secrets = await live_secrets(pool, means.keyring, book_id, [endpoint_id], now=at)
    wanted = {endpoint_id: endpoint.state.headers}
    own = (await read_headers(pool, means.keyring, book_id, wanted))[endpoint_id]
    signed = Signer(secrets.get(endpoint_id, ())).headers(ping_id, int(at.timestamp()), body)
    request = Request(
        url=endpoint.state.url,
        body=body,
        headers={**dict(own), **signed},
        sandbox=await is_sandbox(pool, book_id),
    )
    answer = await means.sender.send(request, timeout=means.timeout)
    masked = dict.fromkeys((name for name, _ in own), "***")
    made = Ping(
        ping_id=ping_id,
        at=at,
        status=answer.status,
        error=answer.error,
        duration_ms=answer.duration_ms,
        peer=answer.peer,
        response=answer.body,
        request_headers=msgspec.json.encode({**OWN_HEADERS, **request.headers, **masked}),
        body_sha256=hashlib.sha256(body).digest(),
        timings=answer.timings,
    )
    await record_ping(pool, book_id, endpoint_id, made)
    return made
