"""The catalogue of events in docs/events.md, made from the code: nobody has to keep it true.

Renew it with ``python -m daybook.catalogue > docs/events.md``. The examples are the stored facts in
tests/golden, so the catalogue is made in a checkout, not where only the program is installed.
"""

import inspect
import json
import re
import sys
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec
from msgspec import UnsetType

from daybook.makers import makers_of_facts
from domain.aggregate import Fact
from domain.facts import FACTS
from store.mapper import decode
from store.public import public_event, public_fact
from store.recorded import Metadata, Recorded

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"

_HEAD = """# Events

<!-- Made by `python -m daybook.catalogue > docs/events.md`: change the docstrings instead. -->

Everything that ever happens in a book is one of these events. Webhooks deliver them, the feed and
the histories list them, and the state of every entity follows from them. A published topic or field
is never renamed or given another meaning; new fields may appear at any time, so ignore those you do
not know.

In every event, `position` counts the events of the book and `rowVersion` those of the entity, both
without gaps: whoever has seen `previousRowVersion` has missed nothing of the entity. The sections
below show `data`; around it stands the same envelope every time. A JSON Schema of each `type` and
`schemaVersion` is in [events/](events), and served under `/api/event-types`:

```json
{envelope}
```

| topic | meaning |
|---|---|
{index}
"""

_TYPES = {
    str: "text",
    int: "integer",
    bool: "true or false",
    Decimal: "decimal (as text)",
    date: "date (YYYY-MM-DD)",
    datetime: "instant (RFC 3339)",
    NoneType: "null",
}
_UNCHANGED = ", absent when unchanged"


def catalogue(golden: Path = GOLDEN) -> str:
    """The catalogue as Markdown: every fact, what it means, when it happens, and an example."""
    examples = {fact: _examples(fact, golden) for fact in FACTS}
    index = [f"| [`{it.TOPIC}`](#{_anchor(it.TOPIC)}) | {_summary(it)} |" for it in FACTS]
    first = examples[FACTS[0]][0]
    sections = [_HEAD.format(envelope=_json(_envelope(first)), index="\n".join(index))]
    makers = makers_of_facts()
    parts: dict[type[msgspec.Struct], msgspec.Struct] = {}
    for family, facts in groupby(FACTS, lambda it: it.TOPIC.partition(".")[0]):
        sections.append(f"## {family.replace('_', ' ').capitalize()}\n")
        for fact in facts:
            for example in examples[fact]:
                parts |= _parts(example)
            sections.append(_section(examples[fact][0], makers.get(fact.__name__, [])))
    sections.append("## Parts\n\nWhat stands inside of the fields above.\n")
    sections += [_part(value) for value in parts.values()]
    return "\n".join(sections)


def _examples(fact: type[Fact], golden: Path) -> list[Fact]:
    """The example of the fact as it is stored now, and further ones of the same shape."""
    name = f"{fact.TOPIC}.v{fact.class_version}"
    if not (golden / f"{name}.json").is_file():
        raise FileNotFoundError(f"There is no example {name}.json in {golden}: store one there.")
    files = (golden / f"{name}.json", *sorted(golden.glob(f"{name}-*.json")))
    return [decode(fact.TOPIC, file.read_bytes()) for file in files]


def _envelope(fact: Fact) -> Any:
    event = Recorded(
        book_id="bok_01K9VXEH3T0000000000000003",
        position=1042,
        stream=f"{fact.TOPIC.partition('.')[0]}/inv_01K9VXEH3T0000000000000002",
        version=1,
        event_id="evt_01K9VXEH3T0000000000000004",
        recorded_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        metadata=Metadata(actor="key_01K9VXEH3T0000000000000005", request_id="req-1"),
        fact=fact,
    )
    return msgspec.to_builtins(public_event(event))


# ---------------------------------------------------------------- one fact


def _section(example: Fact, makers: list[str]) -> str:
    fact = type(example)
    lines = [f"### {fact.TOPIC}", "", f"Version {fact.class_version}. {_prose(fact)}", ""]
    lines += ["It happens by", "", *(f"- {maker}" for maker in makers), ""]
    lines += _table(example)
    return "\n".join([*lines, "```json", _json(public_fact(example)), "```", ""])


def _part(value: msgspec.Struct) -> str:
    return "\n".join([f"### {type(value).__name__}", "", _prose(type(value)), "", *_table(value)])


def _table(value: msgspec.Struct) -> Iterator[str]:
    """The fields under their public names; of a change, those that it may name."""
    rows = [*_rows(value)]
    if not rows:
        return
    yield from ("| field | type |", "|---|---|")
    for name, type_ in rows:
        yield f"| `{name}` | {type_} |"
    yield ""


def _rows(value: msgspec.Struct) -> Iterator[tuple[str, str]]:
    config = value.__struct_config__
    if config.tag_field and config.tag:
        yield config.tag_field, f"`{config.tag}`"
    to = getattr(value, "to", value)
    for field in msgspec.structs.fields(type(to)):
        optional = to is not value and field.name != "id"
        yield _public(field.name), _type(field.type) + (_UNCHANGED if optional else "")


def _type(type_: Any) -> str:
    options = typing.get_args(type_)
    if typing.get_origin(type_) is tuple:
        return f"list of {_type(options[0])}"
    if options:
        known = [_type(it) for it in options if it is not UnsetType]
        return " or ".join(known) + (_UNCHANGED if UnsetType in options else "")
    if type_ in _TYPES:
        return _TYPES[type_]
    return f"[{type_.__name__}](#{_anchor(type_.__name__)})"


def _parts(value: msgspec.Struct) -> dict[type[msgspec.Struct], msgspec.Struct]:
    """Every Struct inside of the value, by its type."""
    to = getattr(value, "to", value)
    found: dict[type[msgspec.Struct], msgspec.Struct] = {}
    for name in to.__struct_fields__:
        inner = getattr(to, name)
        for part in inner if isinstance(inner, tuple) else (inner,):
            if isinstance(part, msgspec.Struct):
                found |= {type(part): part} | _parts(part)
    return found


# ---------------------------------------------------------------- words


def _summary(fact: type[Fact]) -> str:
    return _prose(fact).split(". ")[0].rstrip(".") + "."


def _prose(type_: type[msgspec.Struct]) -> str:
    """The docstring as one paragraph, with names as they are in public."""
    text = " ".join((inspect.getdoc(type_) or "").split())
    return re.sub(r"``(.+?)``", lambda found: f"`{_camel(found[1], type_)}`", text)


def _camel(name: str, type_: type[msgspec.Struct]) -> str:
    to = typing.get_type_hints(type_).get("to", type_)
    return _public(name) if name in getattr(to, "__struct_fields__", ()) else name


def _public(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def _anchor(title: str) -> str:
    return title.lower().replace(".", "")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(catalogue())
