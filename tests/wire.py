"""What leaves on the wire is checked against its published schema, and for anything beyond it."""

from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no annotations

from store.public_schema import event_schemas, thin


def strictly(schema: Any) -> Any:
    """The schema, with nothing allowed that it does not name."""
    if isinstance(schema, list):
        return [strictly(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: strictly(value) for key, value in schema.items()}
    closed = "properties" in schema and "additionalProperties" not in schema
    return {**inner, "additionalProperties": False} if closed else inner


@cache
def _validator(topic: str, version: int, *, is_thin: bool) -> Draft202012Validator:
    schema = event_schemas()[topic, version]
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(
        strictly(thin(schema) if is_thin else schema), format_checker=checker
    )


def faults(body: bytes) -> list[str]:
    """What is wrong with the body of a webhook; a thin one is known by its data, an id alone."""
    event = msgspec.json.decode(body)
    is_thin = list(event["data"]) == ["id"]
    validator = _validator(event["type"], event["schemaVersion"], is_thin=is_thin)
    return [error.message for error in validator.iter_errors(event)]
