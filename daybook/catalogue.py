"""The catalogue of events in docs/events.md, made from the code: nobody has to keep it true.

Renew it with ``python -m daybook.catalogue > docs/events.md``. The examples are the stored facts in
tests/golden, so the catalogue is made in a checkout, not where only the program is installed.
"""

import importlib
import inspect
import json
import pkgutil
import sys
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from types import CodeType, NoneType
from typing import Any

import msgspec
from msgspec import UnsetType

import domain
from domain.aggregate import Fact
from domain.facts import FACTS
from store.mapper import decode
from store.public import public_event, public_fact
from store.public_schema import meaning
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


def catalogue(golden: Path = GOLDEN) -> str:
    """The catalogue as Markdown: every fact, what it means, when it happens, and an example."""
    examples = {fact: _example(fact, golden) for fact in FACTS}
    index = [f"| [`{it.TOPIC}`](#{_anchor(it.TOPIC)}) | {_summary(it)} |" for it in FACTS]
    first = next(iter(examples.values()))
    sections = [_HEAD.format(envelope=_json(_envelope(first)), index="\n".join(index))]
    makers = _makers()
    parts: dict[type[msgspec.Struct], tuple[msgspec.Struct, dict[str, Any]]] = {}
    for family, facts in groupby(FACTS, lambda it: it.TOPIC.partition(".")[0]):
        sections.append(f"## {family.capitalize()}\n")
        for fact in facts:
            example = examples[fact]
            parts |= _parts(example, public_fact(example))
            sections.append(_section(example, makers.get(fact.__name__, [])))
    sections.append("## Parts\n\nWhat stands inside of the fields above.\n")
    sections += [_part(value, public) for value, public in parts.values()]
    return "\n".join(sections)


def _example(fact: type[Fact], golden: Path) -> Fact:
    path = golden / f"{fact.TOPIC}.v{fact.class_version}.json"
    if not path.is_file():
        raise FileNotFoundError(f"There is no example {path.name} in {golden}: store one there.")
    return decode(fact.TOPIC, path.read_bytes())


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
    fact, public = type(example), public_fact(example)
    lines = [f"### {fact.TOPIC}", "", f"Version {fact.class_version}. {meaning(fact)}", ""]
    lines += ["It happens by", "", *(f"- {maker}" for maker in makers), ""]
    lines += _table(example, public)
    return "\n".join([*lines, "```json", _json(public), "```", ""])


def _part(value: msgspec.Struct, public: dict[str, Any]) -> str:
    return "\n".join(
        [f"### {type(value).__name__}", "", meaning(type(value)), "", *_table(value, public)]
    )


def _table(value: msgspec.Struct, public: dict[str, Any]) -> Iterator[str]:
    """The fields under their public names. The example names every one, so that they pair up."""
    fields = msgspec.structs.fields(type(value))
    if not fields:
        return
    yield from ("| field | type |", "|---|---|")
    for field, name in zip(fields, public, strict=True):
        yield f"| `{name}` | {_type(field.type)} |"
    yield ""


def _type(type_: Any) -> str:
    options = typing.get_args(type_)
    if typing.get_origin(type_) is tuple:
        return f"list of {_type(options[0])}"
    if options:
        known = [_type(it) for it in options if it is not UnsetType]
        return " or ".join(known) + (", absent when unchanged" if UnsetType in options else "")
    if type_ in _TYPES:
        return _TYPES[type_]
    return f"[{type_.__name__}](#{_anchor(type_.__name__)})"


def _parts(
    value: msgspec.Struct, public: dict[str, Any]
) -> dict[type[msgspec.Struct], tuple[msgspec.Struct, dict[str, Any]]]:
    """Every Struct inside of the value, beside its public form."""
    found: dict[type[msgspec.Struct], tuple[msgspec.Struct, dict[str, Any]]] = {}
    for name, shown in zip(value.__struct_fields__, public.values(), strict=True):
        inner = getattr(value, name)
        pairs = zip(inner, shown, strict=True) if isinstance(inner, tuple) else [(inner, shown)]
        for part, fields in pairs:
            if isinstance(part, msgspec.Struct):
                found |= {type(part): (part, fields)} | _parts(part, fields)
    return found


# ---------------------------------------------------------------- what the code says


def _makers() -> dict[str, list[str]]:
    """By the name of a fact, the decisions that make it, each with what it does."""
    found: dict[str, list[str]] = {}
    for module in _decision_modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__
            if not own or name.startswith("_") or name == "evolve":
                continue
            meaning = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
            entry = f"`{module.__name__.rpartition('.')[2]}.{name}`: {meaning}"
            for mentioned in _names(function):
                found.setdefault(mentioned, []).append(entry)
    return found


def _decision_modules() -> list[Any]:
    modules = pkgutil.iter_modules(domain.__path__, "domain.")
    return [importlib.import_module(found.name) for found in modules if not found.ispkg]


def _names(function: Callable[..., Any]) -> set[str]:
    """What a function names in its signature or its body."""
    hints = [getattr(it, "__name__", "") for it in typing.get_type_hints(function).values()]
    return {*hints, *_names_in(function.__code__)}


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _summary(fact: type[Fact]) -> str:
    return meaning(fact).split(". ")[0].rstrip(".") + "."


def _anchor(title: str) -> str:
    return title.lower().replace(".", "")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(catalogue())
