"""Random histories of a book, made by real decisions: what is refused did not happen."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from domain import (
    code_entry,
    credit_note,
    customer,
    payment,
    period,
    product,
    serial,
    settlement,
    tax_code,
)
from domain.aggregate import Change, Fact, Stream
from domain.book_settings import BOOK, SETTINGS
from domain.credit_note import CREDIT_NOTE
from domain.customer import CUSTOMER
from domain.errors import Refusal
from domain.facts.code_entry import CodeCreated
from domain.facts.credit_note import CreditNoteDrafted, CreditNoteRefunded, FlatAmount
from domain.facts.customer import CustomerCreated, CustomerDetails
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Header
from domain.facts.lines import CommentLine, ItemLine, Line, ModelLine, Serial, Tax
from domain.facts.payment import PaymentRecorded, PaymentRefunded
from domain.facts.product import ProductCreated, ProductDetails
from domain.facts.tax_code import TaxCodeCreated
from domain.invoice import INVOICE, change_due_date, delete, draft, edit, release, remove_line
from domain.invoice.voiding import void
from domain.payment import PAYMENT, Allocation
from domain.period import PERIOD
from domain.posting import post
from domain.product import PRODUCT
from store.recorded import Metadata, Recorded
from tests.books import SOLD_BY

BEGINNING = date(2026, 1, 20)
CURRENCIES = ("EUR", "EUR", "EUR", "JPY")
_CUSTOMERS = ("12", "ACME", "Öl & Söhne")


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
        self._append([(SETTINGS(BOOK), [SOLD_BY])])
        for id_ in _CUSTOMERS:
            created = CustomerCreated(name=f"Customer {id_}", country="DE", vat_id="DE136695976")
            self._append([(CUSTOMER(id_), [created])])

    def play(self, steps: Sequence[Step]) -> None:
        """Try everything, one after the other."""
        for step in steps:
            self.today += timedelta(days=step.days)
            try:
                self._append(ACTIONS[step.action](self, step))
            except Refusal:
                continue

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

    def _append(self, changes: Sequence[Change]) -> None:
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


# ---------------------------------------------------------------- what can be tried

Action = Callable[[Company, Step], Sequence[Change]]


def _drafted(it: Company, step: Step) -> Sequence[Change]:
    taxes = [(Tax(rate=Decimal(rate)),) for rate in ("19", "19.00", "7")]
    lines: list[Line] = [
        ItemLine(
            id=f"lin_{at}",
            code=("STOVE", "PIPE", None)[(step.which + at) % 3],
            description="Goods",
            quantity=Decimal(at + 1),
            unit_price=step.amount,
            taxes=taxes[(step.other + at) % 3],
        )
        for at in range(step.other % 3 + 1)
    ]
    lines.append(CommentLine(id="lin_c", description="Thank you."))
    header = InvoiceDrafted(
        customer_id=_CUSTOMERS[step.which % 3],
        currency=CURRENCIES[step.other % 4],
        issue_date=it.today,
        accounting_date=it.today + timedelta(days=step.which % 4) if step.other % 2 else None,
        po_number=f"PO-{step.which % 2}" if step.other % 3 else None,
        discount_percent=Decimal(10) if step.which % 5 == 0 else None,
    )
    return [(INVOICE(it.new("inv")), draft(header, lines))]


def _posted(it: Company, step: Step) -> Sequence[Change]:
    """A draft that is posted at once: most histories should have something to pay."""
    changes = [*_drafted(it, step)]
    stream, facts = changes[0]
    it._append(changes)
    assert facts
    return post(it.read, stream.id, today=it.today)


def _on_invoice(decide: Callable[[Company, Any, Step], Sequence[Fact]]) -> Action:
    def action(it: Company, step: Step) -> Sequence[Change]:
        stream = INVOICE(it.existing("invoice", step.which))
        return [(stream, decide(it, it.state(stream), step))]

    return action


def _paid(it: Company, step: Step) -> Sequence[Change]:
    invoice_id = it.existing("invoice", step.which)
    invoice = it.state(INVOICE(invoice_id))
    recorded = PaymentRecorded(
        customer_id=invoice.customer_id,
        amount=step.amount.quantize(Decimal(1)),
        currency=invoice.currency,
        method="transfer",
        received_on=it.today - timedelta(days=step.other),
    )
    wishes = [Allocation(invoice_id=invoice_id)] if step.other % 3 else []
    return payment.record(it.read, it.new("pay"), recorded, wishes, today=it.today)


def _credited(it: Company, step: Step) -> Sequence[Change]:
    note = it.new("crn")
    invoice_id = it.existing("invoice", step.which)
    drafted = CreditNoteDrafted(invoice_id=invoice_id, reason_code="return")
    flat = FlatAmount(description="Late", amount=Decimal(2)) if step.other % 2 else None
    it._append(credit_note.draft_over(it.read, note, drafted, flat=flat))
    return credit_note.post(it.read, note, today=it.today, apply=step.other % 3 == 0)


def _memo(it: Company, step: Step) -> Sequence[Change]:
    note = it.new("crn")
    drafted = CreditNoteDrafted(
        customer_id=_CUSTOMERS[step.which % 3],
        currency="EUR",
        reason_code="goodwill",
        issue_date=it.today,
    )
    taxes = (Tax(rate=Decimal(19)),)
    flat = FlatAmount(description="Late", amount=step.amount, taxes=taxes)
    it._append([(CREDIT_NOTE(note), credit_note.draft(drafted, flat=flat))])
    return credit_note.post(it.read, note, today=it.today) if step.other % 3 else []


def _over_payment(decide: Callable[..., Sequence[Change]]) -> Action:
    def action(it: Company, step: Step) -> Sequence[Change]:
        return decide(it, it.existing("payment", step.which), step)

    return action


def _over_credit(decide: Callable[..., Sequence[Change]]) -> Action:
    def action(it: Company, step: Step) -> Sequence[Change]:
        return decide(it, it.existing("credit-note", step.which), step)

    return action


def _wish(it: Company, step: Step) -> list[Allocation]:
    return [Allocation(invoice_id=it.existing("invoice", step.other))]


def _invoice_of(it: Company, stream: Stream[Any], step: Step) -> str:
    applied = it.state(stream).applied
    if not applied:
        raise Refusal
    invoice_id: str = applied[step.other % len(applied)].invoice_id
    return invoice_id


def _refund(it: Company, id_: str, step: Step) -> Sequence[Change]:
    refunded = PaymentRefunded(
        refund_id=it.new("ref"), amount=Decimal(3), method="transfer", refunded_on=it.today
    )
    return payment.refund(it.read, id_, refunded, today=it.today)


def _refund_credit(it: Company, id_: str, step: Step) -> Sequence[Change]:
    refunded = CreditNoteRefunded(
        refund_id=it.new("ref"), amount=Decimal(1), method="transfer", refunded_on=it.today
    )
    return credit_note.refund(it.read, id_, refunded, today=it.today)


def _serial(it: Company, step: Step) -> Sequence[Change]:
    stove = Serial(id="ser_1", serial_number=f"S-{step.which % 4}")
    line = ModelLine(id="lin_m", code="STOVE/7", quantity=Decimal(1), serials=(stove,))
    id_ = it.new("inv")
    return serial.tracked(it.read, id_, draft(InvoiceDrafted(customer_id="12"), [line]))


def _period(it: Company, step: Step) -> Sequence[Change]:
    month = PERIOD(period.period_of(it.today - timedelta(days=60)))
    state = it.read(month)
    decisions = {
        0: lambda: period.lock_sales(state),
        1: lambda: period.lock(state, reason="Done."),
        2: lambda: period.reopen(state, reason="A mistake."),
    }
    if step.which % 4 == 3:
        return period.close(it.read, month.id, totals=(), as_of=len(it.events), list_drafts=True)
    return [(month, decisions[step.which % 4]())]


def _master_data(it: Company, step: Step) -> Sequence[Change]:
    code = ("STOVE", "PIPE")[step.which % 2]
    entry = code_entry.entry_of("misc", code)
    customer_ = CUSTOMER(_CUSTOMERS[step.which % 3])
    tried: tuple[Callable[[], Sequence[Change]], ...] = (
        lambda: product.create(it.read, code, ProductCreated(description="Ein Ofen")),
        lambda: [
            (
                PRODUCT(code),
                product.change(
                    it.state(PRODUCT(code)), ProductDetails(unit_price=step.amount), ["unit_price"]
                ),
            )
        ],
        lambda: [(PRODUCT(code), product.archive(it.state(PRODUCT(code))))],
        lambda: code_entry.create(it.read, "misc", code, CodeCreated(amount=step.amount)),
        lambda: [(entry, code_entry.remove(it.state(entry)))],
        lambda: tax_code.create(it.read, code, TaxCodeCreated(rate=Decimal(19))),
        lambda: [(customer_, customer.hold(it.state(customer_), reason="Late."))],
        lambda: [(customer_, customer.release(it.state(customer_)))],
        lambda: [(customer_, customer.change_credit_limit(it.state(customer_), step.amount))],
        lambda: [
            (
                customer_,
                customer.change(it.state(customer_), CustomerDetails(city="Köln"), ["city"]),
            )
        ],
    )
    return tried[step.other % len(tried)]()


ACTIONS: dict[str, Action] = {
    "draft": _drafted,
    "post": _posted,
    "post a draft": lambda it, step: post(
        it.read, it.existing("invoice", step.which), today=it.today
    ),
    "edit": _on_invoice(lambda it, state, step: edit(state, Header(memo=f"{step}"), ["memo"])),
    "remove a line": _on_invoice(lambda it, state, step: remove_line(state, "lin_0")),
    "delete": _on_invoice(lambda it, state, step: delete(state)),
    "release": _on_invoice(lambda it, state, step: release(state, today=it.today)),
    "due date": _on_invoice(
        lambda it, state, step: change_due_date(state, it.today + timedelta(days=step.other * 9))
    ),
    "void": lambda it, step: void(
        it.read, it.existing("invoice", step.which), reason="Wrong.", today=it.today
    ),
    "pay": _paid,
    "apply": _over_payment(
        lambda it, id_, step: payment.apply(it.read, id_, _wish(it, step), today=it.today)
    ),
    "unapply": _over_payment(
        lambda it, id_, step: payment.unapply(
            it.read, id_, _invoice_of(it, PAYMENT(id_), step), today=it.today
        )
    ),
    "reallocate": _over_payment(
        lambda it, id_, step: payment.reallocate(
            it.read,
            id_,
            from_invoice_id=_invoice_of(it, PAYMENT(id_), step),
            to_invoice_id=it.existing("invoice", step.other),
            today=it.today,
            amount=Decimal(1),
        )
    ),
    "refund": _over_payment(_refund),
    "reverse": _over_payment(
        lambda it, id_, step: payment.reverse(it.read, id_, reason="Bounced.", today=it.today)
    ),
    "credit": _credited,
    "memo": _memo,
    "apply credit": _over_credit(
        lambda it, id_, step: credit_note.apply(it.read, id_, _wish(it, step), today=it.today)
    ),
    "unapply credit": _over_credit(
        lambda it, id_, step: credit_note.unapply(
            it.read, id_, _invoice_of(it, CREDIT_NOTE(id_), step), today=it.today
        )
    ),
    "refund credit": _over_credit(_refund_credit),
    "void credit": _over_credit(
        lambda it, id_, step: credit_note.void(it.read, id_, reason="Wrong.", today=it.today)
    ),
    "write off": lambda it, step: settlement.write_off(
        it.read,
        it.existing("invoice", step.which),
        kind=settlement.BAD_DEBT,
        reason="Insolvent.",
        today=it.today,
    ),
    "recover": lambda it, step: settlement.recover(
        it.read, it.existing("invoice", step.which), reason="Found.", today=it.today
    ),
    "serial": _serial,
    "period": _period,
    "master data": _master_data,
}

# What makes something to look at is tried more often than what ends it.
_OFTEN = ["post"] * 6 + ["pay"] * 5 + ["credit", "memo", "apply", "unapply", "apply credit"] * 2

STEPS = st.lists(
    st.builds(
        Step,
        action=st.sampled_from([*ACTIONS, *_OFTEN]),
        which=st.integers(0, 30),
        other=st.integers(0, 11),
        amount=st.sampled_from([Decimal(it) for it in ("1", "10", "19", "99.95", "250")]),
        days=st.sampled_from([0, 0, 1, 5, 20]),
    ),
    min_size=15,
    max_size=60,
)


def _busy() -> list[Step]:
    """A year in which everything happens."""
    random = Random(7)  # noqa: S311 - not a secret
    actions = [*ACTIONS, *_OFTEN]
    masters = [Step("master data", 0, other, Decimal(5), 0) for other in (0, 1, 3, 5)]
    return [
        *masters,
        *(
            Step(
                action=random.choice(actions),
                which=random.randrange(31),
                other=random.randrange(12),
                amount=Decimal(random.choice(["1", "10", "19", "99.95", "250"])),
                days=random.choice([0, 0, 1, 5]),
            )
            for _ in range(250)
        ),
    ]


BUSY = _busy()
