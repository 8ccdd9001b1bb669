"""What stands beside the lines of an invoice, in responses."""

from datetime import date
from decimal import Decimal

from api.line_replies import shaping
from api.tax_schemas import AppliedTaxOut
from api.wire import Reply


class BuyerOut(Reply):
    """The customer as of posting."""

    customer_id: str
    name: str
    vat_id: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    tax_id: str | None
    email: str | None


class SellerOut(Reply):
    """Who bills, as of posting."""

    name: str
    vat_id: str | None
    tax_id: str | None
    legal_id: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None


class AddressOut(Reply):
    """Who and where. After posting it is as it was then."""

    kind: str
    customer_id: str | None
    name: str | None
    attention: str | None
    line1: str | None
    line2: str | None
    line3: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    phone: str | None
    mobile: str | None
    email: str | None
    vat_id: str | None
    endpoint_id: str | None
    endpoint_scheme: str | None
    tax_region: str | None
    delivery_instructions: str | None


class NoteOut(Reply):
    """An internal note. Its ``text`` is null once it is redacted."""

    id: str
    text: str | None
    category: str | None
    pinned: bool
    author: str | None
    mentions: list[str]


class TableOut(Reply):
    """An entry of table 1 or 2; ``amount`` is its fee."""

    id: str
    table: int
    code: str
    description: str | None
    table_type: str | None
    amount: Decimal | None
    effective_from: date | None
    effective_to: date | None


class TaxOverrideOut(Reply):
    """An amount of tax that is set instead of computed."""

    id: str
    category: str
    rate: Decimal
    amount: Decimal
    reason: str
    exemption_code: str | None


class AttachmentOut(Reply):
    """A file: ``size`` in bytes, ``sha256`` in hexadecimal. ``embed``: part of the e-invoice.

    Its content is at ``/api/invoices/{id}/attachments/{attachmentId}``.
    """

    id: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    description: str | None
    embed: bool


class SettlementOut(Reply):
    """What one payment, credit note or write-off has settled."""

    source: str
    source_id: str
    amount: Decimal


class CreditOut(Reply):
    """A credit note over this invoice, and its gross total."""

    credit_note_id: str
    amount: Decimal


class NoticeOut(Reply):
    """A rule: its stable ``code``, where it looks (a JSON pointer), and what to do."""

    code: str
    pointer: str
    detail: str


tax_out = shaping(AppliedTaxOut)
buyer_out = shaping(BuyerOut)
seller_out = shaping(SellerOut)
address_out = shaping(AddressOut)
note_out = shaping(NoteOut)
table_out = shaping(TableOut)
override_out = shaping(TaxOverrideOut)
attachment_out = shaping(AttachmentOut)
settlement_out = shaping(SettlementOut)
credit_out = shaping(CreditOut)
notice_out = shaping(NoticeOut)
