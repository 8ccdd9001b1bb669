"""The values of headers that integrators have sent along with webhooks, encrypted at rest.

A value is stored under an id before the event that refers to it; one that no event refers to means
nothing. What ``store.secrets`` says of keys holds here as well.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from domain.facts.webhook_endpoint import Header
from store.database import Connection, Pool
from store.ids import new_id
from store.secrets import Keyring

_MARGIN = timedelta(hours=1)
"""A command takes far less from storing a value to the event that refers to it."""


async def keep_values(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    endpoint_id: str,
    values: Mapping[str, str],
) -> dict[str, str]:
    """Keep the value of each header; answers, by name, the ids they are kept under."""
    ids = {name: new_id("whh") for name in values}
    if ids:
        await connection.execute(
            "insert into store.webhook_headers (book_id, endpoint_id, value_id, value)"
            " select $1, $2, v.* from unnest($3::text[], $4::bytea[]) as v",
            book_id,
            endpoint_id,
            list(ids.values()),
            [keyring.seal(value) for value in values.values()],
        )
    return ids


async def read_headers(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    headers: Mapping[str, Sequence[Header]],
) -> dict[str, tuple[tuple[str, str], ...]]:
    """By the id of the endpoint, the names and values of its headers as they are to be sent.

    ``headers`` are those of the endpoints' states. A value that has been replaced meanwhile is
    left out.

    Raises:
        SecretUnreadable: A key is missing from the ring.
    """
    wanted = [(id_, it.value_id) for id_, these in headers.items() for it in these]
    if not wanted:
        return dict.fromkeys(headers, ())
    rows = await connection.fetch(
        "select h.endpoint_id, h.value_id, h.value from store.webhook_headers h"
        "  join unnest($2::text[], $3::text[]) as w (endpoint_id, value_id)"
        " using (endpoint_id, value_id) where h.book_id = $1",
        book_id,
        [endpoint_id for endpoint_id, _ in wanted],
        [value_id for _, value_id in wanted],
    )
    sealed = {(row["endpoint_id"], row["value_id"]): row["value"] for row in rows}
    return {
        id_: tuple(
            (it.name, keyring.unseal(sealed[id_, it.value_id]))
            for it in these
            if (id_, it.value_id) in sealed
        )
        for id_, these in headers.items()
    }


async def forget_values(
    connection: Connection | Pool, book_id: str, endpoint_id: str, value_ids: Collection[str]
) -> None:
    """Remove values that no event came to refer to."""
    await connection.execute(
        "delete from store.webhook_headers"
        " where book_id = $1 and endpoint_id = $2 and value_id = any ($3)",
        book_id,
        endpoint_id,
        list(value_ids),
    )


async def forget_other_values(
    connection: Connection,
    book_id: str,
    endpoint_id: str,
    headers: Sequence[Header],
    *,
    at: datetime,
) -> None:
    """Remove what was replaced by these headers, which the endpoint has since ``at``."""
    await connection.execute(
        "delete from store.webhook_headers where book_id = $1 and endpoint_id = $2"
        " and not value_id = any ($3) and created_at < $4",
        book_id,
        endpoint_id,
        [header.value_id for header in headers],
        at - _MARGIN,
    )
