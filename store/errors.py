"""What the store says no to.

StoreError
├── StaleRowVersion   the change was based on an older version than the current one
├── SequenceGap       an earlier change of the edit session is missing
├── OutcomeForgotten  a change was decided so long ago that its outcome is not known any more
├── KeyReused         the idempotency key was used before, for another request
├── UnknownBook       there is no such book
├── Busy              too many commands are waiting; nothing was changed
└── Unavailable       the database cannot be reached; the outcome may be unknown
"""

from typing import Any

from store.recorded import Versioned


class StoreError(Exception):
    """The store cannot do what was asked."""


class StaleRowVersion(StoreError):
    """The change was based on an older version. Carries the current state, so it can be mended."""

    def __init__(self, current: Versioned[Any], expected: int) -> None:
        super().__init__(
            f"{current.stream.name} is at RowVersion {current.version}; "
            f"the change was based on {expected}."
        )
        self.current = current
        self.expected = expected


class SequenceGap(StoreError):
    """A change overtook an earlier one of its edit session, which did not come in time."""

    def __init__(self, seq: int, expected: int) -> None:
        super().__init__(
            f"Edit-Seq {seq} came, but Edit-Seq {expected} is the next of this session and entity. "
            "Send the missing changes again; if there are none, begin a new Edit-Session with 1."
        )
        self.expected = expected


class OutcomeForgotten(StoreError):
    """A repeated change was decided long ago, and it is not known any more whether it was made."""

    def __init__(self, seq: int, last: int) -> None:
        super().__init__(
            f"Edit-Seq {seq} was decided too long ago to say how; this session is at {last}. "
            "Look at the entity, and begin a new Edit-Session for what is still to be changed."
        )
        self.expected = last + 1


class KeyReused(StoreError):
    """An idempotency key stands for one request; this one differs from the first."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The idempotency key {key!r} was used for a different request. Use a new key for a "
            "new request; repeat the first request unchanged to get its answer again."
        )
        self.key = key


class UnknownBook(StoreError):
    """There is no such book."""


class Busy(StoreError):
    """Too many commands are waiting. Nothing was changed; try again in a moment."""


class Unavailable(StoreError):
    """The database cannot be reached. With an idempotency key it is safe to repeat the command."""
