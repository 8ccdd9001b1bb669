"""Where something is wrong, in the words of the body that was sent instead of the domain's."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from api.xapi.rows import Row, keys_of
from domain.errors import Violation

Places: TypeAlias = Mapping[str, tuple[str, type[Row]]]
"""By a pointer into the domain's invoice: the pointer into the body, and the row that is there."""

_OF_THE_INVOICE = re.compile(r"^/(?:lines|allocations)/\d+(?:/serials/\d+)?")
_DEEPEST = 4


def placed(violations: Iterable[Violation], places: Places) -> Iterator[Violation]:
    """The violations, each at the row of the body that it is about."""
    for violation in violations:
        steps = violation.pointer.split("/")[1:]
        for depth in range(min(_DEEPEST, len(steps)), -1, -1):
            prefix = "".join(f"/{step}" for step in steps[:depth])
            if prefix in places:
                place, row = places[prefix]
                yield _moved(violation, place, row, steps[depth:])
                break
        else:
            yield violation


def own(violations: Iterable[Violation], row: type[Row]) -> Iterator[Violation]:
    """The violations of a body that is one row itself."""
    for violation in violations:
        rest = _OF_THE_INVOICE.sub("", violation.pointer)
        yield _moved(violation, "", row, rest.split("/")[1:])


def _moved(violation: Violation, place: str, row: type[Row], steps: list[str]) -> Violation:
    keys = keys_of(row)
    pointer = place + "".join(f"/{keys.get(step, step)}" for step in steps)
    return msgspec.structs.replace(violation, pointer=pointer)
