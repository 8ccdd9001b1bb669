from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given

from domain.aggregate import Fact
from domain.facts import FACTS
from domain.facts.invoice import InvoiceLineAdded
from domain.facts.invoice_life import Buyer, InvoicePosted
from domain.facts.invoice_parts import TaxTotal, Totals
from domain.facts.lines import CommentLine
from domain.facts.webhook_endpoint import WebhookEndpointChanged, WebhookEndpointCreated
from store.mapper import decode, encode
from store.public import render
from store.recorded import Metadata, Recorded
from tests.books import customer_changed, line_changed
from tests.strategies import structs


def recorded(fact: Fact, stream: str = "invoice/inv_1") -> Recorded:
    return Recorded(
        book_id="bok_1",
        position=42,
        stream=stream,
        version=7,
        event_id="evt_1",
        recorded_at=datetime(2026, 3, 1, 12, 30, 0, 250_000, tzinfo=UTC),
        metadata=Metadata(actor="key_1", request_id="internal"),
        fact=fact,
    )


def data(fact: Fact) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(render(recorded(fact)))
    found: dict[str, Any] = body["data"]
    return found


POSTED = InvoicePosted(
    number="INV-2026-000001",
    series="sales-2026",
    issue_date=date(2026, 3, 1),
    accounting_date=date(2026, 3, 1),
    due_date=date(2026, 3, 31),
    totals=Totals(
        net=Decimal("100.00"),
        tax=Decimal("19.00"),
        gross=Decimal("119.00"),
        taxes=(TaxTotal(rate=Decimal(19), base=Decimal("100.00"), amount=Decimal("19.00")),),
        lines=Decimal("100.00"),
        discount=Decimal("0.00"),
        charge=Decimal("0.00"),
    ),
    line_nets=(Decimal("100.00"),),
    buyer=Buyer(customer_id="12", name="Ofen Müller"),
)


def test_the_body_is_this_and_nothing_else() -> None:
    assert render(recorded(POSTED)).decode() == (
        '{"id":"evt_1","type":"invoice.posted","schemaVersion":2,"timestamp":"2026-03-01T12:30:00.250000Z",'
        '"bookId":"bok_1","position":42,"rowVersion":7,"previousRowVersion":6,'
        '"aggregate":{"type":"invoice","id":"inv_1"},"actor":"key_1",'
        '"data":{"number":"INV-2026-000001","series":"sales-2026","issueDate":"2026-03-01",'
        '"accountingDate":"2026-03-01","dueDate":"2026-03-31",'
        '"totals":{"net":"100.00","tax":"19.00","gross":"119.00",'
        '"taxes":[{"rate":"19","base":"100.00","amount":"19.00","category":"S",'
        '"exemptionCode":null,"exemptionText":null,"override":null}],'
        '"lines":"100.00","discount":"0.00","charge":"0.00","base":null},"lineNets":["100.00"],'
        '"buyer":{"customerId":"12","name":"Ofen Müller","vatId":null,"street":null,'
        '"postalCode":null,"city":null,"country":null,"taxId":null,"email":null},'
        '"seller":null,"addresses":[]}}'
    )


def test_a_field_that_a_change_did_not_touch_is_left_out_and_a_cleared_one_is_null() -> None:
    assert data(customer_changed(name="New", email=None)) == {"name": "New", "email": None}


def test_a_change_of_a_part_says_which_one() -> None:
    assert data(line_changed("lin_1", quantity=Decimal(2))) == {"id": "lin_1", "quantity": "2"}


def test_the_kind_of_a_line_is_told_before_its_fields() -> None:
    line = data(InvoiceLineAdded(line=CommentLine(id="lin_1", description="Thank you.")))["line"]
    assert list(line)[:2] == ["kind", "id"]
    assert (line["kind"], line["description"]) == ("comment", "Thank you.")


def test_of_an_endpoints_url_only_the_origin_is_told() -> None:
    url = "https://hooks.example.com:8443/T0/B0/secret-path?token=x"
    created = WebhookEndpointCreated(url=url, events=("*",), category="standard")
    assert data(created)["url"] == "https://hooks.example.com:8443"
    assert data(WebhookEndpointChanged(url=url)) == {"url": "https://hooks.example.com:8443"}
    assert data(WebhookEndpointChanged(events=("*",))) == {"events": ["*"]}


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.TOPIC)
def test_every_fact_has_a_body_that_survives_storage_byte_for_byte(kind: type[Fact]) -> None:
    @given(structs(kind))
    def renders(fact: Fact) -> None:
        body = render(recorded(fact))
        assert body == render(recorded(decode(kind.TOPIC, encode(fact))))
        assert set(msgspec.json.decode(body)) == {
            *("id", "type", "schemaVersion", "timestamp", "bookId", "position", "rowVersion"),
            *("previousRowVersion", "aggregate", "actor", "data"),
        }

    renders()
