"""Serial numbers to find: where each of them is, as the latest event left it."""

from urllib.parse import unquote

from domain.serial import SERIAL, STATUSES, Serial
from projections.filters import Field
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "serials"

_TABLE = LatestTable(
    "serial_list_v1",
    {
        "model": f"{TEXT} not null",
        "serial_number": f"{TEXT} not null",
        "status": "text not null",
        "invoice_id": TEXT,
        "line_id": TEXT,
        "credit_note_id": TEXT,
    },
)

DDL = f"""{_TABLE.ddl}
-- "where is this serial number", of whatever model
create index if not exists serial_list_v1_number on serial_list_v1 (book_id, serial_number, id);
-- "what does this invoice hold", "what came back with this credit note"
create index if not exists serial_list_v1_invoice on serial_list_v1 (book_id, invoice_id, id);
create index if not exists serial_list_v1_credit on serial_list_v1 (book_id, credit_note_id, id);
-- "what came back", "what was changed since"
create index if not exists serial_list_v1_status on serial_list_v1 (book_id, status, id);
create index if not exists serial_list_v1_updated on serial_list_v1 (book_id, updated_at, id);
-- "all of this model", and the order of models
create index if not exists serial_list_v1_model on serial_list_v1 (book_id, model, id);
"""

LISTING = Listing(
    "serials",
    table=_TABLE.name,
    columns=_TABLE.columns,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="model", column="model", kind="text", sortable=True, nullable=False),
        Field(
            name="serialNumber", column="serial_number", kind="text", sortable=True, nullable=False
        ),
        Field(name="status", column="status", kind="enum", values=STATUSES, nullable=False),
        Field(name="invoiceId", column="invoice_id", kind="text"),
        Field(name="creditNoteId", column="credit_note_id", kind="text"),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("id",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched serial numbers as they are now."""
    await _TABLE.keep(connection, news, SERIAL, _values)


def _values(id_: str, serial: Serial) -> tuple[object, ...]:
    # The id is the model's code, in which slashes are escaped, and the number: see serial_of.
    model, _, number = id_.partition("/")
    place = (serial.invoice_id, serial.line_id, serial.credit_note_id)
    return (unquote(model), number, serial.status, *place)
