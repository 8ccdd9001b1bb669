"""``?expand=lines,settlements``: members that the items of a list have only as whole entities."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from api.faults import Fault
from api.lists import BadQuery, ListRequest
from domain.aggregate import Aggregate
from store.books import Books
from store.recorded import Versioned

EXPAND = "expand"
MOST = 50
"""So many items may a page have at most that is to be expanded: each is read by itself."""


class Expandable(NamedTuple):
    """What a list can expand: these members of the whole entities, as those are shown."""

    names: tuple[str, ...]
    aggregate: Aggregate[Any]
    show: Callable[[Versioned[Any]], msgspec.Struct]


async def expand(
    books: Books,
    book_id: str,
    rows: Sequence[dict[str, Any]],
    expandable: Expandable,
    names: Sequence[str],
) -> None:
    """Put members of the whole entities into rows of a list, as of each row's RowVersion."""
    for row in rows:
        stream = expandable.aggregate(row["id"])
        entity = expandable.show(await books.get(book_id, stream, at=row["row_version"]))
        row.update((name, getattr(entity, name)) for name in names)


def expanded(asked: ListRequest, expandable: Expandable | None) -> tuple[str, ...]:
    """Which members are asked for, in the order of the items' members.

    Raises:
        BadQuery: There is no such member, or the page is too long to be expanded.
    """
    text = asked.others.get(EXPAND)
    if text is None or expandable is None:
        return ()
    names = text.split(",")
    faults = []
    if not set(names) <= {*expandable.names}:
        sentence = f"Use some of {', '.join(expandable.names)}, with commas between them."
        faults.append(Fault(code="unknown-field", detail=sentence, parameter=EXPAND))
    if asked.query.limit > MOST:
        sentence = f"A page that is expanded has at most {MOST} items."
        faults.append(Fault(code="out-of-range", detail=sentence, parameter="limit"))
    if faults:
        raise BadQuery(faults)
    return tuple(it for it in expandable.names if it in names)
