"""What a fact needs before it may be stored for the first time, and so for ever."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import domain
import domain.facts
from domain.aggregate import Aggregate, Fact
from domain.facts import FACTS
from domain.facts.invoice import InvoiceLineAdded
from domain.facts.lines import KINDS, kind_of
from store.mapper import encode
from tests.architecture.sources import ROOT
from tests.examples import EXAMPLES, shape

GOLDEN = ROOT / "tests" / "golden"
IRREGULAR = {
    "begun",
    "overridden",
    "paid",
    "put",
    "sent",
    "set",
    "sold",
    "taken",
    "withdrawn",
    "written",
}


def modules(package: Any) -> list[Any]:
    names = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(found.name) for found in names]


def defined_facts() -> list[type[Fact]]:
    """Every fact that some file in domain/facts defines."""
    return [
        thing
        for module in modules(domain.facts)
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Fact)
        and thing.__module__ == module.__name__
    ]


def aggregates() -> set[str]:
    """The names of all aggregates."""
    things = (thing for module in modules(domain) for thing in vars(module).values())
    return {thing.name for thing in things if isinstance(thing, Aggregate)}


def topic_faults(fact: type[Fact], known: set[str]) -> Iterator[str]:
    """Integrators subscribe to topics by family and read them: all are made in the same way."""
    if not re.fullmatch(r"[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*", fact.TOPIC):
        yield f"{fact.TOPIC!r}: write a topic as <aggregate>.<past_tense>."
        return
    _, _, action = fact.TOPIC.partition(".")
    words = fact.TOPIC.replace(".", "_")
    if not any(words.startswith(f"{name.replace('-', '_')}_") for name in known):
        yield f"{fact.TOPIC!r}: it begins with none of the aggregates {sorted(known)}."
    if not any(it.endswith("ed") or it in IRREGULAR for it in action.split("_")):
        yield f"{fact.TOPIC!r}: a fact has happened, so {action!r} stands in the past tense."
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", fact.__name__).lower()
    if snake not in {words, action}:
        yield f"{fact.__name__} and its topic {fact.TOPIC!r} say different things."


def unnamed_fields(value: msgspec.Struct, stored: dict[str, Any], at: str = "") -> Iterator[str]:
    """Fields that an example leaves out: a change of theirs would not be noticed."""
    for name in value.__struct_fields__:
        if name not in stored:
            yield f"{at}{name}"
            continue
        inner, kept = getattr(value, name), stored[name]
        pairs = zip(inner, kept, strict=True) if isinstance(inner, tuple) else [(inner, kept)]
        for part, fields in pairs:
            if isinstance(part, msgspec.Struct):
                yield from unnamed_fields(part, fields, f"{at}{name}.")


def test_every_fact_is_registered_because_what_is_not_cannot_be_stored() -> None:
    assert {*defined_facts()} == {*FACTS}


@pytest.mark.parametrize("fact", FACTS, ids=lambda it: it.TOPIC)
def test_every_fact_says_what_has_happened(fact: type[Fact]) -> None:
    own = vars(fact)
    assert own.get("__doc__"), f"{fact.__name__} has no docstring: what has happened?"
    assert "TOPIC" in own, f"{fact.__name__} needs a TOPIC of its own."
    assert list(topic_faults(fact, aggregates())) == []


@pytest.mark.parametrize("fact", FACTS, ids=lambda it: it.TOPIC)
def test_every_shape_of_a_fact_has_a_golden_file(fact: type[Fact]) -> None:
    for version in range(1, fact.class_version + 1):
        name = f"{fact.TOPIC}.v{version}"
        assert name in EXAMPLES, f"Add an example {name!r} to tests/examples.py."
        path = GOLDEN / f"{name}.json"
        assert path.is_file(), f"Store {encode(EXAMPLES[name]).decode()} in {path.name}."


@pytest.mark.parametrize("fact", FACTS, ids=lambda it: it.TOPIC)
def test_the_examples_of_a_fact_name_every_field(fact: type[Fact]) -> None:
    current = f"{fact.TOPIC}.v{fact.class_version}"
    for name, example in EXAMPLES.items():
        if shape(name) == current and not name.endswith("-first"):
            assert [*unnamed_fields(example, json.loads(encode(example)))] == []


def test_every_kind_of_line_has_an_example() -> None:
    added = [it for it in EXAMPLES.values() if isinstance(it, InvoiceLineAdded)]
    assert {kind_of(it.line) for it in added} == {*KINDS}


def test_no_golden_file_is_orphaned() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.json" for name in EXAMPLES}


# ---------------------------------------------------------------- the rules can fail


class CustomerArchived(Fact, frozen=True, kw_only=True):
    TOPIC = "customer.archived"

    note: str | None = None
    nested: tuple["CustomerArchived", ...] = ()


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("archived", "<aggregate>.<past_tense>"),
        ("Customer.archived", "<aggregate>.<past_tense>"),
        ("customer.Archived", "<aggregate>.<past_tense>"),
        ("supplier.archived", "none of the aggregates"),
        ("customer.archive", "past tense"),
        ("customer.unarchived", "say different things"),
    ],
)
def test_a_topic_of_another_make_is_found(topic: str, hint: str) -> None:
    assert list(topic_faults(CustomerArchived, {"customer"})) == []
    planted = type("CustomerArchived", (), {"TOPIC": topic})
    assert any(hint in fault for fault in topic_faults(planted, {"customer"}))


def test_an_example_that_leaves_a_field_out_is_found() -> None:
    inner = CustomerArchived(note="x")
    example = CustomerArchived(note="x", nested=(inner,))
    stored = {"note": "x", "nested": [{"note": "x"}]}
    assert [*unnamed_fields(example, stored)] == ["nested.nested"]
    assert [*unnamed_fields(example, {})] == ["note", "nested"]
