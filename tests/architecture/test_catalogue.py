"""docs/events.md and docs/events/ are made from the code, so they are true or this fails."""

from pathlib import Path

import pytest

from daybook.catalogue import GOLDEN, catalogue
from daybook.event_schemas import FOLDER, schema_files
from domain.facts import FACTS
from store.mapper import decode
from store.public import public_fact
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "events.md"
RENEW = "Renew the page: python -m daybook.catalogue > docs/events.md"


def test_the_schemas_are_what_the_code_says_and_old_ones_stay() -> None:
    current = schema_files()
    committed = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    stale = [name for name, content in current.items() if committed.get(name) != content]
    assert stale == [], "Renew them: python -m daybook.event_schemas"
    versions = {fact.TOPIC: fact.class_version for fact in FACTS}
    for name in committed.keys() - current.keys():
        topic, _, version = name.removesuffix(".json").rpartition(".v")
        assert int(version) < versions[topic], f"{name} is the schema of nothing: delete it."


def section(topic: str) -> str:
    """What the catalogue says about one fact."""
    _, _, rest = catalogue().partition(f"### {topic}\n")
    return rest.partition("\n##")[0]


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue(), RENEW


@pytest.mark.parametrize("topic", [fact.TOPIC for fact in FACTS])
def test_every_fact_is_explained_with_every_field_and_what_makes_it_happen(topic: str) -> None:
    text = section(topic)
    assert "It happens by\n\n- `" in text, "No decision in domain makes this fact."
    fact = decode(topic, (GOLDEN / f"{topic}.v1.json").read_bytes())
    assert [f"`{name}` |" for name in public_fact(fact) if f"| `{name}` |" not in text] == []
    assert "None" not in text
    assert "UnsetType" not in text


def test_types_are_said_in_words() -> None:
    text = section("invoice.header_changed")
    assert "| `issueDate` | date (YYYY-MM-DD) or null, absent when unchanged |" in text
    assert "| `taxes` | list of [TaxTotal](#taxtotal) |" in catalogue()


def test_a_fact_without_an_example_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no example .*\.v1\.json"):
        catalogue(tmp_path)
