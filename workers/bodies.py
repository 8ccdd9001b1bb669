"""The bodies of webhooks: rendered once for each event and form, whoever they are sent to."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from store.database import Pool
from store.deliveries import read_events
from store.public import render, render_thin
from store.recorded import Recorded


class Body(NamedTuple):
    """What is sent for an event. ``sha256`` is that of ``content``."""

    event_id: str
    content: bytes
    sha256: bytes


class Bodies:
    """Remembers the bodies that were needed lately, up to so many bytes."""

    def __init__(self, pool: Pool, *, capacity: int = 32 * 1024 * 1024) -> None:
        self._pool = pool
        self._room = capacity
        self._known: OrderedDict[tuple[str, int, str], Body] = OrderedDict()

    async def load(
        self, book_id: str, wanted: Iterable[tuple[int, str]]
    ) -> dict[tuple[int, str], Body]:
        """The bodies of events: by position and form, which is ``full`` or ``thin``."""
        found: dict[tuple[int, str], Body] = {}
        missing: dict[int, set[str]] = {}
        for position, form in wanted:
            body = self._known.get((book_id, position, form))
            if body is None:
                missing.setdefault(position, set()).add(form)
            else:
                self._known.move_to_end((book_id, position, form))
                found[position, form] = body
        if missing:
            for event in await read_events(self._pool, book_id, sorted(missing)):
                for form in missing[event.position]:
                    body = _render(event, form)
                    self._keep((book_id, event.position, form), body)
                    found[event.position, form] = body
        return found

    def _keep(self, key: tuple[str, int, str], body: Body) -> None:
        if key not in self._known:
            self._room -= len(body.content)
        self._known[key] = body
        while self._room < 0:
            _, dropped = self._known.popitem(last=False)
            self._room += len(dropped.content)


def _render(event: Recorded, form: str) -> Body:
    content = render_thin(event) if form == "thin" else render(event)
    return Body(event.event_id, content, hashlib.sha256(content).digest())
