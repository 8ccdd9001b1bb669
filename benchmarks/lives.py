"""A book of many invoices: drafted with three lines, edited, posted, and paid some weeks later.

One invoice is written by the decisions of the domain. All others are its copies under ids, numbers,
balances and versions of their own, so that every state folds as it would otherwise.
"""

import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import msgspec

from benchmarks.callers import METADATA
from daybook.demo.catalog import SELLER
from daybook.opening import open_book
from domain.aggregate import Change, Fact, Stream, fold
from domain.allocation import Allocation
from domain.book_settings import BOOK, SETTINGS
from domain.customer import CUSTOMER
from domain.facts.account import BalanceChanged
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Header
from domain.facts.lines import ItemLine, Tax
from domain.facts.payment import PaymentRecorded
from domain.facts.series import NumberAssigned
from domain.facts.settings import SettingsChanged
from domain.invoice import INVOICE, balance, draft, edit
from domain.payment import record
from domain.posting import post
from store.books import Book
from store.database import Connection, Pool
from store.ids import new_id, uuid7
from store.log import read_head
from store.mapper import encode

CUSTOMERS = 500
PAID_LATER = 500

S = TypeVar("S")
Row: TypeAlias = tuple[str, str, bytes]
"""Stream, topic and state of an event."""

DAY = date(2026, 3, 4)
_BATCH = 20_000
_INVOICE, _PAYMENT, _CUSTOMER, _NUMBER = (
    "inv_COPIED",
    "pay_COPIED",
    "CUSTOMER-0000",
    "INV-2026-000001",
)
_COLUMNS = "book_id position stream version event_id topic state metadata recorded_at".split()


async def new_book(pool: Pool, events: int) -> Book:
    """A book with about so many events."""
    book = await open_book(pool, name="Benchmark", mode="sandbox", settings=SELLER)
    async with pool.acquire() as connection:
        await append_lives(connection, book.book_id, events)
        await connection.execute("vacuum analyze store.events")
    return book


async def append_lives(
    connection: Connection,
    book_id: str,
    events: int,
    *,
    customers: int = CUSTOMERS,
    paid_later: int = PAID_LATER,
) -> int:
    """Write invoices into a book that has none yet; answer its position after them.

    So many invoices are written between an invoice and its payment as ``paid_later`` says.
    """
    position: int = await read_head(connection, book_id)
    since: datetime = await connection.fetchval("select now()")
    versions: Counter[str] = Counter()
    metadata = msgspec.json.encode(METADATA)
    rows = _lives(customers, paid_later)
    while position < events:
        records = []
        for stream, topic, state in itertools.islice(rows, _BATCH):
            position += 1
            versions[stream] += 1
            place = (book_id, position, stream, versions[stream], uuid7())
            at = since + timedelta(microseconds=position)
            records.append((*place, topic, state, metadata, at))
            if position == events:
                break
        await connection.copy_records_to_table(
            "events", schema_name="store", columns=_COLUMNS, records=records
        )
    await connection.execute(
        "update store.books set head = $2, recorded_at = clock_timestamp() where book_id = $1",
        *(book_id, position),
    )
    return position


def _lives(customers: int, paid_later: int) -> Iterator[Row]:
    """Events without end: customers first, then invoices, each paid some hundred invoices later."""
    for number in range(customers):
        created = CustomerCreated(name=f"Customer {number}", country="DE", payment_days=14)
        yield f"{CUSTOMER.name}/{_customer(number)}", created.TOPIC, encode(created)
    invoice, payment = _pattern()
    unpaid: deque[tuple[bytes, ...]] = deque()
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for number in itertools.count(1):
        customer = _customer(number * 7 % customers)
        ids = (new_id("inv"), new_id("pay"), customer, f"INV-2026-{number:06}")
        names = tuple(it.encode() for it in ids)
        yield from _copied(invoice, names, number, balances)
        unpaid.append(names)
        if len(unpaid) > paid_later:
            yield from _copied(payment, unpaid.popleft(), number, balances)


def _customer(number: int) -> str:
    return f"CUSTOMER-{number:04}"


def _copied(
    pattern: list[Change], names: tuple[bytes, ...], number: int, balances: dict[str, Decimal]
) -> Iterator[Row]:
    """The pattern's events under other names."""
    customer = names[2].decode()
    for stream, facts in pattern:
        for fact in facts:
            changed = fact
            if isinstance(fact, NumberAssigned):
                changed = msgspec.structs.replace(fact, number=number)
            elif isinstance(fact, BalanceChanged):
                balances[customer] += fact.amount
                changed = msgspec.structs.replace(fact, balance=balances[customer])
            yield _renamed(stream, changed, names)


def _renamed(stream: Stream[Any], fact: Fact, names: tuple[bytes, ...]) -> Row:
    name, state = stream.name.encode(), encode(fact)
    for old, new in zip(_NAMES, names, strict=True):
        name, state = name.replace(old, new), state.replace(old, new)
    return name.decode(), fact.TOPIC, state


_NAMES = tuple(it.encode() for it in (_INVOICE, _PAYMENT, _CUSTOMER, _NUMBER))


class _Past:
    """What has happened so far, in memory."""

    def __init__(self) -> None:
        self.facts: dict[str, list[Fact]] = defaultdict(list)

    def read(self, stream: Stream[S], /) -> S | None:
        return fold(stream.aggregate, self.facts[stream.name])

    def add(self, changes: list[Change]) -> list[Change]:
        for stream, facts in changes:
            self.facts[stream.name] += facts
        return changes


def _pattern() -> tuple[list[Change], list[Change]]:
    """An invoice until it was posted, and how it was paid."""
    past, stream = _Past(), INVOICE(_INVOICE)
    sold_by = SettingsChanged(to=SELLER, fields=tuple(SELLER.__struct_fields__))
    customer = CustomerCreated(name="Customer", country="DE", payment_days=14)
    past.add([(SETTINGS(BOOK), [sold_by]), (CUSTOMER(_CUSTOMER), [customer])])
    header = InvoiceDrafted(customer_id=_CUSTOMER, currency="EUR", po_number="4500017")
    changes = past.add([(stream, draft(header, [line(number) for number in range(1, 4)]))])
    for memo in ("Deliver to the north gate.", "Deliver to the south gate."):
        invoice = past.read(stream)
        assert invoice is not None
        changes += past.add([(stream, edit(invoice, Header(memo=memo), ("memo",)))])
    changes += past.add(post(past.read, _INVOICE, today=DAY))
    invoice = past.read(stream)
    assert invoice is not None
    recorded = PaymentRecorded(
        customer_id=_CUSTOMER,
        amount=balance(invoice),
        currency="EUR",
        method="transfer",
        received_on=DAY,
    )
    paid = record(past.read, _PAYMENT, recorded, [Allocation(invoice_id=_INVOICE)], today=DAY)
    return changes, paid


def line(number: int) -> ItemLine:
    """A line that sells an article."""
    return ItemLine(
        id=f"lin_{number}",
        code=f"ART-{number}",
        description=f"Article {number} of the catalogue",
        quantity=Decimal(f"{number}.5"),
        unit_price=Decimal(f"{number}9.95"),
        taxes=(Tax(rate=Decimal(19 if number % 2 else 7)),),
    )
