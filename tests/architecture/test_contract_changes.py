"""What breaks clients is found; what does not is let through."""

import copy
import json
from typing import Any

import pytest

from daybook.contract import contract
from daybook.contract_changes import breaking_changes

OLD: dict[str, Any] = {
    "paths": {
        "/things": {
            "post": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}
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
    "components": {
        "schemas": {
            "In": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
                    "size": {"enum": ["s", "m"], "type": "string"},
                    "part": {"$ref": "#/components/schemas/In"},
                },
            },
            "Out": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "size": {"type": "string"}},
                "required": ["id"],
            },
        }
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


POST = ("paths", "/things", "post")
IN = ("components", "schemas", "In")
OUT = ("components", "schemas", "Out")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (changed("paths", "/things"), "POST /things is gone."),
        (changed(*POST), "POST /things is gone."),
        (changed(*POST, "parameters"), "POST /things parameter limit is gone."),
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
        changed(*IN, "properties", "size", "enum", to=["s", "m", "l"]),
        changed(*OUT, "properties", "colour", to={"type": "string"}),
        changed(*OUT, "required", to=["id", "size"]),
    ],
)
def test_what_only_adds_is_let_through(document: dict[str, Any]) -> None:
    assert breaking_changes(OLD, document) == []


def test_the_contract_does_not_break_itself_and_taking_any_operation_away_is_noticed() -> None:
    document = json.loads(contract()["openapi-3.1.json"])
    assert breaking_changes(document, document) == []
    for path in [*document["paths"]][::25]:
        fewer = {**document, "paths": {k: v for k, v in document["paths"].items() if k != path}}
        assert breaking_changes(document, fewer), path
