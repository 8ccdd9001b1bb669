"""What was stored once can be read for ever: see ``tests/examples.py``."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Fact
from domain.facts import FACTS
from store.mapper import decode, encode
from tests.examples import EXAMPLES, shape
from tests.strategies import structs

GOLDEN = Path(__file__).parents[1] / "golden"


def stored(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes().removesuffix(b"\n")


def is_current(name: str, fact: Fact) -> bool:
    return shape(name) == f"{fact.TOPIC}.v{fact.class_version}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_stored_bytes_decode_to_the_same_fact_for_ever(name: str) -> None:
    topic, _, _ = name.rpartition(".")
    assert decode(topic, stored(name)) == EXAMPLES[name]


@pytest.mark.parametrize("name", [name for name, it in EXAMPLES.items() if is_current(name, it)])
def test_a_fact_encodes_to_the_same_bytes_for_ever(name: str) -> None:
    assert encode(EXAMPLES[name]) == stored(name)


@pytest.mark.parametrize("fact_type", FACTS, ids=lambda it: it.TOPIC)
@given(data=st.data())
def test_every_fact_survives_being_stored(fact_type: type[Fact], data: st.DataObject) -> None:
    fact = data.draw(structs(fact_type))
    state = encode(fact)
    read = decode(fact_type.TOPIC, state)
    assert read == fact
    assert encode(read) == state
