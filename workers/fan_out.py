"""From events to deliveries: which endpoint gets which event.

It runs in the transaction that moves the fan-out's checkpoint, so each event is fanned out exactly
once, to the endpoints that there were at its position: a later one gets the events from then on.

Events about endpoints are fanned out as well, to those that ask for them by name, after they took
effect: a new endpoint hears of its own beginning, a disabled or deleted one does not of its end.
"""

from collections.abc import Callable, Sequence

from domain.facts.webhook_endpoint import (
    WebhookEndpointChanged,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointSecretRotated,
)
from domain.webhook_endpoint import WebhookEndpoint
from projections import webhook_endpoints
from projections.webhook_endpoints import FOLLOWER, Endpoint, after, concerns
from store import deliveries
from store.database import Connection, Pool, connection_lost
from store.parked import park
from store.recorded import Recorded
from store.secrets import forget_secrets, put_in_force
from store.webhook_headers import forget_other_values
from workers.follower import Follower


def fan_out_follower(pool: Pool, hint: Callable[[str, Sequence[str]], None]) -> Follower:
    """The follower that fans out every book.

    ``hint`` is told, after the commit, the book and the ids of the endpoints that have new work.
    """
    planned: dict[str, set[str]] = {}

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        planned[book_id] = await fan_out(connection, book_id, events)

    async def rescue(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        planned[book_id] = await fan_out_carefully(connection, book_id, events)

    def moved(book_id: str) -> None:
        if endpoint_ids := planned.pop(book_id, None):
            hint(book_id, sorted(endpoint_ids))

    return Follower(pool, FOLLOWER, apply, rescue=rescue, moved=moved)


async def fan_out(connection: Connection, book_id: str, recorded: Sequence[Recorded]) -> set[str]:
    """Plan the deliveries of the book's next events; answers the endpoints that get any.

    ``recorded`` follows what was fanned out before, without a gap.
    """
    endpoints = await webhook_endpoints.read_endpoints(connection, book_id)
    planned = [
        (endpoint_id, event.position, event.recorded_at)
        for event, wanted_by in matched(endpoints, recorded)
        for endpoint_id in wanted_by
    ]
    if planned:
        await deliveries.plan(connection, book_id, planned)
    about = [event for event in recorded if concerns(event)]
    if about:
        after_all = await webhook_endpoints.apply(connection, book_id, about)
        for event in about:
            endpoint = after_all[event.aggregate[1]]
            await _take_effect(connection, book_id, event, endpoint.state if endpoint else None)
    return {endpoint_id for endpoint_id, _, _ in planned}


async def fan_out_carefully(
    connection: Connection, book_id: str, recorded: Sequence[Recorded]
) -> set[str]:
    """As ``fan_out``, one event after the other, setting aside those that cannot be fanned out."""
    planned: set[str] = set()
    for event in recorded:
        try:
            async with connection.transaction():
                planned |= await fan_out(connection, book_id, [event])
        except Exception as error:
            if connection_lost(error):
                raise
            place = (FOLLOWER, webhook_endpoints.NAME, event.position)
            await park(connection, book_id, place, error)
    return planned


def matched(
    endpoints: dict[str, Endpoint], recorded: Sequence[Recorded]
) -> list[tuple[Recorded, list[str]]]:
    """Each event with the ids of the endpoints that want it, as they are when it happens."""
    current = dict(endpoints)
    wanted_by: dict[str, list[str]] = {}
    matches = []
    for event in recorded:
        if concerns(event):
            id_ = event.aggregate[1]
            changed = after(current.pop(id_, None), event)
            if changed is not None:
                current[id_] = changed
            wanted_by.clear()
        if event.topic not in wanted_by:
            wanted_by[event.topic] = [
                id_ for id_, endpoint in current.items() if endpoint.state.wants(event.topic)
            ]
        matches.append((event, wanted_by[event.topic]))
    return matches


async def _take_effect(
    connection: Connection, book_id: str, event: Recorded, state: WebhookEndpoint | None
) -> None:
    """Let, stop or change what is sent to the endpoint, as the event demands.

    ``state`` is the endpoint after all events of the batch; ``None`` when it is gone by then.
    """
    endpoint_id = event.aggregate[1]
    match event.fact:
        case WebhookEndpointDisabled():
            await deliveries.pause(connection, book_id, endpoint_id, seconds=None)
        case WebhookEndpointEnabled():
            await deliveries.resume(connection, book_id, endpoint_id)
        case WebhookEndpointSecretRotated() if state is not None:
            # Whoever asked for it did the same at once; this holds also when that was cut short.
            await put_in_force(connection, book_id, endpoint_id, state.secrets)
        case WebhookEndpointChanged(headers=tuple()) if state is not None:
            await forget_other_values(
                connection, book_id, endpoint_id, state.headers, at=event.recorded_at
            )
        case WebhookEndpointDeleted():
            await deliveries.abandon(connection, book_id, endpoint_id)
            await forget_secrets(connection, book_id, endpoint_id)
        case _:
            pass
