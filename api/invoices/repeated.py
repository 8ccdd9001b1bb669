"""What many operations in one transaction came to, also when they ran long before."""

from collections.abc import Sequence

from api.caller import Caller
from api.invoices.bulk_schemas import BulkItem
from api.invoices.operations import Step
from api.invoices.showing import Show
from domain.aggregate import Stream
from domain.errors import NotFound
from domain.facts.invoice import InvoiceDrafted
from domain.invoice import INVOICE, Invoice
from store.command import Done
from store.recorded import Recorded, Versioned

_CREATED, _CHANGED, _GONE = 201, 200, 204
_PAGE = 1000


def bulk_item(
    it: Step, stream: Stream[Invoice], state: Invoice | None, version: int, show: Show
) -> BulkItem:
    """What became of an operation, with the invoice as it is then."""
    if state is None:
        return BulkItem(status=_GONE)
    entity = show(Versioned(stream, state, version))
    return BulkItem(status=_CREATED if it.creates else _CHANGED, entity=entity)


async def repeated(
    caller: Caller, done: Done[Invoice], steps: Sequence[Step], show: Show
) -> list[BulkItem]:
    """The first answer again, from the events that the request made then.

    Its drafts had other ids: they are told by the order in which they were opened.
    """
    events = await _events(caller, done)
    drafted = iter([it.aggregate[1] for it in events if isinstance(it.fact, InvoiceDrafted)])
    versions = {it.stream: it.version for it in events}
    ids: dict[str, str] = {}
    items = []
    for it in steps:
        if it.creates:
            ids[it.invoice_id] = next(drafted, it.invoice_id)
        stream = INVOICE(ids.get(it.invoice_id, it.invoice_id))
        at = versions.get(stream.name) or done.recorded_at
        try:
            entity = await caller.books.get(caller.book_id, stream, at=at)
        except NotFound:
            items.append(BulkItem(status=_GONE))
        else:
            items.append(bulk_item(it, stream, entity.state, entity.version, show))
    return items


async def _events(caller: Caller, done: Done[Invoice]) -> list[Recorded]:
    """The events of the command: those of one request in one commit, up to its position."""
    found: list[Recorded] = []
    until = done.position
    while True:
        page = await caller.books.events(caller.book_id, until=until, limit=_PAGE, descending=True)
        for event in page:
            first = found[0] if found else event
            same = event.metadata.request_id == first.metadata.request_id
            if not same or event.recorded_at != first.recorded_at:
                return found[::-1]
            found.append(event)
        if len(page) < _PAGE:
            return found[::-1]
        until = page[-1].position - 1
