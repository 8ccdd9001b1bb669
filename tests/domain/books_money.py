"""A machine that also collects: payments, refunds, reversals and debts that are given up."""

from collections.abc import Sequence
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import rule

from domain import payment as payments
from domain.allocation import Allocation
from domain.facts.payment import PaymentRecorded, PaymentRefunded
from domain.settlement import recover, write_off
from tests.domain.books import OPEN, days_from
from tests.domain.books_invoices import MOSTLY, PARTIES, Billing, money

SMALL = {"EUR": 5, "JPY": 0}
"""The small difference of 0.05 in whole minor units."""

PAYMENT_ACTS = (
    *("record_payment", "apply_payment", "reallocate_payment", "unapply_payment"),
    *("record_payment", "apply_payment", "reallocate_payment", "refund_payment"),
    *("record_payment", "apply_payment", "reverse_payment", "apply_payment"),
)

Wishes = list[tuple[str, int | None]]


class Collecting(Billing):
    """What happens to money that came in, and to money that never will."""

    # ------------------------------------------------------------ how they are drawn

    def wishes(self, data: st.DataObject, funds: dict[str, Any], most: int) -> Wishes:
        """Invoices to set it against, mostly such as can be; amounts at and around the edges."""
        known = self.model.invoices
        liked = [
            it
            for it in known
            if known[it]["status"] in OPEN
            and self.model.balance(known[it])
            and all(known[it][name] == funds[name] for name in ("customer", "currency"))
        ]
        mostly = data.draw(MOSTLY)
        pool = liked if liked and mostly else [*known]
        if not pool:
            return []
        unique = data.draw(MOSTLY)
        size = data.draw(st.sampled_from([1, 1, 2, 3]))
        chosen = data.draw(
            st.lists(st.sampled_from(pool), min_size=1, max_size=min(size, most), unique=unique)
        )
        return [(it, self.amount(data, self.model.balance(known[it]))) for it in chosen]

    def amount(self, data: st.DataObject, around: int) -> int | None:
        """All, by saying nothing; a part; all by name; or one too much, or nothing."""
        kind = data.draw(st.sampled_from([*["all"] * 6, *["part"] * 5, "exact", "edge"]))
        if kind == "all":
            return None
        if kind == "edge":
            return data.draw(st.sampled_from([around + 1, 0, -1]))
        return around if kind == "exact" else data.draw(st.integers(1, max(around, 1)))

    def part_of(self, data: st.DataObject, rest: int) -> int:
        wish = self.amount(data, rest)
        return rest if wish is None else wish

    def any_funds(
        self, data: st.DataObject, known: dict[str, dict[str, Any]], *, applied: bool = False
    ) -> str | None:
        """A payment or credit note, preferably of which something is left, or is applied."""
        liked = [
            it for it in known if (known[it]["applied"] if applied else self.model.rest(known[it]))
        ]
        return self.choose(data, liked, [*known])

    def applied(self, data: st.DataObject, funds: dict[str, Any]) -> tuple[str, int | None, int]:
        """An invoice, what to take back from it, and how much that is at most."""
        every = [*self.model.invoices]
        invoice_id = self.choose(data, [*funds["applied"]], every) or "inv_0"
        most = funds["applied"].get(invoice_id, 0)
        return invoice_id, self.amount(data, most), most

    def allocations(self, wishes: Sequence[tuple[str, int | None]], currency: str) -> Any:
        return [
            Allocation(invoice_id=it, amount=None if amount is None else money(amount, currency))
            for it, amount in wishes
        ]

    # ------------------------------------------------------------ payments

    @rule(data=st.data(), acts=st.lists(st.sampled_from(PAYMENT_ACTS), min_size=2, max_size=4))
    def collect(self, data: st.DataObject, acts: list[str]) -> None:
        for act in acts:
            getattr(self, act if self.model.payments else "record_payment")(data)

    def record_payment(self, data: st.DataObject) -> None:
        amount = data.draw(st.integers(1, 30_000))
        days_ago = data.draw(st.sampled_from([0, 0, 0, 20, 0]))
        payment_id = self.new_id("pay")
        customer, currency = data.draw(PARTIES)
        funds: dict[str, Any] = {
            "customer": customer,
            "currency": currency,
            "gross": amount,
            "number": True,
            "applied": {},
            "refunded": 0,
            "voided": False,
        }
        received = days_from(self.today, -days_ago)
        wishes = self.wishes(data, funds, 3) if data.draw(MOSTLY) else []
        given = self.model.allocates(funds, wishes, amount)
        recorded = PaymentRecorded(
            customer_id=funds["customer"],
            amount=money(amount, funds["currency"]),
            currency=funds["currency"],
            method="transfer",
            received_on=received,
            external_id=payment_id,
        )
        allocations = self.allocations(wishes, funds["currency"])
        possible = given is not None and self.model.accepts(received, sales=False)
        done = self.attempt(
            lambda: payments.record(
                self.book.read, payment_id, recorded, allocations, today=self.today
            ),
            possible=possible,
        )
        event(f"record over {len(wishes)}: {done}")
        if done:
            self.model.payments[payment_id] = funds
            self.model.settle(payment_id, funds, given or {})

    def apply_payment(self, data: st.DataObject) -> None:
        payment_id = self.any_funds(data, self.model.payments)
        if payment_id is None:
            return
        funds = self.model.payments[payment_id]
        rest = self.model.rest(funds)
        wishes = self.wishes(data, funds, 3)
        given = self.model.allocates(funds, wishes, rest)
        allocations = self.allocations(wishes, funds["currency"])
        possible = bool(given) and self.model.accepts(self.today, sales=False)
        done = self.attempt(
            lambda: payments.apply(self.book.read, payment_id, allocations, today=self.today),
            possible=possible,
        )
        event(f"apply to {len(wishes)}: {done}")
        if done:
            self.model.settle(payment_id, funds, given or {})

    def unapply_payment(self, data: st.DataObject) -> None:
        payment_id = self.any_funds(data, self.model.payments, applied=True)
        if payment_id is None:
            return
        funds = self.model.payments[payment_id]
        invoice_id, wish, most = self.applied(data, funds)
        amount = most if wish is None else wish
        asked = None if wish is None else money(wish, funds["currency"])
        possible = self.can_take_back(invoice_id, amount, most)
        done = self.attempt(
            lambda: payments.unapply(
                self.book.read, payment_id, invoice_id, today=self.today, amount=asked
            ),
            possible=possible,
        )
        if done:
            event("unapply: done")
            self.model.settle(payment_id, funds, {invoice_id: -amount})

    def can_take_back(self, invoice_id: str, amount: int, most: int) -> bool:
        invoice = self.model.invoices.get(invoice_id)
        is_open = invoice is not None and invoice["status"] in OPEN
        return is_open and 0 < amount <= most and self.model.accepts(self.today, sales=False)

    def reallocate_payment(self, data: st.DataObject) -> None:
        payment_id = self.any_funds(data, self.model.payments, applied=True)
        if payment_id is None:
            return
        funds = self.model.payments[payment_id]
        source, wish, most = self.applied(data, funds)
        target = ([it for it, _ in self.wishes(data, funds, 1)] or [source])[0]
        amount = most if wish is None else wish
        given = None
        if target != source:
            given = self.model.allocates(funds, [(target, amount)], amount)
        asked = None if wish is None else money(wish, funds["currency"])
        done = self.attempt(
            lambda: payments.reallocate(
                self.book.read,
                payment_id,
                from_invoice_id=source,
                to_invoice_id=target,
                today=self.today,
                amount=asked,
            ),
            possible=given is not None and self.can_take_back(source, amount, most),
        )
        if done:
            event("reallocate: done")
            self.model.settle(payment_id, funds, {source: -amount, target: amount})

    def refund_payment(self, data: st.DataObject) -> None:
        payment_id = self.any_funds(data, self.model.payments)
        if payment_id is None:
            return
        funds = self.model.payments[payment_id]
        rest = self.model.rest(funds)
        amount = self.part_of(data, rest)
        asked = PaymentRefunded(
            refund_id=self.new_id("ref"),
            amount=money(amount, funds["currency"]),
            method="transfer",
            refunded_on=self.today,
        )
        done = self.attempt(
            lambda: payments.refund(self.book.read, payment_id, asked, today=self.today),
            possible=0 < amount <= rest and self.model.accepts(self.today, sales=False),
        )
        if done:
            event("refund: done")
            funds["refunded"] += amount

    def reverse_payment(self, data: st.DataObject) -> None:
        payment_id = self.any_funds(data, self.model.payments, applied=True)
        if payment_id is None:
            return
        funds = self.model.payments[payment_id]
        stands = not funds["voided"] and funds["refunded"] < funds["gross"]
        closed = [it for it in funds["applied"] if self.model.invoices[it]["status"] not in OPEN]
        possible = stands and not closed and self.model.accepts(self.today, sales=False)
        done = self.attempt(
            lambda: payments.reverse(
                self.book.read, payment_id, reason="Bounced.", today=self.today
            ),
            possible=possible,
        )
        if done:
            event("reverse: done")
            back = {it: -amount for it, amount in funds["applied"].items()}
            self.model.settle(payment_id, funds, back)
            funds["voided"] = True

    # ------------------------------------------------------------ what is given up

    @rule(data=st.data(), act=st.sampled_from(["write_off_invoice", "recover_invoice"]))
    def give_up(self, data: st.DataObject, act: str) -> None:
        getattr(self, act)(data)

    def write_off_invoice(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(["small-difference", "bad-debt"]))
        invoice_id = self.any_invoice(data, OPEN)
        if invoice_id is None:
            return
        model = self.model.invoices[invoice_id]
        owed = self.model.balance(model)
        much = model["written_off"] + owed > SMALL[model["currency"]]
        possible = model["status"] in OPEN and owed > 0 and not (much and kind != "bad-debt")
        done = self.attempt(
            lambda: write_off(
                self.book.read, invoice_id, kind=kind, reason="Bankrupt.", today=self.today
            ),
            possible=possible and self.model.accepts(self.today, sales=False),
        )
        if done:
            event(f"write off {kind}: done")
            model["written_off"] += owed

    def recover_invoice(self, data: st.DataObject) -> None:
        invoice_id = self.any_invoice(data, OPEN)
        if invoice_id is None:
            return
        model = self.model.invoices[invoice_id]
        most = model["written_off"]
        amount = data.draw(st.integers(0, most + 1))
        asked = money(amount, model["currency"])
        possible = model["status"] in OPEN and 0 < amount <= most
        done = self.attempt(
            lambda: recover(
                self.book.read, invoice_id, reason="Paid.", today=self.today, amount=asked
            ),
            possible=possible and self.model.accepts(self.today, sales=False),
        )
        if done:
            event("recover: done")
            model["written_off"] -= amount
