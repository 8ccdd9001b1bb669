"""Disable an endpoint that will not take anything any more."""

import logging

from domain.aggregate import Change, Read
from domain.errors import NotFound, Refusal
from domain.webhook_endpoint import WEBHOOK_ENDPOINT, disable
from store import deliveries
from store.command import Command
from store.recorded import Metadata
from workers.dispatch import Means

# By then the fact that an endpoint was disabled has reached the fan-out, which pauses it for good.
PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


async def disable_endpoint(
    means: Means, book_id: str, endpoint_id: str, *, reason: str, causation_id: str
) -> None:
    """Disable the endpoint, for this reason; without effect if somebody was faster.

    ``causation_id`` is the event whose delivery showed that.

    The fact ``webhook.endpoint_disabled`` tells whoever subscribed to it, the log tells operators.
    """
    stream = WEBHOOK_ENDPOINT(endpoint_id)

    def decide(read: Read) -> list[Change]:
        endpoint = read(stream)
        if endpoint is None:
            raise NotFound(WEBHOOK_ENDPOINT.name, endpoint_id)
        return [(stream, disable(endpoint, reason=reason))]

    metadata = Metadata(actor="webhooks", causation_id=causation_id)
    command = Command(aggregate=WEBHOOK_ENDPOINT, id=endpoint_id, decide=decide, metadata=metadata)
    try:
        await means.books.execute(book_id, command)
    except Refusal:
        logger.info("%s is disabled or deleted already", endpoint_id)
    else:
        logger.warning("%s of %s is disabled. %s", endpoint_id, book_id, reason)
    await deliveries.pause(means.pool, book_id, endpoint_id, seconds=PAUSE_SECONDS)
