"""What ran before: commands by their idempotency keys, and appends whose answers were lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.aggregate import fold
from store.batch import Batch
from store.command import Command, Done, Waiting
from store.database import Connection
from store.errors import KeyReused
from store.log import Before, position_of, read_commands, read_stream


async def without_repetitions(
    connection: Connection, book_id: str, commands: Sequence[Waiting]
) -> Sequence[Waiting]:
    """Answer the commands whose keys were used before; answer the others back."""
    keys = [w.command.key for w in commands if w.command.key is not None]
    if not keys:
        return commands
    before = await read_commands(connection, book_id, keys)
    if not before:
        return commands
    new = []
    for waiting in commands:
        ran = before.get(waiting.command.key or "")
        if ran is None:
            new.append(waiting)
        elif ran.fingerprint != waiting.command.fingerprint:
            waiting.refuse(KeyReused(waiting.command.key or ""))
        else:
            waiting.resolve(await _replay(connection, book_id, waiting.command, ran))
    return new


async def _replay(
    connection: Connection, book_id: str, command: Command[Any], ran: Before
) -> Done[Any]:
    """The original answer, rebuilt from the stream at the version of that time."""
    events = await read_stream(connection, book_id, ran.stream, until=ran.version)
    stream = command.aggregate(ran.stream.partition("/")[2])
    return Done(
        stream=stream,
        state=fold(stream.aggregate, [event.fact for event in events]),
        version=ran.version,
        position=ran.position,
        recorded_at=ran.recorded_at,
        replayed=True,
    )


async def find_committed(
    connection: Connection, book_id: str, unsure: Sequence[Batch]
) -> tuple[Batch, tuple[int, datetime]] | None:
    """Which of the appends whose answers were lost did commit; the head before it, and when."""
    for batch in unsure:
        first = batch.events[0]
        place = (first.stream, first.version)
        found = await position_of(connection, book_id, first.event_id, place)
        if found is not None:
            return batch, (found[0] - 1, found[1])
    return None
