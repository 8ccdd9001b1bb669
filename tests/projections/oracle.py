"""What reports should say, computed from the facts in the plainest way."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from domain.account import ACCOUNT
from domain.aggregate import Aggregate, fold
from domain.credit_note import CREDIT_NOTE
from domain.credit_note.state import open_credit
from domain.facts.account import BalanceChanged
from domain.facts.credit_note import (
    CreditNoteApplied,
    CreditNotePosted,
    CreditNoteRefunded,
    CreditNoteUnapplied,
    CreditNoteVoided,
)
from domain.facts.invoice_life import InvoiceDueDateChanged, InvoicePosted, InvoiceVoided
from domain.facts.payment import (
    PaymentApplied,
    PaymentReallocated,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from domain.invoice import INVOICE, balance
from domain.payment import PAYMENT, unapplied
from store.recorded import Recorded

Key = tuple[str, str]
"""Customer and currency."""


def states(aggregate: Aggregate[Any], events: Iterable[Recorded]) -> dict[str, Any]:
    """Every aggregate of a kind, as these events leave it."""
    facts = defaultdict(list)
    for event in events:
        if event.aggregate[0] == aggregate.name:
            facts[event.aggregate[1]].append(event.fact)
    return {id_: fold(aggregate, them) for id_, them in facts.items()}


def owed_by_states(events: Sequence[Recorded]) -> dict[Key, tuple[Decimal, Decimal, Decimal]]:
    """What invoices owe, what credit there is, and the account's balance: as the domain says."""
    receivable: dict[Key, Decimal] = defaultdict(Decimal)
    credit: dict[Key, Decimal] = defaultdict(Decimal)
    for it in states(INVOICE, events).values():
        if it is not None and it.posted_totals is not None:
            receivable[it.customer_id, it.currency] += balance(it)
    for it in states(PAYMENT, events).values():
        credit[it.customer_id, it.currency] -= unapplied(it)
    for it in states(CREDIT_NOTE, events).values():
        if it is not None and it.posted_totals is not None:
            credit[it.customer_id, it.currency] -= open_credit(it)
    accounts = {
        (id_, currency): owed
        for id_, account in states(ACCOUNT, events).items()
        for currency, owed in account.balances.items()
    }
    keys = receivable.keys() | credit.keys() | accounts.keys()
    return {it: (receivable[it], credit[it], accounts.get(it, Decimal(0))) for it in keys}


Change = tuple[date, str, Decimal]
"""On which day what document was opened (above zero) or settled by how much."""


def changes(events: Sequence[Recorded]) -> list[Change]:  # noqa: C901, PLR0912 - one case a fact
    """Every change of what is open of a document, from the facts one by one."""
    found: list[Change] = []
    gross: dict[str, Decimal] = {}
    paid: dict[str, Decimal] = {}
    for event in events:
        fact, id_ = event.fact, event.aggregate[1]
        match fact:
            case InvoicePosted():
                gross[id_] = fact.totals.gross
                found.append((fact.accounting_date, id_, gross[id_]))
            case InvoiceVoided():
                found.append((fact.voided_on, id_, -gross[id_]))
            case CreditNotePosted():
                gross[id_] = fact.totals.gross
                found.append((fact.accounting_date, id_, -gross[id_]))
            case CreditNoteVoided():
                found.append((fact.voided_on, id_, gross[id_]))
            case PaymentRecorded():
                paid[id_] = fact.amount
                found.append((fact.received_on, id_, -fact.amount))
            case PaymentRefunded():
                paid[id_] -= fact.amount
                found.append((fact.refunded_on, id_, fact.amount))
            case PaymentReversed():
                found.append((fact.reversed_on, id_, paid[id_]))
            case CreditNoteRefunded():
                found.append((fact.refunded_on, id_, fact.amount))
            case PaymentApplied() | CreditNoteApplied():
                found.append((fact.applied_on, id_, fact.amount))
                found.append((fact.applied_on, fact.invoice_id, -fact.amount))
            case PaymentUnapplied() | CreditNoteUnapplied():
                found.append((fact.unapplied_on, id_, -fact.amount))
                found.append((fact.unapplied_on, fact.invoice_id, fact.amount))
            case PaymentReallocated():
                found.append((fact.reallocated_on, fact.from_invoice_id, fact.amount))
                found.append((fact.reallocated_on, fact.to_invoice_id, -fact.amount))
            case BalanceChanged(document_type="write-off"):
                found.append((fact.dated, fact.document_id, fact.amount))
            case _:
                pass
    return found


BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "days_over_90", "credit")


def aged(events: Sequence[Recorded], as_of: date) -> dict[Key, dict[str, Decimal]]:
    """The ageing as of a day, of what these events say."""
    open_: dict[str, Decimal] = defaultdict(Decimal)
    for dated, id_, amount in changes(events):
        if dated <= as_of:
            open_[id_] += amount
    owner: dict[str, Key] = {}
    for aggregate in (INVOICE, PAYMENT, CREDIT_NOTE):
        for id_, it in states(aggregate, events).items():
            if it is not None:
                owner[id_] = (it.customer_id, it.currency)
    due: dict[str, date] = {}
    for event in events:
        if isinstance(event.fact, InvoicePosted | InvoiceDueDateChanged):
            due[event.aggregate[1]] = event.fact.due_date
    rows: dict[Key, dict[str, Decimal]] = {}
    for id_, amount in open_.items():
        if amount:
            row = rows.setdefault(owner[id_], dict.fromkeys(BUCKETS, Decimal(0)))
            late = (as_of - due[id_]).days if id_ in due else 0
            row["credit" if amount < 0 else _bucket(late)] += amount
    return rows


def _bucket(late: int) -> str:
    for most, name in ((0, "current"), (30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90")):
        if late <= most:
            return name
    return "days_over_90"


def documents(events: Sequence[Recorded]) -> list[tuple[int, date, str, Any]]:
    """Sign, day, kind and state of everything that was posted or voided."""
    found = []
    for event in events:
        kind = event.aggregate[0]
        aggregate: Aggregate[Any] = INVOICE if kind == "invoice" else CREDIT_NOTE
        sign = 1 if kind == "invoice" else -1
        match event.fact:
            case InvoicePosted(accounting_date=dated) | CreditNotePosted(accounting_date=dated):
                pass
            case InvoiceVoided(voided_on=dated) | CreditNoteVoided(voided_on=dated):
                sign = -sign
            case _:
                continue
        facts = [it.fact for it in events if it.stream == event.stream]
        found.append((sign, dated, kind, fold(aggregate, facts)))
    return found
