from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no annotations

from domain.aggregate import Fact
from domain.facts import FACTS
from store.public import render, render_thin
from store.public_schema import event_schema, event_schemas, thin
from tests.store.test_public import recorded
from tests.strategies import structs
from tests.wire import faults, strictly


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.TOPIC)
def test_every_body_of_every_fact_is_what_its_schema_says(kind: type[Fact]) -> None:
    @given(structs(kind))
    def conforms(fact: Fact) -> None:
        assert faults(render(recorded(fact))) == []
        assert faults(render_thin(recorded(fact))) == []

    conforms()


def test_the_schemas_are_schemas() -> None:
    for schema in event_schemas().values():
        Draft202012Validator.check_schema(schema)
        Draft202012Validator.check_schema(thin(schema))


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.TOPIC)
def test_a_schema_refuses_what_lacks_a_member_or_names_another_type(kind: type[Fact]) -> None:
    validator = Draft202012Validator(event_schema(kind))
    example: dict[str, Any] = {}

    @settings(max_examples=10)  # one of them is enough
    @given(structs(kind))
    def keep(fact: Fact) -> None:
        example.update(msgspec.json.decode(render(recorded(fact))))

    keep()
    assert validator.is_valid(example)
    for name in example:
        assert not validator.is_valid({k: v for k, v in example.items() if k != name})
    mistakes: list[dict[str, Any]] = [
        {"type": "no.such"},
        {"schemaVersion": 99},
        {"position": "1"},
        {"data": []},
    ]
    for wrong in mistakes:
        assert not validator.is_valid({**example, **wrong})


def test_new_fields_are_allowed_to_consumers_and_found_by_tests() -> None:
    schema = event_schemas()["customer.archived", 1]
    fact = next(kind for kind in FACTS if kind.TOPIC == "customer.archived")
    body = {**msgspec.json.decode(render(recorded(fact()))), "surprise": 1}
    assert Draft202012Validator(schema).is_valid(body)
    assert not Draft202012Validator(strictly(schema)).is_valid(body)
