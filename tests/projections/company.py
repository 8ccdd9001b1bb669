"""A book in memory, in which things are tried: what is refused did not happen."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from domain.aggregate import Change, Fact, Stream
from domain.book_settings import BOOK, SETTINGS
from domain.customer import CUSTOMER
from domain.errors import Refusal
from domain.facts.customer import CustomerCreated
from store.recorded import Metadata, Recorded
from tests.books import SOLD_BY

BEGINNING = date(2026, 1, 20)
CURRENCIES = ("EUR", "EUR", "EUR", "JPY")
CUSTOMERS = ("12", "ACME", "Öl & Söhne")


class Step(NamedTuple):
    """Something that somebody tries to do ``days`` after the step before."""

    action: str
    which: int
    other: int
    amount: Decimal
    days: int


class Company:
    """A book in memory, and what was tried in it."""

    def __init__(self, book_id: str) -> None:
        self.book_id = book_id
        self.today = BEGINNING
        self.events: list[Recorded] = []
        self._states: dict[str, tuple[int, Any]] = {}
        self._commits = 0
        self.append([(SETTINGS(BOOK), [SOLD_BY])])
        for id_ in CUSTOMERS:
            created = CustomerCreated(name=f"Customer {id_}", country="DE", vat_id="DE136695976")
            self.append([(CUSTOMER(id_), [created])])

    def attempt(self, action: "Action", step: Step) -> None:
        """Try something, later; what is refused does not happen."""
        self.today += timedelta(days=step.days)
        with suppress(Refusal):
            self.append(action(self, step))

    def read(self, stream: Stream[Any], /) -> Any:
        return self._states.get(stream.name, (0, None))[1]

    def new(self, prefix: str) -> str:
        return f"{prefix}_{self._commits:03}"

    def existing(self, kind: str, which: int) -> str:
        """The id of one of those that there ever were."""
        ids = [name.partition("/")[2] for name in self._states if name.startswith(f"{kind}/")]
        if not ids:
            raise Refusal
        return ids[which % len(ids)]

    def state(self, stream: Stream[Any]) -> Any:
        found = self.read(stream)
        if found is None:
            raise Refusal
        return found

    def append(self, changes: Sequence[Change]) -> None:
        """What was decided happens, an hour after what happened before."""
        self._commits += 1
        recorded_at = datetime(2026, 1, 20, 8, tzinfo=UTC) + timedelta(hours=self._commits)
        for stream, facts in changes:
            for fact in facts:
                version, state = self._states.get(stream.name, (0, None))
                state = stream.aggregate.evolve(state, fact)
                self._states[stream.name] = (version + 1, state)
                self.events.append(self._recorded(stream, version + 1, fact, recorded_at))

    def _recorded(
        self, stream: Stream[Any], version: int, fact: Fact, recorded_at: datetime
    ) -> Recorded:
        return Recorded(
            book_id=self.book_id,
            position=len(self.events) + 1,
            stream=stream.name,
            version=version,
            event_id=f"evt_{len(self.events)}",
            recorded_at=recorded_at,
            metadata=Metadata(actor=f"key_{self._commits % 2}"),
            fact=fact,
        )


Action = Callable[[Company, Step], Sequence[Change]]
"""Something that can be tried."""
