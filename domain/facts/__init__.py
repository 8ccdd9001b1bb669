"""Every fact that may ever be stored, by its topic.

The registry is closed: a topic that is not listed here cannot be read or written, and nothing is
ever imported because stored data names it.
"""

import inspect
from types import ModuleType

from domain.aggregate import Fact
from domain.facts import (
    account,
    code_entry,
    credit_note,
    customer,
    invoice,
    invoice_life,
    payment,
    period,
    product,
    serial,
    series,
    settings,
    tax_code,
    webhook_endpoint,
)

_FAMILIES = (
    *(invoice, invoice_life, credit_note, payment, customer, account, product, serial),
    *(tax_code, code_entry, series, period, settings, webhook_endpoint),
)


def _of(family: ModuleType) -> list[type[Fact]]:
    """The facts of one file, in the order in which they are written there."""
    found = [it for it in vars(family).values() if inspect.isclass(it) and issubclass(it, Fact)]
    return [it for it in found if it.__module__ == family.__name__]


FACTS: tuple[type[Fact], ...] = tuple(fact for family in _FAMILIES for fact in _of(family))

TOPICS: dict[str, type[Fact]] = {fact.TOPIC: fact for fact in FACTS}
assert len(TOPICS) == len(FACTS), "two facts share a topic"
