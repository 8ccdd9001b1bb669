"""An example of every fact about master data, settings and periods: see ``tests/examples.py``."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain.aggregate import Fact
from domain.facts import code_entry as codes
from domain.facts import customer, period, product, serial, tax_code, webhook_endpoint
from domain.facts.series import NumberAssigned
from domain.facts.settings import BookSettings, SeriesRule, SettingsChanged
from tests.examples_of_lines import STOVE_ID, TAX

_INVOICE = "inv_01K9VXEH3T0000000000000002"
_CREATED_V1: dict[str, Any] = {
    "name": "Acme Heating GmbH",
    "email": "office@acme.example",
    "vat_id": "DE123456788",
    "street": "Ofenweg 3",
    "postal_code": "50667",
    "city": "Köln",
    "country": "DE",
    "currency": "EUR",
    "payment_days": 14,
}
_CUSTOMER: dict[str, Any] = {
    **_CREATED_V1,
    "phone": "+49 221 1234",
    "tax_id": "223/112/3345",
    "legal_id": "HRB 815",
    "region": "NW",
    "terms": "COD",
    "on_account": False,
    "tax_code": "STD",
    "salesperson": "anna",
    "po_required": True,
    "buyer_reference": "04011000-12345-03",
    "endpoint_id": "4012345000009",
    "endpoint_scheme": "0088",
}
_PRODUCT = product.ProductDetails(
    kind="model",
    description="Wood stove, 7 kW",
    uom="H87",
    currency="EUR",
    unit_price=Decimal("1299.50"),
    list_price=Decimal("1399.00"),
    min_price=Decimal("1200.00"),
    cost=Decimal("880.00"),
    tax_code="STD",
    taxes=(TAX,),
    brand="Glow",
    category="Stoves",
    color="black",
    gtin="04012345678901",
    weight=Decimal("95.5"),
    location_code="MAIN",
    gl_account="8400",
    gl_cost_account="3400",
    term_months=24,
    provider="Glow Care",
    serialised=True,
    status="Discontinued",
)
_TAX_CODE = tax_code.TaxCodeDetails(
    name="Intra-Community supply",
    category="K",
    rate=Decimal("0.5"),
    included=True,
    jurisdiction="DE",
    exemption_code="VATEX-EU-IC",
    exemption_text="Exempt under article 138 of 2006/112/EC.",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
)
_CODE = codes.CodeDetails(
    description="Delivery",
    text="Delivered to the kerb.",
    type="charge",
    amount=Decimal("49.00"),
    tax_code="STD",
    reason_code="DL",
    gl_account="8500",
    start_date=date(2026, 1, 1),
    end_date=date(2026, 12, 31),
    obsolete=True,
)
_SETTINGS = BookSettings(
    base_currency="EUR",
    currencies=("EUR", "USD"),
    time_zone="Europe/Berlin",
    seller_name="Glow Stoves GmbH",
    seller_street="Kaminstr. 1",
    seller_postal_code="50668",
    seller_city="Köln",
    seller_country="DE",
    seller_vat_id="DE136695976",
    seller_tax_id="133/815/0815",
    seller_legal_id="HRB 4711",
    payment_days=14,
    days_ahead=7,
    duplicate_days=10,
    approval_limit=Decimal("5000.00"),
    separate_duties=False,
    credit_check="warn",
    small_difference=Decimal("0.10"),
    auto_release=True,
    voiding=False,
    periods_required=True,
    customer_locked=True,
    table1_title="Referred by",
    table2_title="Advertising seen",
    series=(SeriesRule(type="Sales", format="K-{year}-{number:06}", branch="KOELN", yearly=False),),
)


def _values(details: Any) -> dict[str, Any]:
    return {it: getattr(details, it) for it in details.__struct_fields__}


_HEADER = webhook_endpoint.Header(name="X-Tenant", value_id="whh_01K9VXEH3T0000000000000007")

MASTER_EXAMPLES: dict[str, Fact] = {
    "customer.created.v1-first": customer.CustomerCreated(**_CREATED_V1),
    "customer.created.v1": customer.CustomerCreated(**_CUSTOMER),
    "customer.changed.v1": customer.CustomerChanged(
        to=customer.CustomerDetails(
            name="Acme Heating and Cooling GmbH",
            email="billing@acme.example",
            street="Kältegasse 1",
            postal_code="1010",
            city="Wien",
            country="AT",
            payment_days=0,
        ),
        fields=tuple(_CREATED_V1),
    ),
    "customer.changed.v2": customer.CustomerChanged(
        to=customer.CustomerDetails(**_CUSTOMER),
        fields=customer.CustomerDetails.__struct_fields__,
    ),
    "customer.credit_limit_changed.v1": customer.CustomerCreditLimitChanged(
        limit=Decimal("5000.00"), reason="Paid on time for a year."
    ),
    "customer.put_on_hold.v1": customer.CustomerPutOnHold(reason="Three reminders."),
    "customer.released.v1": customer.CustomerReleased(reason="Paid everything."),
    "customer.anonymised.v1": customer.CustomerAnonymised(reason="Asked to be forgotten."),
    "customer.archived.v1": customer.CustomerArchived(),
    "customer.unarchived.v1": customer.CustomerUnarchived(),
    "customer.code_assigned.v1": customer.CustomerCodeAssigned(code=12),
    "product.created.v1": product.ProductCreated(**_values(_PRODUCT)),
    "product.changed.v1": product.ProductChanged(to=_PRODUCT, fields=_PRODUCT.__struct_fields__),
    "product.archived.v1": product.ProductArchived(),
    "product.unarchived.v1": product.ProductUnarchived(),
    "serial.reserved.v1": serial.SerialReserved(invoice_id=_INVOICE, line_id=STOVE_ID),
    "serial.released.v1": serial.SerialReleased(invoice_id=_INVOICE),
    "serial.shipped.v1": serial.SerialShipped(invoice_id=_INVOICE, line_id=STOVE_ID),
    "serial.returned.v1": serial.SerialReturned(credit_note_id="crn_01K9VXEH3T000000000000000F"),
    "tax_code.created.v1": tax_code.TaxCodeCreated(**_values(_TAX_CODE)),
    "tax_code.changed.v1": tax_code.TaxCodeChanged(
        to=_TAX_CODE, fields=_TAX_CODE.__struct_fields__
    ),
    "tax_code.archived.v1": tax_code.TaxCodeArchived(),
    "tax_code.unarchived.v1": tax_code.TaxCodeUnarchived(),
    "code.created.v1": codes.CodeCreated(**_values(_CODE)),
    "code.changed.v1": codes.CodeChanged(to=_CODE, fields=_CODE.__struct_fields__),
    "code.removed.v1": codes.CodeRemoved(),
    "series.number_assigned.v1": NumberAssigned(
        number=42,
        text="INV-2026-000042",
        document_id=_INVOICE,
        dated=date(2026, 11, 2),
    ),
    "period.opened.v1": period.PeriodOpened(),
    "period.sales_locked.v1": period.PeriodSalesLocked(reason="The VAT return is due."),
    "period.locked.v1": period.PeriodLocked(reason="The month is reconciled."),
    "period.reopened.v1": period.PeriodReopened(reason="A receipt was late."),
    "period.closed.v1": period.PeriodClosed(
        totals=(
            period.PeriodTotals(
                currency="EUR",
                invoices=42,
                net=Decimal("25990.00"),
                tax=Decimal("4938.10"),
                gross=Decimal("30928.10"),
                credit_notes=2,
                credited_net=Decimal("100.00"),
                credited_tax=Decimal("19.00"),
                credited_gross=Decimal("119.00"),
            ),
        ),
        as_of=1042,
        drafts_left=("inv_01K9VXEH3T000000000000000S",),
    ),
    "settings.changed.v1": SettingsChanged(to=_SETTINGS, fields=_SETTINGS.__struct_fields__),
    "webhook.endpoint_created.v1": webhook_endpoint.WebhookEndpointCreated(
        url="https://hooks.acme.example/daybook",
        events=("invoice.posted", "customer.*"),
        category="post-transaction",
        description="Ledger import",
    ),
    "webhook.endpoint_changed.v1": webhook_endpoint.WebhookEndpointChanged(
        url="https://hooks.acme.example/v2",
        events=("*",),
        category="standard",
        description=None,
    ),
    "webhook.endpoint_created.v2": webhook_endpoint.WebhookEndpointCreated(
        url="https://hooks.acme.example/daybook",
        events=("invoice.posted", "customer.*"),
        category="post-transaction",
        description="Ledger import",
        order="aggregate",
        rate_limit=50,
        headers=(_HEADER,),
        payload="thin",
    ),
    "webhook.endpoint_changed.v2": webhook_endpoint.WebhookEndpointChanged(
        url="https://hooks.acme.example/v2",
        events=("*",),
        category="standard",
        description=None,
        order="strict",
        rate_limit=None,
        headers=(_HEADER,),
        payload="full",
    ),
    "webhook.endpoint_secret_rotated.v1": webhook_endpoint.WebhookEndpointSecretRotated(
        kind="ed25519",
        secret_id="whs_01K9VXEH3T0000000000000006",
        previous_until=datetime(2026, 11, 3, 9, 30, tzinfo=UTC),
        public_key="whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    ),
    "webhook.endpoint_disabled.v1": webhook_endpoint.WebhookEndpointDisabled(
        reason="The endpoint has refused every delivery since 2026-11-06."
    ),
    "webhook.endpoint_enabled.v1": webhook_endpoint.WebhookEndpointEnabled(),
    "webhook.endpoint_deleted.v1": webhook_endpoint.WebhookEndpointDeleted(),
}
