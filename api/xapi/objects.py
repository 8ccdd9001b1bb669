"""The fifteen objects of the XAPI: where each is added, and the body that adds it."""

from functools import cache
from typing import Any, cast

import msgspec

from api.examples import example_of
from api.wire import Id, RowVersion
from api.xapi import invoice_rows, line_rows, part_rows
from api.xapi.rows import Row

ROOT = "/invoicing/invoice"
VERSIONS = (1,)
"""Every version that the objects' schemas ever had, the present one last."""

Json = dict[str, Any]


class Object(msgspec.Struct, frozen=True):
    """A table of the XAPI. ``path`` follows ``ROOT``; ``prefix`` is that of its ids."""

    path: str
    row: type[Row]
    prefix: str

    @property
    def table(self) -> str:
        """What the XAPI calls it, such as ``InvoiceItem``."""
        return self.row.__name__

    @property
    def body(self) -> type[Row]:
        """What is sent to add one: for a child, the row and the invoice that it belongs to."""
        return _body(self.row)

    def schema(self, version: int = VERSIONS[-1]) -> Json:
        """The JSON Schema (2020-12) of the body."""
        schema = msgspec.json.schema(self.body)
        name = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": self.table}
        return {**name, "version": version, **schema}

    def sample(self, invoice_id: str | None = None) -> Json:
        """A body with every key: at its default, or with an example where one must be sent."""
        schema = msgspec.json.schema(self.body)
        properties = schema["$defs"][self.body.__name__]["properties"]
        sample = {
            field.encode_name: example_of(properties[field.encode_name], schema["$defs"])
            if field.required
            else msgspec.to_builtins(_default(field))
            for field in msgspec.structs.fields(self.body)
        }
        return {**sample, "invoiceId": invoice_id} if invoice_id else sample


def _default(field: msgspec.structs.FieldInfo) -> Any:
    factory = field.default_factory
    return field.default if factory is msgspec.NODEFAULT else factory()


@cache
def _body(row: type[Row]) -> type[Row]:
    if row is invoice_rows.Invoice:
        return row
    fields: list[Any] = [("invoice_id", Id)]
    if row is not part_rows.InvoicePayment:
        # A payment is an entity of its own, with a RowVersion of its own.
        fields.append(("row_version", RowVersion | None, None))
    made: Any = msgspec.defstruct(
        f"{row.__name__}Add",
        fields,
        bases=(row,),
        module=row.__module__,
        namespace={"__doc__": row.__doc__},
        kw_only=True,
    )
    return cast("type[Row]", made)


INVOICE = Object("", invoice_rows.Invoice, "inv")

PAYMENT = Object("/payment", part_rows.InvoicePayment, "pay")

CHILDREN = (
    Object("/address", part_rows.InvoiceAddress, "adr"),
    Object("/note", part_rows.InvoiceNote, "not"),
    Object("/model", line_rows.InvoiceModel, "lin"),
    Object("/serial", part_rows.InvoiceSerial, "ser"),
    Object("/tax", part_rows.InvoiceTax, "tov"),
    Object("/item", line_rows.InvoiceItem, "lin"),
    Object("/package", line_rows.InvoicePackage, "lin"),
    Object("/table1", part_rows.InvoiceTable1, "tab"),
    Object("/table2", part_rows.InvoiceTable2, "tab"),
    Object("/misc", line_rows.InvoiceMisc, "lin"),
    Object("/warranty", line_rows.InvoiceWarranty, "lin"),
    Object("/labor", line_rows.InvoiceLabor, "lin"),
    Object("/comment", line_rows.InvoiceComment, "lin"),
    PAYMENT,
)

OBJECTS = (INVOICE, *CHILDREN)

BY_KIND: dict[str, str] = {
    str(it.row.OF.__struct_config__.tag): it.table
    for it in CHILDREN
    if it.row.OF.__struct_config__.tag is not None
}
"""The table that a line of each kind is a row of."""
