"""A book in memory, and a model of it: dictionaries of whole minor units, and nothing of domain.

The model knows what a bookkeeper knows: who owes what, what was paid, credited and given up, which
months are locked, and which number comes next. It predicts whether a command is possible.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Context, Inexact, Rounded, localcontext
from typing import Any

from domain.aggregate import Change, Fact, Stream, fold

NOTHING_IS_ROUNDED = Context(prec=1, traps=[Inexact, Rounded])
OPEN = ("Posted", "Released")
DIGITS = {"EUR": 2, "JPY": 0}


class Book:
    """Streams with their facts, and what follows from them so far."""

    def __init__(self, *histories: tuple[Stream[Any], Sequence[Fact]]) -> None:
        self.states: dict[str, Any] = {}
        self.facts: dict[str, list[Fact]] = {}
        self.streams: dict[str, Stream[Any]] = {}
        self.append(histories)

    def read(self, stream: Stream[Any], /) -> Any:
        return self.states.get(stream.name)

    def append(self, changes: Iterable[Change]) -> None:
        for stream, facts in changes:
            self.streams[stream.name] = stream
            self.facts.setdefault(stream.name, []).extend(facts)
            state = self.states.get(stream.name)
            self.states[stream.name] = fold(stream.aggregate, facts, state)

    def run(self, decide: Callable[[], Sequence[Change]]) -> None:
        """Decide twice, which must give the same, and append once.

        The second time, and to append, an operator of ``Decimal`` that rounds is an error.
        """
        changes = decide()
        with localcontext(NOTHING_IS_ROUNDED):
            assert changes == decide(), "a decision is a function of what it reads"
            names = [stream.name for stream, _ in changes]
            assert len(names) == len({*names}), "a command appends to each stream once"
            self.append(changes)

    def refolded(self) -> dict[str, Any]:
        return {
            name: fold(self.streams[name].aggregate, facts) for name, facts in self.facts.items()
        }


def with_tax(net: int) -> int:
    """The net and 19 % of it, halves up."""
    return net + (net * 38 + 100) // 200


class Model:
    """The same book as numbers."""

    def __init__(self) -> None:
        self.invoices: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.periods: dict[str, str] = {}
        self.numbers: dict[str, list[date]] = {}

    # ------------------------------------------------------------ what follows

    def gross(self, invoice: dict[str, Any]) -> int:
        return with_tax(sum(quantity * price for quantity, price in invoice["lines"].values()))

    def balance(self, invoice: dict[str, Any]) -> int:
        if invoice["number"] is None or invoice["voided"]:
            return 0
        settled = sum(invoice["settled"].values())
        left: int = self.gross(invoice) - settled - invoice["written_off"]
        return left

    def settlement(self, invoice: dict[str, Any]) -> str:
        if invoice["number"] is None or invoice["voided"]:
            return "Unpaid"
        left = self.balance(invoice)
        if left <= 0:
            return "Paid"
        return "Unpaid" if left == self.gross(invoice) else "PartiallyPaid"

    def creditable(self, invoice: dict[str, Any]) -> int:
        return self.gross(invoice) - sum(int(it["gross"]) for it in self.standing(invoice))

    def standing(self, invoice: dict[str, Any]) -> list[dict[str, Any]]:
        """The credit notes over an invoice that were posted and not voided."""
        return [
            it
            for it in self.notes.values()
            if self.invoices.get(it["invoice"]) is invoice and it["number"] and not it["voided"]
        ]

    def left(self, invoice: dict[str, Any], line_id: str) -> int:
        """How many of a line no credit note has taken back."""
        back = sum(it["lines"].get(line_id, 0) for it in self.standing(invoice))
        return int(invoice["lines"][line_id][0] - back)

    def credit(self, note: dict[str, Any]) -> int:
        """What a credit note comes to: the whole of all steps so far, less the steps before."""
        if note["flat"] is not None:
            return with_tax(note["flat"])
        invoice = self.invoices[note["invoice"]]
        before = [it for it in self.standing(invoice) if it["lines"]]
        net = sum(
            quantity * invoice["lines"][line_id][1]
            for it in (*before, note)
            for line_id, quantity in it["lines"].items()
        )
        return with_tax(net) - sum(int(it["gross"]) for it in before)

    def rest(self, funds: dict[str, Any]) -> int:
        """What of a payment or credit note can still be used."""
        if funds["voided"] or funds["number"] is None:
            return 0
        rest: int = funds["gross"] - funds["refunded"] - sum(funds["applied"].values())
        return rest

    def owed(self, customer: str, currency: str) -> int:
        """What a customer owes: open invoices less unused payments and credit."""

        def own(them: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
            return [it for it in them if (it["customer"], it["currency"]) == (customer, currency)]

        funds = own([*self.payments.values(), *self.notes.values()])
        bills = sum(self.balance(it) for it in own(self.invoices.values()))
        return bills - sum(self.rest(it) for it in funds)

    # ------------------------------------------------------------ what is possible

    def accepts(self, day: date, *, sales: bool) -> bool:
        """Whether something can be dated on this day."""
        status = self.periods.get(f"{day:%Y-%m}", "Unlocked")
        return status == "Unlocked" or (status == "SalesLocked" and not sales)

    def allocates(
        self, funds: dict[str, Any], wishes: Sequence[tuple[str, int | None]], rest: int
    ) -> dict[str, int] | None:
        """What each invoice gets, or ``None`` when any wish cannot be met."""
        given: dict[str, int] = {}
        for invoice_id, wish in wishes:
            invoice = self.invoices[invoice_id]
            owed = self.balance(invoice)
            amount = min(owed, rest) if wish is None else wish
            alike = all(invoice[it] == funds[it] for it in ("customer", "currency"))
            if invoice["status"] not in OPEN or not alike or invoice_id in given:
                return None
            if not 0 < amount <= min(owed, rest):
                return None
            given[invoice_id] = amount
            rest -= amount
        return given

    def settle(self, funds_id: str, funds: dict[str, Any], given: dict[str, int]) -> None:
        """Set so much more against each invoice, or less if below zero."""
        for invoice_id, amount in given.items():
            for sums, key in (
                (funds["applied"], invoice_id),
                (self.invoices[invoice_id]["settled"], funds_id),
            ):
                sums[key] = sums.get(key, 0) + amount
                if not sums[key]:
                    del sums[key]

    def next_number(self, series: str, dated: date) -> int:
        self.numbers.setdefault(series, []).append(dated)
        return len(self.numbers[series])

    def latest(self, series: str) -> date:
        return max(self.numbers.get(series, [date.min]))


def status_of(rest: int, funds: dict[str, Any], words: Sequence[str]) -> str:
    """The status of posted funds: nothing used, partly, wholly, and partly or wholly paid out."""
    unused, partly, wholly, some_out, all_out = words
    if funds["applied"]:
        return partly if rest else wholly
    if funds["refunded"]:
        return some_out if rest else all_out
    return unused


def days_from(day: date, days: int) -> date:
    return day + timedelta(days=days)
