"""What the demonstration will write, made up from a seed: the same seed and day, the same plan."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple, TypeAlias

from daybook.demo.catalog import (
    CALL_OUT,
    CUSTOMERS,
    DELIVERY,
    FLUE,
    FUEL,
    INSIDE_UNION,
    KITCHEN,
    LABOR,
    LATER_NOTES,
    PARTS,
    RATES,
    STOVES,
    VOID_REASONS,
    Product,
)

Body: TypeAlias = dict[str, Any]
_Item: TypeAlias = tuple[Product, str]
"""A product and the quantity of it."""

_DAYS_BACK = 182
_SUNDAY = 6
_CENT = Decimal("0.01")
_LONGER = 31  # days; no customer has as many, so that a later due date is always a change


class Step(NamedTuple):
    """One change of an invoice: it makes exactly one RowVersion. ``line`` is that line's index."""

    method: str
    path: str
    body: Body | None
    why: str | None = None
    line: int | None = None


class Planned(NamedTuple):
    """An invoice: its draft, the changes before posting, its date, and the changes after it.

    Without ``posted_on`` it stays a draft.
    """

    key: str
    body: Body
    before: tuple[Step, ...] = ()
    posted_on: date | None = None
    after: tuple[Step, ...] = ()

    @property
    def voided(self) -> bool:
        """Whether it ends voided."""
        return any(step.path == "/void" for step in self.after)


def plan(*, invoices: int, seed: int, today: date) -> list[Planned]:
    """Invoices by rising date over the last six months; then the drafts."""
    random = Random(f"{today}/{seed}/{invoices}")  # noqa: S311 - it makes up stories, no secrets
    drafts = invoices // 8
    posted = invoices - drafts
    voided = set(random.sample(range(posted), posted // 16))
    planned = []
    for number, day in enumerate(_days(random, posted, today)):
        void = VOID_REASONS[number % len(VOID_REASONS)] if number in voided else None
        key = f"demo/{today}/{seed}/{invoices}/{number}"
        planned.append(_posted(random, key, day, today=today, void=void))
    for number in range(drafts):
        key = f"demo/{today}/{seed}/{invoices}/draft/{number}"
        planned.append(Planned(key, _draft(random, number, today)))
    return planned


def _days(random: Random, count: int, today: date) -> list[date]:
    """Working days, more of them lately than long ago; the dealer is closed on Sundays."""
    days = (today - timedelta(days=int(random.triangular(0, _DAYS_BACK, 20))) for _ in range(count))
    return sorted(day - timedelta(days=1) if day.weekday() == _SUNDAY else day for day in days)


def _happens(random: Random, percent: int) -> bool:
    return random.random() * 100 < percent


# ---------------------------------------------------------------- what is sold


def _stove(random: Random) -> list[_Item]:
    hours = str(random.choice((3, 4, Decimal("4.5"), 6)))
    return [
        (random.choice(STOVES), "1"),
        (FLUE[0], str(random.randint(1, 4))),
        *((pipe, "1") for pipe in FLUE[1:] if _happens(random, 60)),
        (DELIVERY[1], "1"),
        (LABOR[0], hours),
        *(_fuel(random)[:1] if _happens(random, 30) else ()),
    ]


def _kitchen(random: Random) -> list[_Item]:
    return [
        *((item, "1") for item in random.sample(KITCHEN, random.randint(1, 3))),
        (random.choice(DELIVERY[:2]), "1"),
        *(((LABOR[2], "1.5"),) if _happens(random, 50) else ()),
        *(((DELIVERY[3], "1"),) if _happens(random, 40) else ()),
    ]


def _parts(random: Random) -> list[_Item]:
    items = random.sample(PARTS, random.randint(1, 5))
    return [*((item, str(random.randint(1, 4))) for item in items), (DELIVERY[2], "1")]


def _repair(random: Random) -> list[_Item]:
    items = random.sample(PARTS, random.randint(1, 3))
    hours = str(Decimal(random.randint(2, 12)) / 4)
    return [(CALL_OUT, "1"), (LABOR[1], hours), *((item, "1") for item in items)]


def _fuel(random: Random) -> list[_Item]:
    some = random.sample(FUEL, random.randint(1, 3))
    return [
        *((item, str(random.choice((2, 4, 5, 10, 66)))) for item in some),
        (DELIVERY[0], "1"),
    ]


def _equipment(random: Random) -> list[_Item]:
    """What hotels and landlords order: several of a kind."""
    items = random.sample(KITCHEN, random.randint(1, 4))
    return [*((item, str(random.randint(2, 8))) for item in items), (DELIVERY[1], "2")]


_JOBS: Sequence[Callable[[Random], list[_Item]]] = (
    _stove,
    _stove,
    _kitchen,
    _kitchen,
    _parts,
    _parts,
    _repair,
    _repair,
    _fuel,
    _equipment,
)


def _returned(random: Random, items: Sequence[_Item]) -> list[_Item]:
    """A spare part that did not fit and came back; never worth more than the rest."""
    part = random.choice(PARTS)
    worth = sum(item.price * Decimal(quantity) for item, quantity in items)
    return [(part, "-1")] if part.price < worth else []


# ---------------------------------------------------------------- invoices


def _posted(random: Random, key: str, day: date, *, today: date, void: str | None) -> Planned:
    customer = random.choice(CUSTOMERS)
    items = random.choice(_JOBS)(random)
    if _happens(random, 15):
        items += _returned(random, items)
    body = {**_header(customer, items), "issueDate": str(day)}
    return Planned(
        key,
        body,
        before=_edits(random, body) if _happens(random, 35) else (),
        posted_on=day,
        after=_afterwards(random, today=today, void=void),
    )


def _header(customer: Body, items: Sequence[_Item]) -> Body:
    """A draft for the customer, with the tax of the country that the goods go to."""
    currency = str(customer["currency"])
    country = str(customer["country"])
    rate, memo = None, None
    if country in INSIDE_UNION and "vatId" in customer:
        rate, memo = "0", "Intra-Community supply, exempt under article 138 of 2006/112/EC."
    elif country != "DE" and country not in INSIDE_UNION:
        rate, memo = "0", "Export, exempt under article 146 of 2006/112/EC."
    body = {
        "customerId": customer["id"],
        "currency": currency,
        "lines": [_line(item, quantity, currency, rate) for item, quantity in items],
    }
    return body if memo is None else {**body, "memo": memo}


def _line(item: Product, quantity: str, currency: str, rate: str | None) -> Body:
    return {
        "code": item.code,
        "description": item.description,
        "quantity": quantity,
        "uom": item.uom,
        "unitPrice": str((item.price * RATES[currency]).quantize(_CENT)),
        "taxRate": item.tax_rate if rate is None else rate,
    }


def _edits(random: Random, body: Body) -> tuple[Step, ...]:
    """What happens to a draft before it is posted."""
    last = len(body["lines"]) - 1
    quantity = str(Decimal(body["lines"][0]["quantity"]) + 1)
    order = f"PO-{random.randint(10_000, 99_999)}"
    forgotten = _line(DELIVERY[3], "1", body["currency"], body["lines"][0]["taxRate"])
    choices = (
        Step("PATCH", "", {"poNumber": order}, "Customer sent the order number"),
        Step("PATCH", "/lines", {"quantity": quantity}, "One more, ordered by telephone", line=0),
        Step("POST", "/lines", forgotten, "The old appliance was taken along"),
        Step("DELETE", "/lines", None, "Not delivered yet, billed next time", line=last),
        Step("PATCH", "", {"reference": f"Project {order[-3:]}"}),
    )
    chosen = sorted(random.sample(range(len(choices)), random.randint(1, 3)))
    return tuple(choices[index] for index in chosen if last > 0 or choices[index].line is None)


def _afterwards(random: Random, *, today: date, void: str | None) -> tuple[Step, ...]:
    """What happens to an invoice after it was posted."""
    if void is not None:
        return (Step("POST", "/void", {"reason": void}, void),)
    longer = today + timedelta(days=_LONGER + random.randint(0, 14))
    choices = (
        Step("PATCH", "", {"memo": random.choice(LATER_NOTES)}),
        Step("PATCH", "", {"dueDate": str(longer)}, "Customer asked for more time"),
    )
    return (random.choice(choices),) if _happens(random, 20) else ()


def _draft(random: Random, number: int, today: date) -> Body:
    """A draft as unfinished as drafts are, one way after the other."""
    customer = random.choice(CUSTOMERS)
    whole = _header(customer, random.choice(_JOBS)(random))
    first = whole["lines"][0]
    returned = _header(customer, [(random.choice(PARTS), "-2")])
    stages: tuple[Body, ...] = (
        {**whole, "issueDate": str(today)},  # complete: it only needs to be posted
        {"customerId": customer["id"]},
        {**whole, "lines": [_without(line, "unitPrice") for line in whole["lines"]]},
        {},
        {"customerId": customer["id"], "currency": whole["currency"], "lines": []},
        _without(whole, "customerId"),
        {**whole, "lines": [{"description": first["description"]}]},
        {**returned, "memo": "Goods came back: this will have to be a credit note."},
        {**whole, "lines": [_without(line, "taxRate", "quantity") for line in whole["lines"]]},
        _without(whole, "currency"),
    )
    return stages[number % len(stages)]


def _without(body: Body, *names: str) -> Body:
    return {name: value for name, value in body.items() if name not in names}
