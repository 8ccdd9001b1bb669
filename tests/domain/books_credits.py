"""A machine that also takes back what was billed: credit notes and credit memos."""

from decimal import Decimal
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import rule

from domain import credit_note as notes
from domain.credit_note import CREDIT_NOTE
from domain.facts.credit_note import CreditLine, CreditNoteDrafted, CreditNoteRefunded, FlatAmount
from domain.facts.lines import Tax
from domain.invoice import available_actions
from tests.domain.books import OPEN
from tests.domain.books_invoices import CUSTOMERS, MOSTLY, money
from tests.domain.books_money import Collecting

CREDIT_ACTS = (
    *("credit_invoice", "apply_note", "credit_invoice", "unapply_note", "post_any_note"),
    *("credit_invoice", "apply_note", "draft_memo", "refund_note", "end_note", "apply_note"),
)


class Crediting(Collecting):
    """What happens to credit."""

    # ------------------------------------------------------------ credit notes

    @rule(data=st.data(), acts=st.lists(st.sampled_from(CREDIT_ACTS), min_size=2, max_size=4))
    def credit(self, data: st.DataObject, acts: list[str]) -> None:
        for act in acts:
            getattr(self, act if self.model.notes else "credit_invoice")(data)

    def credit_invoice(self, data: st.DataObject) -> None:
        """Draft over an invoice, all that is left or parts of lines, and mostly post at once."""
        invoice_id = self.any_invoice(data, OPEN)
        if invoice_id is None:
            return
        invoice, note_id = self.model.invoices[invoice_id], self.new_id("crn")
        left = {it: self.model.left(invoice, it) for it in invoice["lines"]}
        whole = {it: quantity for it, quantity in left.items() if quantity}
        wanted: dict[str, int] | None = None
        parts, mostly = data.draw(st.booleans()), data.draw(MOSTLY)
        if left and parts:
            ids = st.sampled_from([*(whole if whole and mostly else left)])
            quantities = st.sampled_from([1, 1, 1, 1, 2, 3, 0, 4])
            wanted = data.draw(st.dictionaries(ids, quantities, min_size=1, max_size=2))
        lines = None
        if wanted is not None:
            lines = [CreditLine(line_id=it, quantity=Decimal(much)) for it, much in wanted.items()]
        drafted = CreditNoteDrafted(invoice_id=invoice_id, reason_code="return")
        possible = "credit" in available_actions(self.state(invoice_id))
        done = self.attempt(
            lambda: notes.draft_over(self.book.read, note_id, drafted, lines=lines),
            possible=possible,
        )
        if not done:
            return
        assert self.model.creditable(invoice) > 0
        self.add_note(note_id, invoice_id, whole if wanted is None else wanted, None)
        if data.draw(MOSTLY):
            self.post_note(note_id, apply=data.draw(st.booleans()))

    def add_note(
        self, note_id: str, invoice_id: str | None, lines: dict[str, int], flat: int | None
    ) -> None:
        invoice = self.model.invoices.get(invoice_id or "")
        self.model.notes[note_id] = {
            "invoice": invoice_id,
            "lines": lines,
            "flat": flat,
            "gross": 0,
            "number": None,
            "applied": {},
            "refunded": 0,
            "voided": False,
            "customer": invoice["customer"] if invoice else CUSTOMERS[0],
            "currency": invoice["currency"] if invoice else "EUR",
        }

    def draft_memo(self, data: st.DataObject) -> None:
        """A flat credit on the account, or of a part of an invoice."""
        amount = data.draw(st.integers(0, 5000))
        target = self.any_invoice(data, OPEN) if data.draw(st.booleans()) else None
        if target is not None and self.model.invoices[target]["number"] is None:
            return
        note_id = self.new_id("crn")
        self.add_note(note_id, target, {}, amount)
        note = self.model.notes[note_id]
        flat = FlatAmount(
            description="Late.",
            amount=money(amount, note["currency"]),
            taxes=(Tax(rate=Decimal(19)),),
        )
        drafted = CreditNoteDrafted(
            invoice_id=target,
            customer_id=note["customer"],
            currency=note["currency"],
            reason_code="goodwill",
        )
        facts = notes.draft(drafted, (), flat)
        self.book.run(lambda: [(CREDIT_NOTE(note_id), facts)])

    def post_any_note(self, data: st.DataObject) -> None:
        drafts = [it for it, note in self.model.notes.items() if note["number"] is None]
        note_id = self.choose(data, drafts, [*self.model.notes])
        if note_id is not None:
            self.post_note(note_id, apply=data.draw(st.booleans()))

    def post_note(self, note_id: str, *, apply: bool) -> None:
        note = self.model.notes[note_id]
        invoice = self.model.invoices.get(note["invoice"] or "")
        possible = note["number"] is None and self.model.accepts(self.today, sales=True)
        if note["flat"] is not None:
            possible = possible and note["flat"] > 0
        if invoice is not None:
            possible = possible and self.can_credit(invoice, note)
        gross = self.model.credit(note) if possible else 0
        possible = possible and (invoice is None or gross <= self.model.creditable(invoice))
        done = self.attempt(
            lambda: notes.post(self.book.read, note_id, today=self.today, apply=apply),
            possible=possible,
        )
        event(f"credit {'flat' if note['flat'] is not None else 'lines'}: {done}")
        if not done:
            return
        number = self.model.next_number(f"credit-{self.today.year}", self.today)
        note.update(number=f"CRN-{self.today.year}-{number:06}", gross=gross)
        used = min(gross, self.model.balance(invoice)) if invoice and apply else 0
        if used:
            self.model.settle(note_id, note, {note["invoice"]: used})

    def can_credit(self, invoice: dict[str, Any], note: dict[str, Any]) -> bool:
        quantities = note["lines"].items()
        parts = all(0 < much <= self.model.left(invoice, it) for it, much in quantities)
        something = bool(note["lines"]) or note["flat"] is not None
        return invoice["status"] in OPEN and invoice["issued"] <= self.today and parts and something

    def apply_note(self, data: st.DataObject) -> None:
        note_id = self.any_funds(data, self.model.notes)
        if note_id is None:
            return
        note = self.model.notes[note_id]
        wishes = self.wishes(data, note, 2)
        given = self.model.allocates(note, wishes, self.model.rest(note))
        allocations = self.allocations(wishes, note["currency"])
        done = self.attempt(
            lambda: notes.apply(self.book.read, note_id, allocations, today=self.today),
            possible=bool(given) and self.model.accepts(self.today, sales=False),
        )
        if done:
            event("apply credit: done")
            self.model.settle(note_id, note, given or {})

    def unapply_note(self, data: st.DataObject) -> None:
        note_id = self.any_funds(data, self.model.notes, applied=True)
        if note_id is None:
            return
        note = self.model.notes[note_id]
        invoice_id, wish, most = self.applied(data, note)
        amount = most if wish is None else wish
        asked = None if wish is None else money(wish, note["currency"])
        done = self.attempt(
            lambda: notes.unapply(
                self.book.read, note_id, invoice_id, today=self.today, amount=asked
            ),
            possible=self.can_take_back(invoice_id, amount, most),
        )
        if done:
            event("unapply credit: done")
            self.model.settle(note_id, note, {invoice_id: -amount})

    def refund_note(self, data: st.DataObject) -> None:
        note_id = self.any_funds(data, self.model.notes)
        if note_id is None:
            return
        note = self.model.notes[note_id]
        rest = self.model.rest(note)
        amount = self.part_of(data, rest)
        asked = CreditNoteRefunded(
            refund_id=self.new_id("ref"),
            amount=money(amount, note["currency"]),
            method="transfer",
            refunded_on=self.today,
        )
        done = self.attempt(
            lambda: notes.refund(self.book.read, note_id, asked, today=self.today),
            possible=0 < amount <= rest and self.model.accepts(self.today, sales=False),
        )
        if done:
            note["refunded"] += amount

    def end_note(self, data: st.DataObject) -> None:
        """Void what was posted, or delete a draft."""
        if not self.model.notes:
            return
        note_id = data.draw(st.sampled_from([*self.model.notes]))
        note = self.model.notes[note_id]
        if note["number"] is None:
            state = self.book.states[CREDIT_NOTE(note_id).name]
            self.book.run(lambda: [(CREDIT_NOTE(note_id), notes.delete(state))])
            del self.model.notes[note_id]
            return
        unused = not note["applied"] and not note["refunded"] and not note["voided"]
        if note["invoice"] is not None:
            unused = unused and self.model.invoices[note["invoice"]]["status"] in OPEN
        done = self.attempt(
            lambda: notes.void(self.book.read, note_id, reason="Wrong.", today=self.today),
            possible=unused and self.model.accepts(self.today, sales=True),
        )
        if done:
            event("void credit: done")
            note["voided"] = True
