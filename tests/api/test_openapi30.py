"""From OpenAPI 3.1 to 3.0.3, rule by rule."""

import enum
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta
from openapi_spec_validator import OpenAPIV30SpecValidator

from api.openapi30 import downgrade, lost
from api.wire import Wire

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "paths": {},
}


def schema(source: Any, **others: Any) -> Any:
    document = {**DOCUMENT, "components": {"schemas": {"It": source, **others}}}
    found = downgrade(document)
    assert list(OpenAPIV30SpecValidator(found).iter_errors()) == []
    return found["components"]["schemas"]["It"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"enum": ["A", "B"]}, {"type": "null"}]},
            {"enum": ["A", "B", None], "type": "string", "nullable": True},
        ),
        (
            {"type": ["string", "integer"]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        (
            {"type": ["string", "integer", "null"]},
            {
                "anyOf": [
                    {"type": "string", "nullable": True},
                    {"type": "integer", "nullable": True},
                ]
            },
        ),
        ({"type": "null"}, {"type": "string", "nullable": True, "enum": [None]}),
        (
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}], "default": None},
            {"type": "string", "maxLength": 3, "nullable": True},
        ),
        (
            {"oneOf": [{"type": "null"}, {"type": "integer"}], "description": "d"},
            {"type": "integer", "description": "d", "nullable": True},
        ),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Other"}, {"type": "null"}]},
            {
                "allOf": [{"$ref": "#/components/schemas/Other"}],
                "type": "object",
                "nullable": True,
            },
        ),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Colour"}, {"type": "null"}]},
            {
                "allOf": [{"$ref": "#/components/schemas/Colour"}],
                "type": "string",
                "nullable": True,
            },
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        ),
        ({"const": "a"}, {"enum": ["a"], "type": "string"}),
        ({"const": 1}, {"enum": [1], "type": "integer"}),
        (
            {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9},
            {
                "type": "integer",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 9,
                "exclusiveMaximum": True,
            },
        ),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        (
            {"$ref": "#/components/schemas/Other", "description": "d"},
            {"allOf": [{"$ref": "#/components/schemas/Other"}], "description": "d"},
        ),
        ({"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}),
        ({"type": "string", "default": None}, {"type": "string"}),
        ({"type": "object", "required": []}, {"type": "object"}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
            {
                "type": "array",
                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        ({"type": "object", "propertyNames": {"maxLength": 3}}, {"type": "object"}),
        ({"type": "object", "additionalProperties": False}, None),
        (
            {"type": "object", "properties": {"a": True, "b": False}},
            {"type": "object", "properties": {"a": {}, "b": {"not": {}}}},
        ),
        (
            {"type": "array", "items": {"type": ["integer", "null"]}},
            {"type": "array", "items": {"type": "integer", "nullable": True}},
        ),
    ],
)
def test_a_schema_is_said_in_the_words_of_3_0(before: Any, after: Any) -> None:
    others = {"Other": {"type": "object"}, "Colour": {"enum": ["red", "blue"]}}

    assert schema(before, **others) == (before if after is None else after)


def test_definitions_inside_a_schema_become_components() -> None:
    inner = {"type": "object", "properties": {"x": {"type": ["integer", "null"]}}}
    before = {"$defs": {"Inner": inner}, "type": "array", "items": {"$ref": "#/$defs/Inner"}}

    found = downgrade({**DOCUMENT, "components": {"schemas": {"It": before}}})

    schemas = found["components"]["schemas"]
    assert schemas["It"]["items"] == {"$ref": "#/components/schemas/Inner"}
    assert schemas["Inner"]["properties"]["x"] == {"type": "integer", "nullable": True}


def test_what_cannot_be_said_is_listed() -> None:
    source = {"type": "object", "propertyNames": {}, "properties": {"a": {"prefixItems": [{}]}}}

    assert lost({**DOCUMENT, "components": {"schemas": {"It": source}}}) == (
        ["schema: propertyNames", "schema: prefixItems"]
    )


def test_the_frame_of_the_document_is_converted() -> None:
    nullable = {"type": ["string", "null"]}
    media = {"application/json": {"schema": nullable}}
    parameter = {"name": "p", "in": "query", "schema": nullable}
    hook = {"post": {"requestBody": {"content": media}, "responses": {}}}
    operation = {
        "parameters": [parameter],
        "requestBody": {"content": media},
        "responses": {
            "200": {
                "description": "ok",
                "headers": {"H": {"schema": nullable}},
                "content": media,
            }
        },
        "callbacks": {"on": {"{$request.body#/url}": hook}},
    }
    before = {
        **DOCUMENT,
        "info": {
            "title": "T",
            "version": "1",
            "summary": "s",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://example.com",
        "paths": {"/x": {"parameters": [parameter], "post": operation}},
        "webhooks": {"invoice.posted": hook},
        "components": {
            "pathItems": {"P": {}},
            "parameters": {"P": parameter},
            "responses": {"R": {"description": "ok", "content": media}},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "tls": {"type": "mutualTLS"},
            },
        },
    }

    after = downgrade(before)

    assert "null" not in str(after).replace("nullable", "")
    assert after["openapi"] == "3.0.3"
    assert after["info"] == {"title": "T", "version": "1", "license": {"name": "Apache 2.0"}}
    assert list(after["x-webhooks"]) == ["invoice.posted"]
    assert "webhooks" not in after
    assert list(after["components"]["securitySchemes"]) == ["bearer"]
    assert "pathItems" not in after["components"]
    assert before["paths"]["/x"]["post"] is operation
    assert parameter["schema"] is nullable


class Colour(enum.Enum):
    RED = "red"


class Leaf(Wire, tag="leaf"):
    size: Annotated[int, Meta(gt=0, lt=9)] | None = None


class Branch(Wire, tag="branch"):
    leaves: Annotated[list[Leaf], Meta(min_length=1)]
    colour: Colour | None = None
    on: date | None = None
    kind: Literal["a", "b"] | None = None
    other: Leaf | None = None
    either: Leaf | Colour | int | None = None
    note: dict[str, Annotated[str, Meta(max_length=3)]] | None = None
    pair: tuple[int, str] | None = None
    raw: bytes = b""


def test_whatever_msgspec_describes_becomes_valid() -> None:
    kinds = [Branch, Leaf | Branch | None, list[Branch | None], dict[str, Colour]]
    found, schemas = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    roots = {f"Root{place}": root for place, root in enumerate(found)}

    after = downgrade({**DOCUMENT, "components": {"schemas": {**schemas, **roots}}})

    assert list(OpenAPIV30SpecValidator(after).iter_errors()) == []


_LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": ["integer", "null"]},
        {"type": "null"},
        {"const": 3},
        {"type": "integer", "exclusiveMinimum": 1, "examples": [2]},
        {"$ref": "#/components/schemas/Other"},
        {"$ref": "#/components/schemas/Other", "title": "t"},
    ]
)
_SCHEMAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda it: {"type": "array", "items": it}, inner),
        st.builds(lambda it: {"type": "object", "properties": {"a": it}}, inner),
        st.builds(lambda it: {"type": "object", "additionalProperties": it}, inner),
        st.builds(lambda it: {"anyOf": [*it, {"type": "null"}]}, st.lists(inner, min_size=1)),
        st.builds(lambda it: {"oneOf": it, "default": None}, st.lists(inner, min_size=1)),
    ),
    max_leaves=6,
)


@given(_SCHEMAS)
def test_any_schema_becomes_a_valid_one(source: Any) -> None:
    schema(source, Other={"type": "object"})
