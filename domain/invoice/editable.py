"""Which part of an invoice can change when, and what an approval is about."""

import hashlib
from collections.abc import Iterable, Sequence
from types import MappingProxyType

import msgspec

from domain.aggregate import Fact, fold
from domain.changes import in_json
from domain.errors import NotAllowed
from domain.facts.invoice_life import InvoiceApprovalWithdrawn
from domain.facts.lines import CommentLine, Line, ModelLine
from domain.invoice.evolve import INVOICE
from domain.invoice.guard import available_actions
from domain.invoice.state import Invoice, settlement

YES = "yes"
WITHDRAWS = "withdraws the approval"
REASON = "with a reason"
NO = "no"

COLUMNS = ("Draft", "Approved", "Posted", "Released", "Paid", "Voided", "Archived")
"""The statuses, and Paid: posted or released, with nothing owed any more."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Fields and parts that freeze together; ``when`` has one word for each of ``COLUMNS``."""

    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()
    when: tuple[str, ...]


EDITABLE: MappingProxyType[str, Group] = MappingProxyType(
    {
        "customer and currency": Group(
            fields=("customer_id", "currency"),
            when=(YES, NO, NO, NO, NO, NO, NO),
        ),
        "amounts, taxes and dates": Group(
            fields=(
                *("type", "document_type", "branch", "price_includes_tax", "taxes"),
                *("exchange_rate", "exchange_date", "issue_date", "accounting_date"),
                *("tax_point_date", "tax_point_code", "period_start", "period_end"),
                *("discount_percent", "discount_amount", "discount_reason"),
                *("charge_percent", "charge_amount", "charge_reason"),
            ),
            parts=("lines", "tax overrides"),
            when=(YES, WITHDRAWS, NO, NO, NO, NO, NO),
        ),
        "serial numbers and order of lines": Group(
            fields=(), parts=("serials", "order of lines"), when=(YES, YES, NO, NO, NO, NO, NO)
        ),
        "terms of payment": Group(
            fields=("due_date", "terms", "expected_payment_date"),
            when=(YES, YES, YES, REASON, NO, NO, NO),
        ),
        "references": Group(
            fields=(
                *("po_number", "reference", "buyer_reference", "contract_reference"),
                "project_reference",
            ),
            when=(YES, YES, YES, NO, NO, NO, NO),
        ),
        "addresses and printed comments": Group(
            fields=("sold_to_id", "service_at_id"),
            parts=("addresses", "comments"),
            when=(YES, YES, NO, NO, NO, NO, NO),
        ),
        "internal": Group(
            fields=(
                *("memo", "tags", "terminal", "department", "job_status", "schedule_date"),
                *("pickup_date", "salesperson1", "salesperson1_percent", "salesperson2"),
                *("salesperson2_percent", "sale_referral", "finance_company"),
            ),
            parts=("notes", "table entries", "attachments"),
            when=(YES, YES, YES, YES, YES, YES, NO),
        ),
    }
)
"""Field group by status. A note may be redacted whenever it is."""

_RIGHTS = {
    name: dict(zip(COLUMNS, group.when, strict=True))
    for group in EDITABLE.values()
    for name in group.fields
}

_INSTEAD = {
    "Approved": "Withdraw the approval first.",
    "Posted": "Void the invoice and bill again, or make a credit note.",
    "Released": "Make a credit note, and bill again.",
    "Paid": "Make a credit note, and bill again.",
    "Voided": "Copy the invoice, and change the copy.",
    "Archived": "Unarchive it first.",
}


def check_editable(invoice: Invoice, fields: Iterable[str], reason: str | None) -> None:
    """Refuse to change fields that are frozen, or that need a reason which was not given.

    Raises:
        NotAllowed: With the code field-frozen or reason-required; all such fields are named.
    """
    column = _column(invoice)
    rights = {name: _RIGHTS[name][column] for name in fields}
    if all(right == YES for right in rights.values()):
        return
    frozen = sorted(in_json(name) for name, right in rights.items() if right == NO)
    if frozen:
        raise NotAllowed(
            f"{', '.join(frozen)} cannot change any more: the invoice is {column}. "
            f"{_INSTEAD[column]}",
            code="field-frozen",
            actions=available_actions(invoice),
        )
    unexplained = sorted(in_json(name) for name, right in rights.items() if right == REASON)
    if unexplained and not reason:
        raise NotAllowed(
            f"{', '.join(unexplained)} of a released invoice changes only with a reason: say why.",
            code="reason-required",
            actions=available_actions(invoice),
        )


def _column(invoice: Invoice) -> str:
    paid = invoice.status in {"Posted", "Released"} and settlement(invoice) in {"Paid", "Overpaid"}
    return "Paid" if paid else invoice.status


# ---------------------------------------------------------------- approval

_MONETARY = (
    *EDITABLE["customer and currency"].fields,
    *EDITABLE["amounts, taxes and dates"].fields,
)


def content_hash(invoice: Invoice) -> str:
    """SHA-256, in hexadecimal, of everything that an approval is about: who owes what, and when.

    Comments, the order of lines and serial numbers do not matter to it. What has its default value
    is left out, so that a field which a later release brings does not change old hashes.
    """
    defaults = Invoice()
    header = {
        name: value
        for name in _MONETARY
        if (value := getattr(invoice, name)) != getattr(defaults, name)
    }
    content = (
        header,
        sorted((it for it in map(_billed, invoice.lines) if it is not None), key=lambda it: it.id),
        sorted(invoice.overrides, key=lambda it: it.id),
    )
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def _billed(line: Line) -> Line | None:
    match line:
        case CommentLine():
            return None
        case ModelLine():
            return msgspec.structs.replace(line, serials=())
        case _:
            return line


def withdrawing(invoice: Invoice, facts: Sequence[Fact]) -> list[Fact]:
    """The facts, and with them the end of an approval if they change what it was about."""
    if invoice.status != "Approved" or not facts:
        return [*facts]
    after = fold(INVOICE, facts, invoice)
    if after is None or content_hash(after) == content_hash(invoice):
        return [*facts]
    return [*facts, InvoiceApprovalWithdrawn(reason="The content changed after it was approved.")]
