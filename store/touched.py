"""Which fields of an entity a fact is about, as JSON Pointers (RFC 6901) into its public form.

Two people who change the same invoice are in each other's way only where these pointers overlap:
one is a prefix of the other. Parts of lists are named by their ids: ``/lines/lin_01.../quantity``.
What happens to an entity as a whole (it is posted, paid, deleted) is about everything: ``""``.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from domain.aggregate import Fact
from domain.facts import credit_note, customer, invoice, invoice_life
from store.public import public_name

EVERYTHING = ""

GROUPS = (
    frozenset({"/customerId", "/currency"}),
    frozenset({"/dueDate", "/terms"}),
)
"""Fields that mean something only together: who changes one of them is about all of them."""


def touched(fact: Fact) -> tuple[str, ...]:
    """The pointers to what a fact is about."""
    about = _ABOUT.get(type(fact))
    if about is not None:
        return about(fact)
    fields = getattr(fact, "fields", None)
    return (EVERYTHING,) if fields is None else tuple(_fields("", fields))


def overlap(some: Iterable[str], others: Iterable[str]) -> list[str]:
    """Those of some pointers that are in the way of any of the others, in their order."""
    against = _widened(others)
    return [one for one in some if any(_meet(it, it2) for it in _widened([one]) for it2 in against)]


def _widened(pointers: Iterable[str]) -> list[str]:
    found = dict.fromkeys(pointers)
    for group in GROUPS:
        if not group.isdisjoint(found):
            found.update(dict.fromkeys(sorted(group)))
    return list(found)


def _meet(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _fields(part: str, fields: Iterable[str]) -> Iterable[str]:
    return (f"{part}/{public_name(field)}" for field in fields)


def _part(collection: str, id_of: Callable[[Any], str]) -> Callable[[Any], tuple[str, ...]]:
    return lambda fact: (f"/{collection}/{_escaped(id_of(fact))}",)


def _fields_of(collection: str) -> Callable[[Any], tuple[str, ...]]:
    return lambda fact: tuple(_fields(f"/{collection}/{_escaped(fact.to.id)}", fact.fields))


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def _only(*pointers: str) -> Callable[[Any], tuple[str, ...]]:
    return lambda _fact: pointers


_ABOUT: Mapping[type[Fact], Callable[[Any], tuple[str, ...]]] = MappingProxyType(
    {
        invoice.InvoiceLineAdded: _part("lines", lambda it: it.line.id),
        invoice.InvoiceLineChanged: _fields_of("lines"),
        invoice.InvoiceLineRemoved: _part("lines", lambda it: it.line_id),
        invoice.InvoiceLinesReordered: _only("/lines"),
        invoice.InvoiceSerialReserved: lambda it: (
            f"/lines/{_escaped(it.line_id)}/serials/{_escaped(it.serial.id)}",
        ),
        invoice.InvoiceSerialReleased: lambda it: (
            f"/lines/{_escaped(it.line_id)}/serials/{_escaped(it.serial_id)}",
        ),
        invoice.InvoiceTaxOverridden: _part("overrides", lambda it: it.override.id),
        invoice.InvoiceTaxOverrideRemoved: _part("overrides", lambda it: it.override_id),
        invoice.InvoiceAddressSet: _part("addresses", lambda it: it.address.kind),
        invoice.InvoiceAddressRemoved: _part("addresses", lambda it: it.kind),
        invoice.InvoiceNoteAdded: _part("notes", lambda it: it.note.id),
        invoice.InvoiceNoteChanged: _fields_of("notes"),
        invoice.InvoiceNoteRedacted: _part("notes", lambda it: it.note_id),
        invoice.InvoiceTableAssigned: _part("tables", lambda it: it.entry.id),
        invoice.InvoiceTableUnassigned: _part("tables", lambda it: it.entry_id),
        invoice.InvoiceAttachmentAdded: _part("attachments", lambda it: it.attachment.id),
        invoice.InvoiceAttachmentRemoved: _part("attachments", lambda it: it.attachment_id),
        invoice_life.InvoiceDueDateChanged: _only("/dueDate"),
        credit_note.CreditNoteLineSet: _part("lines", lambda it: it.line.line_id),
        credit_note.CreditNoteLineRemoved: _part("lines", lambda it: it.line_id),
        credit_note.CreditNoteAmountSet: _only("/flat"),
        customer.CustomerCreditLimitChanged: _only("/creditLimit"),
    }
)
