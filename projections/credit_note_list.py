"""Credit notes to list, with what of each is open: one row each, as the latest event left it."""

from domain.credit_note import CREDIT_NOTE, CreditNote
from domain.credit_note.state import STATUSES, open_credit
from domain.money import rounded
from projections.filters import Field
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "credit-notes"

_TABLE = LatestTable(
    "credit_note_list_v1",
    {
        "number": TEXT,
        "status": "text not null",
        "invoice_id": TEXT,
        "invoice_number": TEXT,
        "customer_id": TEXT,
        "customer_name": TEXT,
        "currency": TEXT,
        "issue_date": "date",
        "accounting_date": "date",
        "reason_code": TEXT,
        "reference": TEXT,
        "branch": TEXT,
        "net": "numeric",
        "tax": "numeric",
        "gross": "numeric",
        "open": "numeric not null",
    },
)

DDL = f"""{_TABLE.ddl}
-- the default order, and "what was changed lately"
create index if not exists credit_note_list_v1_created on credit_note_list_v1
    (book_id, created_at, id);
-- "this number"; also proves that no number stands twice
create unique index if not exists credit_note_list_v1_number on credit_note_list_v1
    (book_id, number);
-- "the credit notes over this invoice", "of this customer"
create index if not exists credit_note_list_v1_invoice on credit_note_list_v1
    (book_id, invoice_id, id);
create index if not exists credit_note_list_v1_customer on credit_note_list_v1
    (book_id, customer_id, created_at, id);
-- "what was issued in March"
create index if not exists credit_note_list_v1_issued on credit_note_list_v1
    (book_id, issue_date, created_at, id);
-- "which still has something to apply"
create index if not exists credit_note_list_v1_open on credit_note_list_v1 (book_id, open, id);
-- "the drafts", "the voided ones"
create index if not exists credit_note_list_v1_status on credit_note_list_v1
    (book_id, status, created_at, id);
-- "of this amount", "in dollars", "at this branch", "with this reference"
create index if not exists credit_note_list_v1_gross on credit_note_list_v1 (book_id, gross, id);
create index if not exists credit_note_list_v1_currency on credit_note_list_v1
    (book_id, currency, created_at, id);
create index if not exists credit_note_list_v1_branch on credit_note_list_v1
    (book_id, branch, created_at, id);
create index if not exists credit_note_list_v1_reference on credit_note_list_v1
    (book_id, reference, id);
-- "what is in the books of March", "what was changed since"
create index if not exists credit_note_list_v1_accounted on credit_note_list_v1
    (book_id, accounting_date, created_at, id);
create index if not exists credit_note_list_v1_updated on credit_note_list_v1
    (book_id, updated_at, created_at, id);
-- "why credits were given"
create index if not exists credit_note_list_v1_reason on credit_note_list_v1
    (book_id, reason_code, created_at, id);
"""

LISTING = Listing(
    "credit-notes",
    table=_TABLE.name,
    columns=_TABLE.columns,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="number", column="number", kind="text", sortable=True),
        Field(name="status", column="status", kind="enum", values=STATUSES, nullable=False),
        Field(name="invoiceId", column="invoice_id", kind="text"),
        Field(name="customerId", column="customer_id", kind="text", sortable=True),
        Field(name="currency", column="currency", kind="text"),
        Field(name="issueDate", column="issue_date", kind="date", sortable=True),
        Field(name="accountingDate", column="accounting_date", kind="date"),
        Field(name="reasonCode", column="reason_code", kind="text"),
        Field(name="reference", column="reference", kind="text"),
        Field(name="branch", column="branch", kind="text"),
        Field(name="gross", column="gross", kind="decimal"),
        Field(name="openAmount", column="open", kind="decimal", sortable=True, nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("-createdAt",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched credit notes as they are now; take off deleted drafts.

    The sums of a draft depend on its invoice, so that they stand here from posting on.
    """
    await _TABLE.keep(connection, news, CREDIT_NOTE, _values)


def _values(_id: str, note: CreditNote) -> tuple[object, ...]:
    sums = note.posted_totals
    return (
        note.number,
        note.status,
        note.invoice_id,
        note.preceding_number,
        note.customer_id,
        note.buyer.name if note.buyer else None,
        note.currency,
        note.issue_date,
        note.accounting_date,
        note.reason_code,
        note.reference,
        note.branch,
        sums.net if sums else None,
        sums.tax if sums else None,
        sums.gross if sums else None,
        rounded(open_credit(note), note.currency),
    )
