"""What breaks clients is found; what does not is let through."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from daybook.contract import contract, main
from daybook.contract_changes import breaking_changes

OLD: dict[str, Any] = {
    "paths": {
        "/things": {
            "post": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                    {"$ref": "#/components/parameters/Reason"},
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/In"}}
                    },
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Out"}}
                        }
                    }
                },
            }
        }
    },
    "webhooks": {
        "thing.made": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Event"}}
                    }
                }
            }
        }
    },
    "components": {
        "parameters": {
            "Reason": {"name": "X-Reason", "in": "header", "schema": {"type": "string"}}
        },
        "schemas": {
            "Event": {"type": "object", "properties": {"thing": {"type": "string"}}},
            "Round": {"type": "object", "properties": {"radius": {"type": "integer"}}},
            "Square": {"type": "object", "properties": {"side": {"type": "integer"}}},
            "In": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
                    "size": {"enum": ["s", "m"], "type": "string"},
                    "part": {"$ref": "#/components/schemas/In"},
                    "form": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/Round"},
                            {"$ref": "#/components/schemas/Square"},
                        ]
                    },
                    "code": {"type": "string", "pattern": "^[a-z]+$"},
                },
            },
            "Out": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "size": {"type": "string"},
                    "form": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/Round"},
                            {"$ref": "#/components/schemas/Square"},
                        ]
                    },
                },
                "required": ["id"],
            },
        },
    },
}


def changed(*steps: str | int, to: Any = None) -> dict[str, Any]:
    """The old document with one place changed, or taken away without ``to``."""
    document = copy.deepcopy(OLD)
    node: Any = document
    for step in steps[:-1]:
        node = node[step]
    if to is None:
        del node[steps[-1]]
    else:
        node[steps[-1]] = to
    return document


FORMS = OLD["components"]["schemas"]["In"]["properties"]["form"]["anyOf"]
ROUNDER = {"$ref": "#/components/schemas/Event"}

POST = ("paths", "/things", "post")
IN = ("components", "schemas", "In")
OUT = ("components", "schemas", "Out")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (changed("paths", "/things"), "POST /things is gone."),
        (changed(*POST), "POST /things is gone."),
        (changed(*POST, "parameters", 0), "POST /things parameter limit is gone."),
        (changed(*POST, "parameters", 1), "POST /things parameter X-Reason is gone."),
        (
            changed("components", "parameters", "Reason", "required", to=True),
            "POST /things parameter X-Reason is required now.",
        ),
        (
            changed("components", "parameters", "Reason", "schema", "maxLength", to=9),
            "POST /things parameter X-Reason has the maxLength 9 now.",
        ),
        (
            changed(*POST, "parameters", 0, "schema", "maximum", to=8),
            "POST /things parameter limit has the maximum 8 now, it was 9.",
        ),
        (
            changed(*POST, "parameters", 0, "required", to=True),
            "POST /things parameter limit is required now.",
        ),
        (changed(*POST, "security", to=[{"bearer": []}]), "POST /things needs a key now."),
        (changed(*IN, "required", to=["size"]), "POST /things body/size is required now."),
        (changed(*IN, "properties", "size"), "POST /things body/size is gone."),
        (
            changed(*IN, "properties", "size", "enum", to=["s"]),
            "POST /things body/size no longer takes m.",
        ),
        (
            changed(*IN, "properties", "name", to={"type": "string", "maxLength": 9}),
            "POST /things body/name no longer takes null.",
        ),
        (
            changed(*IN, "properties", "name", "anyOf", 0, "maxLength", to=5),
            "POST /things body/name has the maxLength 5 now, it was 9.",
        ),
        (
            changed(*IN, "properties", "form", "anyOf", 1),
            "POST /things body/form no longer takes Square.",
        ),
        (
            changed(*IN, "properties", "form", to={"$ref": "#/components/schemas/Square"}),
            "POST /things body/form no longer takes Round.",
        ),
        (
            changed("components", "schemas", "Square", "required", to=["side"]),
            "POST /things body/form/Square/side is required now.",
        ),
        (
            changed(*IN, "properties", "code", "pattern", to="^[A-Z]+$"),
            "POST /things body/code must match another pattern now.",
        ),
        (changed("webhooks", "thing.made"), "Webhook thing.made is gone."),
        (
            changed("components", "schemas", "Event", "properties", to={"other": {}}),
            "Webhook thing.made/thing is gone.",
        ),
        (changed(*OUT, "properties", "size"), "POST /things 200/size is gone."),
        (changed(*OUT, "required", to=[]), "POST /things 200/id may be missing now."),
        (
            changed(*OUT, "properties", "id", "type", to=["string", "null"]),
            "POST /things 200/id may be null.",
        ),
        (
            changed(*OUT, "properties", "id", "type", to="integer"),
            "POST /things 200/id may be integer.",
        ),
        (
            changed(*POST, "responses", to={"202": {}}),
            "POST /things no longer answers 200.",
        ),
    ],
)
def test_what_breaks_clients_is_named(document: dict[str, Any], sentence: str) -> None:
    assert breaking_changes(OLD, document) == [sentence]


@pytest.mark.parametrize(
    "document",
    [
        OLD,
        changed("paths", "/more", to={"get": {"responses": {}}}),
        changed(*POST, "parameters", 0, "schema", "maximum", to=10),
        changed(*IN, "properties", "colour", to={"type": "string"}),
        changed(*IN, "properties", "size", "maxLength", to=1),
        changed(*IN, "properties", "size", "enum", to=["s", "m", "l"]),
        changed(*OUT, "properties", "colour", to={"type": "string"}),
        changed(*OUT, "required", to=["id", "size"]),
        changed(*OUT, "properties", "form", "anyOf", 0),
        changed(*IN, "properties", "form", "anyOf", to=[*FORMS, ROUNDER]),
        changed("webhooks", "thing.lost", to=OLD["webhooks"]["thing.made"]),
    ],
)
def test_what_only_adds_is_let_through(document: dict[str, Any]) -> None:
    assert breaking_changes(OLD, document) == []


@pytest.fixture(scope="module")
def published() -> bytes:
    return contract()["openapi-3.1.json"]


def test_the_contract_does_not_break_itself_and_taking_any_operation_away_is_noticed(
    published: bytes,
) -> None:
    document = json.loads(published)
    assert breaking_changes(document, document) == []
    for path in [*document["paths"]][::25]:
        fewer = {**document, "paths": {k: v for k, v in document["paths"].items() if k != path}}
        assert breaking_changes(document, fewer), path


def _without_a_field(document: Any) -> None:
    del document["components"]["schemas"]["InvoiceOut"]["properties"]["memo"]


def _with_a_field_required(document: Any) -> None:
    document["components"]["schemas"]["InvoiceIn"]["required"] = ["memo"]


def _without_an_operation(document: Any) -> None:
    del document["paths"]["/api/invoices/{invoice_id}/post"]["post"]


def _with_fewer_words(document: Any) -> None:
    [parameter] = [
        it
        for it in document["paths"]["/api/invoices"]["get"]["parameters"]
        if it.get("name") == "status.eq"
    ]
    parameter["schema"]["enum"].remove("Draft")


def _without_a_header(document: Any) -> None:
    parameters = document["paths"]["/api/invoices/{invoice_id}"]["patch"]["parameters"]
    parameters.remove({"$ref": "#/components/parameters/EditSeq"})


def _without_a_bulk_operation(document: Any) -> None:
    items = document["components"]["schemas"]["BulkIn"]["properties"]["operations"]["items"]
    items["anyOf"].remove({"$ref": "#/components/schemas/VoidOperation"})


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (_without_a_field, "POST /api/invoices 200/memo is gone."),
        (_with_a_field_required, "POST /api/invoices body/memo is required now."),
        (_without_an_operation, "POST /api/invoices/{invoice_id}/post is gone."),
        (_with_fewer_words, "GET /api/invoices parameter status.eq no longer takes Draft."),
        (
            _without_a_header,
            "PATCH /api/invoices/{invoice_id} parameter Edit-Seq is gone.",
        ),
        (
            _without_a_bulk_operation,
            "POST /api/invoices/bulk body/operations/* no longer takes VoidOperation.",
        ),
    ],
)
def test_the_contract_is_not_renewed_where_that_breaks_clients_unless_it_is_meant(
    harm: Callable[[Any], None],
    sentence: str,
    published: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harmed = json.loads(published)
    harm(harmed)
    files = {"openapi-3.1.json": json.dumps(harmed).encode()}
    committed = tmp_path / "openapi-3.1.json"
    committed.write_bytes(published)
    before = committed.read_bytes()
    monkeypatch.setattr("daybook.contract.FOLDER", tmp_path)
    monkeypatch.setattr("daybook.contract.contract", lambda: files)

    refused = CliRunner().invoke(main, [])
    assert refused.exit_code == 1
    assert sentence in refused.output.splitlines()
    assert committed.read_bytes() == before

    meant = CliRunner().invoke(main, ["--breaking"])
    assert meant.exit_code == 0
    assert committed.read_bytes() == files["openapi-3.1.json"]
