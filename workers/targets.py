"""What a request to an endpoint needs besides its body: read for all leased endpoints together."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from projections.webhook_endpoints import Endpoint, read_endpoints
from store import deliveries
from store.secrets import SecretUnreadable, live_secrets
from store.webhook_headers import read_headers
from workers.dispatch import Means, Target
from workers.holds import Hold
from workers.signing import Signer

logger = logging.getLogger(__name__)


async def read_targets(means: Means, book_id: str, holds: Sequence[Hold]) -> list[Target]:
    """Those of the leased endpoints that can be sent to."""
    ids = [hold.lease.endpoint_id for hold in holds]
    endpoints, sandbox, secrets = await asyncio.gather(
        read_endpoints(means.pool, book_id, ids),
        deliveries.is_sandbox(means.pool, book_id),
        _secrets(means, book_id, ids),
    )
    headers = await _headers(means, book_id, endpoints)
    return [
        Target(
            book_id=book_id,
            sandbox=sandbox,
            hold=hold,
            endpoint=endpoints[id_].state,
            signer=Signer(secrets[id_]),
            headers=headers[id_],
        )
        for hold in holds
        if (id_ := hold.lease.endpoint_id) in endpoints and id_ in secrets and id_ in headers
    ]


async def _secrets(means: Means, book_id: str, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    try:
        return await live_secrets(means.pool, means.keyring, book_id, ids, now=means.clock())
    except SecretUnreadable:
        logger.exception("webhooks of %s cannot be signed", book_id)
        return {}


async def _headers(
    means: Means, book_id: str, endpoints: Mapping[str, Endpoint]
) -> dict[str, tuple[tuple[str, str], ...]]:
    wanted = {id_: endpoint.state.headers for id_, endpoint in endpoints.items()}
    try:
        return await read_headers(means.pool, means.keyring, book_id, wanted)
    except SecretUnreadable:
        logger.exception("webhooks of %s lack headers that cannot be read", book_id)
        return {id_: () for id_, headers in wanted.items() if not headers}
