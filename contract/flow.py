"""One flow through a generated Python client: ``python flow.py ADDRESS KEY``."""

import sys

from daybook_client import AuthenticatedClient
from daybook_client.api.customers import create_customer
from daybook_client.api.invoices import create_invoice, edit_invoice, get_invoice, post_invoice
from daybook_client.models import (
    CustomerIn,
    InvoiceIn,
    InvoiceOut,
    InvoicePatch,
    LineIn,
    PostIn,
    ProblemDocument,
)

address, key = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=key)
create_customer.sync(client=client, body=CustomerIn(id="PYTHON", name="Py Ltd", country="DE"))
line = LineIn(description="Stove", quantity="1", unit_price="100", tax_rate="19")
draft = create_invoice.sync(
    client=client, body=InvoiceIn(customer_id="PYTHON", currency="EUR", lines=[line])
)
assert isinstance(draft, InvoiceOut), draft
edited = edit_invoice.sync(
    draft.id, client=client, body=InvoicePatch(memo="Thank you.", row_version=draft.row_version)
)
assert isinstance(edited, InvoiceOut), edited
stale = edit_invoice.sync(
    draft.id, client=client, body=InvoicePatch(memo="Too late.", row_version=draft.row_version)
)
assert isinstance(stale, ProblemDocument), stale
assert stale.code == "row-version-conflict", stale
posted = post_invoice.sync(
    draft.id, client=client, body=PostIn(row_version=edited.row_version, expected_total="119.00")
)
assert isinstance(posted, InvoiceOut), posted
found = get_invoice.sync(draft.id, client=client)
assert isinstance(found, InvoiceOut), found
assert (found.status, found.memo) == ("Posted", "Thank you."), found
sys.stdout.write(f"Python client: {found.number} is posted.\n")
