"""What happened, in words: one sentence for each kind of fact, filled in from the fact itself.

No sentence tells what may have to be forgotten: names and addresses of people, texts of notes.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from string import Formatter
from types import MappingProxyType
from typing import Any

from typing_extensions import override

from domain.aggregate import Fact
from domain.facts.lines import kind_of

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "invoice.drafted": "Opened the draft of an invoice of type {type}{copied_from: from #}.",
        "invoice.header_changed": "Changed {changes} of the invoice.",
        "invoice.line_added": "Added a line of kind {line.kind}{line.code: for #}.",
        "invoice.line_changed": "Changed {changes} of line {to.id}.",
        "invoice.line_removed": "Removed line {line_id}.",
        "invoice.lines_reordered": "Put the lines in another order.",
        "invoice.serial_reserved": "Reserved serial number {serial.serial_number}.",
        "invoice.serial_released": "Released a serial number of line {line_id}.",
        "invoice.tax_overridden": (
            "Set the tax of category {override.category} at {override.rate} % to "
            "{override.amount} by hand{override.reason:: #}."
        ),
        "invoice.tax_override_removed": "Let a tax be computed again that was set by hand.",
        "invoice.address_set": "Wrote the {address.kind} address.",
        "invoice.address_removed": "Took the {kind} address off.",
        "invoice.note_added": "Added note {note.id}.",
        "invoice.note_changed": "Changed {named} of note {to.id}.",
        "invoice.note_redacted": "Redacted note {note_id}{reason:: #}.",
        "invoice.table_assigned": "Assigned {entry.code} of table {entry.table}.",
        "invoice.table_unassigned": "Took back an assignment from a table.",
        "invoice.attachment_added": "Attached a file of {attachment.size} bytes.",
        "invoice.attachment_removed": "Removed an attachment.",
        "invoice.draft_deleted": "Deleted the draft.",
        "invoice.approved": "Approved the invoice, as {approver}{reason:: #}.",
        "invoice.approval_withdrawn": "Withdrew the approval{reason:: #}.",
        "invoice.rejected": "Rejected the invoice, as {reviewer}{reason:: #}.",
        "invoice.posted": (
            "Posted the invoice as {number} over {totals.gross}, dated {accounting_date} and "
            "due {due_date}."
        ),
        "invoice.released": "Released the invoice to the customer on {released_on}.",
        "invoice.voided": "Voided the invoice on {voided_on}{reason:: #}.",
        "invoice.archived": "Archived the invoice.",
        "invoice.unarchived": "Took the invoice out of the archive.",
        "invoice.converted": "Made invoice {invoice_id} of the estimate.",
        "invoice.due_date_changed": "Moved the due date to {due_date}{reason:: #}.",
        "invoice.partially_paid": "Settled {amount} by {source} {source_id}; {balance} is owed.",
        "invoice.paid": "Settled the last {amount} by {source} {source_id}.",
        "invoice.reopened": (
            "Took back {amount} that {source} {source_id} had settled; {balance} is owed."
        ),
        "invoice.credited": "Credited {amount} by credit note {credit_note_id}.",
        "invoice.credit_withdrawn": "Withdrew the credit of credit note {credit_note_id}.",
        "invoice.written_off": ("Wrote off {amount} as {kind} on {written_off_on}{reason:: #}."),
        "invoice.recovered": "Expected {amount} again that was written off{reason:: #}.",
        "invoice.disputed": "Put down that the customer contests the invoice{reason:: #}.",
        "invoice.dispute_resolved": "Ended the dispute{resolution:: #}.",
        "credit_note.drafted": "Opened the draft of a credit note{invoice_id: over invoice #}.",
        "credit_note.changed": "Changed {changes} of the credit note.",
        "credit_note.line_set": "Set that {line.quantity} of line {line.line_id} is credited.",
        "credit_note.line_removed": "Set that nothing of line {line_id} is credited.",
        "credit_note.amount_set": "Set the flat amount of the credit{flat.amount: to #}.",
        "credit_note.posted": (
            "Posted the credit note as {number} over {totals.gross}, dated {accounting_date}"
            "{preceding_number:, for invoice #}."
        ),
        "credit_note.applied": "Set {amount} against invoice {invoice_id} on {applied_on}.",
        "credit_note.unapplied": (
            "Took {amount} back from invoice {invoice_id} on {unapplied_on}{reason:: #}."
        ),
        "credit_note.refunded": ("Paid {amount} out by {method} on {refunded_on}{reason:: #}."),
        "credit_note.voided": "Voided the credit note on {voided_on}{reason:: #}.",
        "credit_note.draft_deleted": "Deleted the draft.",
        "payment.recorded": (
            "Recorded a payment of {amount} {currency} by {method}, received on {received_on}."
        ),
        "payment.changed": "Changed {named} of the payment.",
        "payment.applied": "Set {amount} against invoice {invoice_id} on {applied_on}.",
        "payment.unapplied": (
            "Took {amount} back from invoice {invoice_id} on {unapplied_on}{reason:: #}."
        ),
        "payment.reallocated": (
            "Moved {amount} from invoice {from_invoice_id} to {to_invoice_id} on "
            "{reallocated_on}{reason:: #}."
        ),
        "payment.refunded": "Gave {amount} back by {method} on {refunded_on}{reason:: #}.",
        "payment.reversed": "Reversed the payment on {reversed_on}{reason:: #}.",
        "payment.external_id_taken": "Used the id up for payment {payment_id}.",
        "customer.created": "Created the customer.",
        "customer.changed": "Changed {named} of the customer.",
        "customer.credit_limit_changed": "Changed the credit limit{limit: to #}{reason:: #}.",
        "customer.put_on_hold": "Put the customer on hold{reason:: #}.",
        "customer.released": "Released the customer from hold{reason:: #}.",
        "customer.anonymised": "Anonymised the customer{reason:: #}.",
        "customer.archived": "Archived the customer.",
        "customer.unarchived": "Took the customer out of the archive.",
        "customer.code_assigned": "Gave out the customer code {code}.",
        "customer.balance_changed": (
            "Put {amount} {currency} on the account for {document_type} {document_id}; "
            "the balance is {balance}."
        ),
        "product.created": "Created the product.",
        "product.changed": "Changed {changes} of the product.",
        "product.archived": "Archived the product.",
        "product.unarchived": "Took the product out of the archive.",
        "serial.reserved": "Reserved the serial number for invoice {invoice_id}.",
        "serial.released": "Released the serial number from invoice {invoice_id}.",
        "serial.shipped": "Sold the serial number on invoice {invoice_id}.",
        "serial.returned": "Took the serial number back with credit note {credit_note_id}.",
        "tax_code.created": "Created the tax code, category {category} at {rate} %.",
        "tax_code.changed": "Changed {changes} of the tax code.",
        "tax_code.archived": "Archived the tax code.",
        "tax_code.unarchived": "Took the tax code out of the archive.",
        "code.created": "Added the entry to its table.",
        "code.changed": "Changed {changes} of the entry.",
        "code.removed": "Took the entry off its table.",
        "series.number_assigned": "Gave number {text}, dated {dated}, to {document_id}.",
        "period.opened": "Opened the period.",
        "period.sales_locked": "Locked the period for sales{reason:: #}.",
        "period.locked": "Locked the period{reason:: #}.",
        "period.reopened": "Reopened the period{reason:: #}.",
        "period.closed": "Closed the period for good, as of position {as_of}.",
        "settings.changed": "Changed {changes} of the settings.",
        "webhook.endpoint_created": "Created the webhook endpoint.",
        "webhook.endpoint_changed": "Changed the webhook endpoint.",
        "webhook.endpoint_disabled": "Disabled the webhook endpoint{reason:: #}.",
        "webhook.endpoint_enabled": "Enabled the webhook endpoint.",
        "webhook.endpoint_deleted": "Deleted the webhook endpoint.",
    }
)
"""By topic. ``{field: from #}`` writes the rest with the value for #, and nothing without one."""


class _Words(Formatter):
    """Fills a sentence in."""

    @override
    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        fact = kwargs["fact"]
        if field_name in {"changes", "named"}:
            return _changed(fact, with_values=field_name == "changes"), field_name
        value: Any = fact
        for name in field_name.split("."):
            value = (
                kind_of(value)
                if name == "kind" and field_name == "line.kind"
                else (None if value is None else getattr(value, name))
            )
        return value, field_name

    @override
    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec:
            return "-" if value is None else str(value)
        return "" if value in {None, ""} else format_spec.replace("#", str(value))


_WORDS = _Words()


def sentence(fact: Fact) -> str:
    """What happened, as somebody would tell it of whoever did it."""
    return _WORDS.vformat(SENTENCES[fact.TOPIC], (), {"fact": fact})


def _changed(fact: Any, *, with_values: bool) -> str:
    """The names of the fields that changed; of amounts, dates and switches the new values, too."""
    told = []
    for name in fact.fields:
        value = getattr(fact.to, name, None)
        words = name.replace("_", " ")
        if with_values and isinstance(value, Decimal | date | bool):
            words += f" to {str(value).lower() if isinstance(value, bool) else value}"
        told.append(words)
    return ", ".join(told) or "nothing"
