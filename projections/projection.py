"""What a read model is, and how a batch of events reaches all of them."""

from collections.abc import Sequence
from typing import Protocol

from store.database import Connection
from store.recorded import Recorded


class Projection(Protocol):
    """A read model: a module with these names.

    ``NAME`` with its version names its tables; ``DDL`` creates them if they do not exist;
    ``project`` applies events that follow those it has seen, and copes with seeing some again.
    """

    NAME: str
    DDL: str

    async def project(
        self, connection: Connection, book_id: str, events: Sequence[Recorded]
    ) -> None:
        """Apply events of one book, in order, with set-based SQL. It never refuses a fact."""
        ...
