"""A machine that bills: invoices, periods and the clock, beside a model of them in numbers."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from domain import invoice as invoices
from domain.aggregate import Change, Fact
from domain.book_settings import SETTINGS
from domain.customer import CUSTOMER
from domain.errors import NotAllowed, Refusal, RuleBroken
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Header, Note
from domain.facts.lines import ItemLine, Tax
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE, Invoice, available_actions
from domain.invoice.voiding import void
from domain.posting import post
from tests.domain.books import DIGITS, OPEN, Book, Model, days_from

START = date(2026, 11, 20)
CUSTOMERS = ("ACME", "12")
SELLER: dict[str, Any] = {
    "seller_name": "Ofenhaus GmbH",
    "seller_city": "Köln",
    "seller_country": "DE",
    "seller_tax_id": "214/5678/1234",
}

PARTIES = st.sampled_from([("ACME", "EUR")] * 6 + [("12", "EUR"), ("ACME", "JPY"), ("12", "JPY")])
"""Mostly one customer and one currency, so that invoices and payments meet."""

MOSTLY = st.sampled_from([*[True] * 6, False, *[True] * 5])

WARES = st.sampled_from([1, 2, 3, 1, 1, 2, 0, 1, 2, 1]).flatmap(
    lambda size: st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 2000)), min_size=size, max_size=size
    )
)
"""Quantities and prices in minor units; now and then none, which cannot be posted."""

Direct: TypeAlias = Callable[[Invoice, date], Sequence[Fact]]


def line(line_id: str, quantity: int, price: int, currency: str) -> ItemLine:
    return ItemLine(
        id=line_id,
        description="Stove",
        quantity=Decimal(quantity),
        unit_price=money(price, currency),
        taxes=(Tax(rate=Decimal(19)),),
    )


def money(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-DIGITS[currency])


def units(amount: Decimal, currency: str) -> int:
    scaled = amount.scaleb(DIGITS[currency])
    assert scaled == int(scaled), "no amount has more digits than its currency"
    return int(scaled)


# What touches one invoice and no number of the model besides its status.
DIRECT: dict[str, Direct] = {
    "edit": lambda it, day: invoices.edit(it, Header(memo=f"On {day}"), ("memo",)),
    "addNote": lambda it, _: invoices.add_note(it, Note(id=f"not_{len(it.notes)}", text="Late.")),
    "reorderLines": lambda it, _: invoices.reorder_lines(
        it, [line.id for line in reversed(it.lines)]
    ),
    "approve": lambda it, _: invoices.approve(it, approver="boss"),
    "withdrawApproval": lambda it, _: invoices.withdraw_approval(it, reason="No."),
    "reject": lambda it, _: invoices.reject(it, reviewer="boss", reason="No."),
    "delete": lambda it, _: invoices.delete(it),
    "release": lambda it, day: invoices.release(it, today=day),
    "archive": lambda it, _: invoices.archive(it),
    "unarchive": lambda it, _: invoices.unarchive(it),
    "changeDueDate": lambda it, day: invoices.change_due_date(
        it, days_from(max(day, it.issue_date or day), 60), reason="Asked."
    ),
    "dispute": lambda it, _: invoices.dispute(it, reason="Dented."),
    "resolveDispute": lambda it, _: invoices.resolve_dispute(it, resolution="Settled."),
}

BECOMES = {
    "approve": "Approved",
    "withdrawApproval": "Draft",
    "reject": "Draft",
    "release": "Released",
    "archive": "Archived",
}


class Billing(RuleBasedStateMachine):
    """What happens to invoices, whoever pays them."""

    def __init__(self) -> None:
        super().__init__()
        created = [CustomerCreated(name="Acme", country="DE")]
        seller = SettingsChanged(to=BookSettings(**SELLER), fields=tuple(SELLER))
        self.book = Book(
            *((CUSTOMER(it), created) for it in CUSTOMERS), (SETTINGS("book"), [seller])
        )
        self.model = Model()
        self.today = START
        self.made = 0

    # ------------------------------------------------------------ how commands are tried

    def attempt(self, decide: Callable[[], Sequence[Change]], *, possible: bool) -> bool:
        """Whether it was done, which must be as the model foretold."""
        refusal = self.refusal_of(decide)
        assert possible == (refusal is None), f"possible: {possible}, but: {refusal}"
        return possible

    def refusal_of(self, decide: Callable[[], Sequence[Change]]) -> Refusal | None:
        """Run the command; why it was refused, if so."""
        try:
            self.book.run(decide)
        except Refusal as refusal:
            return refusal
        return None

    def new_id(self, kind: str) -> str:
        self.made += 1
        return f"{kind}_{self.made}"

    def any_invoice(self, data: st.DataObject, wanted: Sequence[str] = ()) -> str | None:
        """An invoice, preferably one of these statuses."""
        known = self.model.invoices
        liked = [it for it in known if known[it]["status"] in wanted]
        return self.choose(data, liked, [*known])

    def choose(self, data: st.DataObject, liked: Sequence[str], every: Sequence[str]) -> str | None:
        """Mostly one of those that are liked, if there are any."""
        mostly = data.draw(MOSTLY)
        pool = liked if liked and mostly else every
        return data.draw(st.sampled_from(pool)) if pool else None

    def state(self, invoice_id: str) -> Invoice:
        found: Invoice = self.book.states[INVOICE(invoice_id).name]
        return found

    # ------------------------------------------------------------ drafts

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        for _ in range(3):
            self.draft_invoice(data)
            self.post_invoice(data)

    @rule(data=st.data())
    def bill(self, data: st.DataObject) -> None:
        self.draft_invoice(data)
        if data.draw(MOSTLY):
            self.post_invoice(data)

    def draft_invoice(self, data: st.DataObject) -> None:
        customer, currency = data.draw(PARTIES)
        days = data.draw(st.sampled_from([None, None, None, 0, -1, None, 3, -20, None, None, None]))
        issued = None if days is None else days_from(self.today, days)
        wares = data.draw(WARES)
        invoice_id = self.new_id("inv")
        lines = {f"lin_{index}": ware for index, ware in enumerate(wares)}
        drafted = InvoiceDrafted(customer_id=customer, currency=currency, issue_date=issued)
        facts = invoices.draft(drafted, [line(id_, *it, currency) for id_, it in lines.items()])
        self.book.run(lambda: [(INVOICE(invoice_id), facts)])
        self.model.invoices[invoice_id] = {
            "customer": customer,
            "currency": currency,
            "issued": issued,
            "lines": lines,
            "status": "Draft",
            "number": None,
            "voided": False,
            "written_off": 0,
            "settled": {},
            "released": False,
        }

    @rule(data=st.data(), quantity=st.integers(1, 3), price=st.integers(1, 500))
    def change_lines(self, data: st.DataObject, quantity: int, price: int) -> None:
        invoice_id = self.any_invoice(data, ("Draft", "Approved"))
        if invoice_id is None:
            return
        model, state = self.model.invoices[invoice_id], self.state(invoice_id)
        line_id = data.draw(st.sampled_from([*model["lines"], f"new_{self.made}"]))
        stream = INVOICE(invoice_id)
        unposted = model["status"] in {"Draft", "Approved"}
        if line_id in model["lines"]:
            removed = self.attempt(
                lambda: [(stream, invoices.remove_line(state, line_id))], possible=unposted
            )
            if removed:
                del model["lines"][line_id]
        else:
            self.made += 1
            new = line(line_id, quantity, price, model["currency"])
            if self.attempt(lambda: [(stream, invoices.add_line(state, new))], possible=unposted):
                model["lines"][line_id] = (quantity, price)
        if unposted:
            model["status"] = "Draft"

    # ------------------------------------------------------------ life

    @rule(data=st.data())
    def post_invoice(self, data: st.DataObject) -> None:
        invoice_id = self.any_invoice(data, ("Draft", "Approved"))
        if invoice_id is None:
            return
        model = self.model.invoices[invoice_id]
        issued = model["issued"] or self.today
        series = f"sales-{issued.year}"
        broken = {
            *(() if model["lines"] else ("P20",)),
            *(() if self.model.accepts(issued, sales=True) else ("P11",)),
            *(() if issued >= self.model.latest(series) else ("P12",)),
        }
        refusal = self.refusal_of(lambda: post(self.book.read, invoice_id, today=self.today))
        if model["status"] not in {"Draft", "Approved"}:
            assert isinstance(refusal, NotAllowed)
            return
        found = refusal.violations if isinstance(refusal, RuleBroken) else ()
        assert {it.code for it in found} == broken
        event(f"post: {sorted(broken)}")
        if not broken:
            number = self.model.next_number(series, issued)
            text = f"INV-{issued.year}-{number:06}"
            model.update(status="Posted", number=text, issued=issued)

    @rule(
        data=st.data(),
        command=st.sampled_from([*DIRECT, "release", "archive", "unarchive", "void", "void"]),
    )
    def direct(self, data: st.DataObject, command: str) -> None:
        wanted = {"unarchive": ("Archived",), "approve": ("Draft",)}.get(command, OPEN)
        invoice_id = self.any_invoice(data, wanted)
        if invoice_id is None:
            return
        if command == "void":
            self.void_invoice(data)
            return
        state, model = self.state(invoice_id), self.model.invoices[invoice_id]
        possible = command in available_actions(state)
        if command == "archive":
            paid = model["number"] is not None and not self.model.balance(model)
            assert possible == (paid and model["status"] != "Archived")
        decide = DIRECT[command]
        done = self.attempt(
            lambda: [(INVOICE(invoice_id), decide(state, self.today))], possible=possible
        )
        if not done:
            return
        event(f"{command}: done")
        if command == "delete":
            del self.model.invoices[invoice_id]
            return
        model["released"] = model["released"] or command == "release"
        before = "Voided" if model["voided"] else "Released" if model["released"] else "Posted"
        model["status"] = BECOMES.get(
            command, before if command == "unarchive" else model["status"]
        )

    def void_invoice(self, data: st.DataObject) -> None:
        invoice_id = self.any_invoice(data, ("Posted",))
        if invoice_id is None:
            return
        model = self.model.invoices[invoice_id]
        touched = model["settled"] or self.model.standing(model) or model["written_off"]
        possible = model["status"] == "Posted" and not touched
        possible = possible and self.model.accepts(self.today, sales=True)
        done = self.attempt(
            lambda: void(self.book.read, invoice_id, reason="Twice.", today=self.today),
            possible=possible,
        )
        if done:
            event("void: done")
            model.update(status="Voided", voided=True)
