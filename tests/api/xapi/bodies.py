"""Bodies made from a JSON Schema: whatever a client may send that has read nothing else."""

import string
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

_TEXT = st.characters(codec="utf-8")
_LINES = st.sampled_from(["1", "2", "3", "lin_unknown"])


def bodies(schema: Mapping[str, Any]) -> st.SearchStrategy[Json]:
    """Bodies that the schema allows."""
    defs = schema["$defs"]
    return _values({"$ref": schema["$ref"]}, defs)


def _values(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _values(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        return st.one_of([_values(it, defs) for it in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return _objects(schema, defs)
        case "array":
            items = _values(schema["items"], defs)
            return st.lists(items, max_size=min(schema.get("maxItems", 3), 3))
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case _:
            return _strings(schema)


def _objects(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> st.SearchStrategy[Json]:
    members = {
        name: st.one_of(_LINES, _values(it, defs)) if name.endswith("LineId") else _values(it, defs)
        for name, it in schema["properties"].items()
    }
    must = {name: members.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(must, optional=members)


def _strings(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda it: f"{it.isoformat()}Z")
    least, most = schema.get("minLength", 0), schema.get("maxLength", 20)
    texts = (
        st.from_regex(schema["pattern"], alphabet=_TEXT)
        if "pattern" in schema
        else st.text(string.printable, max_size=most)
    )
    examples = st.sampled_from(schema["examples"]) if "examples" in schema else st.nothing()
    return examples | texts.filter(lambda it: least <= len(it) <= most)
