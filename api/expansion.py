"""``?expand=lines,settlements``: members that the items of a list have only as whole entities."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from api.faults import Fault
from api.lists import BadQuery, ListRequest

EXPAND = "expand"
MOST = 50
"""So many items may a page have at most that is to be expanded: each is read by itself."""


class Expandable(NamedTuple):
    """What a list can expand: the names, and what puts those that are asked for into its rows."""

    names: tuple[str, ...]
    fill: Callable[[list[dict[str, Any]], Sequence[str]], Awaitable[None]]


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
