"""An example of every fact in every shape that was ever stored, by the name of its golden file.

Each example names every field of its fact, so that a renamed or dropped field cannot pass
unnoticed. An older shape stands beside the newer one, as what its upcast must make of it.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from domain.aggregate import Fact
from domain.facts.customer import (
    CustomerArchived,
    CustomerChanged,
    CustomerCodeAssigned,
    CustomerCreated,
    CustomerUnarchived,
)
from domain.facts.invoice import (
    Buyer,
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoicePosted,
    InvoiceVoided,
    Line,
    TaxTotal,
    Totals,
)
from domain.facts.series import NumberAssigned
from domain.facts.webhook_endpoint import (
    Header,
    WebhookEndpointChanged,
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointSecretRotated,
)

_HEADER = Header(name="X-Tenant", value_id="whh_01K9VXEH3T0000000000000007")
_LINE = Line(
    id="lin_01K9VXEH3T0000000000000001",
    item_code="STOVE-7",
    description="Wood stove, 7 kW",
    quantity=Decimal(2),
    uom="H87",
    unit_price=Decimal("1299.50"),
    tax_rate=Decimal(19),
)
_TOTALS = Totals(
    net=Decimal("2599.00"),
    tax=Decimal("493.81"),
    gross=Decimal("3092.81"),
    taxes=(TaxTotal(rate=Decimal(19), base=Decimal("2599.00"), amount=Decimal("493.81")),),
)
_BUYER = Buyer(
    customer_id="ACME",
    name="Acme Heating GmbH",
    vat_id="DE123456788",
    street="Ofenweg 3",
    postal_code="50667",
    city="Köln",
    country="DE",
)

EXAMPLES: dict[str, Fact] = {
    "invoice.drafted.v1": InvoiceDrafted(
        customer_id="ACME",
        currency="EUR",
        issue_date=date(2026, 11, 2),
        due_date=date(2026, 12, 2),
        po_number="PO 4711",
        reference="Order 2026-118",
        memo="Deliver before noon.",
    ),
    "invoice.header_changed.v1": InvoiceHeaderChanged(
        customer_id="12",
        currency="USD",
        issue_date=date(2026, 11, 3),
        due_date=None,
        po_number=None,
        reference="Order 2026-119",
        memo="Ring the bell twice.",
    ),
    "invoice.line_added.v1": InvoiceLineAdded(line=_LINE),
    "invoice.line_changed.v1": InvoiceLineChanged(
        line_id=_LINE.id,
        item_code=None,
        description="Wood stove, 8 kW",
        quantity=Decimal("-1.5"),
        uom="C62",
        unit_price=Decimal("0.000001"),
        tax_rate=None,
    ),
    "invoice.line_removed.v1": InvoiceLineRemoved(line_id=_LINE.id),
    "invoice.posted.v1": InvoicePosted(
        number="INV-2026-000042",
        series="sales-2026",
        issue_date=date(2026, 11, 2),
        due_date=date(2026, 12, 2),
        totals=_TOTALS,
        buyer=_BUYER,
    ),
    "invoice.voided.v1": InvoiceVoided(reason="Billed twice.", voided_on=date(2026, 11, 9)),
    "invoice.draft_deleted.v1": InvoiceDraftDeleted(),
    "customer.created.v1": CustomerCreated(
        name=_BUYER.name,
        email="office@acme.example",
        vat_id=_BUYER.vat_id,
        street=_BUYER.street,
        postal_code=_BUYER.postal_code,
        city=_BUYER.city,
        country=_BUYER.country,
        currency="EUR",
        payment_days=14,
    ),
    "customer.changed.v1": CustomerChanged(
        name="Acme Heating and Cooling GmbH",
        email="billing@acme.example",
        vat_id=None,
        street="Kältegasse 1",
        postal_code="1010",
        city="Wien",
        country="AT",
        currency=None,
        payment_days=0,
    ),
    "customer.archived.v1": CustomerArchived(),
    "customer.unarchived.v1": CustomerUnarchived(),
    "customer.code_assigned.v1": CustomerCodeAssigned(code=12),
    "series.number_assigned.v1": NumberAssigned(
        number=42,
        text="INV-2026-000042",
        document_id="inv_01K9VXEH3T0000000000000002",
        dated=date(2026, 11, 2),
    ),
    "webhook.endpoint_created.v1": WebhookEndpointCreated(
        url="https://hooks.acme.example/daybook",
        events=("invoice.posted", "customer.*"),
        category="post-transaction",
        description="Ledger import",
    ),
    "webhook.endpoint_changed.v1": WebhookEndpointChanged(
        url="https://hooks.acme.example/v2",
        events=("*",),
        category="standard",
        description=None,
    ),
    "webhook.endpoint_created.v2": WebhookEndpointCreated(
        url="https://hooks.acme.example/daybook",
        events=("invoice.posted", "customer.*"),
        category="post-transaction",
        description="Ledger import",
        order="aggregate",
        rate_limit=50,
        headers=(_HEADER,),
        payload="thin",
    ),
    "webhook.endpoint_changed.v2": WebhookEndpointChanged(
        url="https://hooks.acme.example/v2",
        events=("*",),
        category="standard",
        description=None,
        order="strict",
        rate_limit=None,
        headers=(_HEADER,),
        payload="full",
    ),
    "webhook.endpoint_secret_rotated.v1": WebhookEndpointSecretRotated(
        kind="ed25519",
        secret_id="whs_01K9VXEH3T0000000000000006",
        previous_until=datetime(2026, 11, 3, 9, 30, tzinfo=UTC),
        public_key="whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    ),
    "webhook.endpoint_disabled.v1": WebhookEndpointDisabled(
        reason="The endpoint has refused every delivery since 2026-11-06."
    ),
    "webhook.endpoint_enabled.v1": WebhookEndpointEnabled(),
    "webhook.endpoint_deleted.v1": WebhookEndpointDeleted(),
}
