"""Bodies that show how invoices are written: each of them works as it stands."""

from typing import Any

Json = dict[str, Any]

DRAFT: Json = {
    "customerId": "ACME",
    "currency": "EUR",
    "poNumber": "4500017",
    "lines": [
        {
            "kind": "item",
            "description": "Gas hose, 1.5 m",
            "quantity": "2",
            "unitPrice": "19.90",
            "taxRate": "19",
        },
        {
            "kind": "labor",
            "description": "Connecting the stove",
            "quantity": "1.5",
            "unitPrice": "64.00",
            "taxRate": "19",
        },
        {"kind": "comment", "description": "Thank you for your order."},
    ],
    "addresses": [
        {
            "kind": "shipTo",
            "name": "Acme Ltd, store 4",
            "line1": "Hafenstr. 12",
            "city": "Hamburg",
            "postalCode": "20457",
            "country": "DE",
        }
    ],
}
EDITED: Json = {"memo": "Deliver before noon", "dueDate": "2026-12-15"}
LINE: Json = {
    "kind": "item",
    "description": "Gas hose, 1.5 m",
    "quantity": "2",
    "unitPrice": "19.90",
    "taxRate": "19",
}
LINE_EDITED: Json = {"quantity": "3", "discountPercent": "5", "discountReason": "Regular customer"}
SERIAL: Json = {"serialNumber": "SN-0042", "condition": "new"}
ADDRESS: Json = {"name": "Acme Ltd", "line1": "Hafenstr. 12", "city": "Hamburg", "country": "DE"}
NOTE: Json = {"text": "The customer wants a call before delivery.", "pinned": True}
NOTE_EDITED: Json = {"pinned": False}
TABLE: Json = {"table": 1, "code": "FAIR", "description": "Met at the fair"}
TAX_OVERRIDE: Json = {
    "category": "S",
    "rate": "19",
    "amount": "25.80",
    "reason": "As computed by the customer's own system",
}
VOIDED: Json = {"reason": "Billed twice"}
DUE: Json = {"dueDate": "2027-01-15", "reason": "As agreed by telephone"}
DISPUTED: Json = {"reason": "One hose was missing"}
RESOLVED: Json = {"resolution": "The hose was sent"}
REJECTED: Json = {"reason": "The discount is too high"}
WITHDRAWN: Json = {"reason": "The customer wants more"}
BULK: Json = {
    "mode": "singleTransaction",
    "operations": [
        {"op": "create", "ref": "first", "invoice": {"customerId": "ACME", "currency": "EUR"}},
        {"op": "addLine", "id": "first", "line": LINE},
    ],
}
