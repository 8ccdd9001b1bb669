"""What in a new contract breaks clients that were written for the old one.

Requests may come to accept more, and answers may come to tell more. The other way round, a client
that was right is refused, or misses what it relied on.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch")
_TIGHTER: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("maxLength", "maximum", "exclusiveMaximum", "maxItems"), -1),
        **dict.fromkeys(("minLength", "minimum", "exclusiveMinimum", "minItems"), 1),
        "maxProperties": -1,
    }
)
"""Bounds of requests, and in which direction they refuse what was accepted."""
_NULL = {"type": "null"}


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Sentences, one for each change between two OpenAPI 3.1 documents that breaks clients."""
    return sorted(set(_Comparison(old, new).changes()))


class _Comparison:
    """Walks two documents side by side. A schema that refers to itself is looked at once."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str, bool]] = set()

    def changes(self) -> Iterator[str]:
        for path, item in self._old["paths"].items():
            for method in _METHODS:
                if method not in item:
                    continue
                name = f"{method.upper()} {path}"
                found = self._new["paths"].get(path, {}).get(method)
                if found is None:
                    yield f"{name} is gone."
                else:
                    yield from self._operation(name, item[method], found)
        sent = self._new.get("webhooks", {})
        for topic, hook in self._old.get("webhooks", {}).items():
            name = f"Webhook {topic}"
            if topic not in sent:
                yield f"{name} is gone."
            else:
                before, after = hook["post"]["requestBody"], sent[topic]["post"]["requestBody"]
                yield from self._content(name, before, after, asked=False)

    def _operation(self, name: str, old: Json, new: Json) -> Iterator[str]:
        yield from self._parameters(name, old, new)
        if new.get("security") and not old.get("security"):
            yield f"{name} needs a key now."
        before, after = old.get("requestBody"), new.get("requestBody")
        if after and after.get("required") and not (before and before.get("required")):
            yield f"{name} needs a body now."
        if before:
            yield from self._content(f"{name} body", before, after or {}, asked=True)
        for status, response in old["responses"].items():
            if status.startswith("2"):
                found = new["responses"].get(status)
                if found is None:
                    yield f"{name} no longer answers {status}."
                else:
                    yield from self._content(f"{name} {status}", response, found, asked=False)

    def _parameters(self, name: str, old: Json, new: Json) -> Iterator[str]:
        before, after = _named(self._old, old), _named(self._new, new)
        for key, parameter in after.items():
            if key not in before and parameter.get("required") and key[0] != "path":
                yield f"{name} needs the parameter {key[1]} now."
        for key, parameter in before.items():
            place = f"{name} parameter {key[1]}"
            if key not in after:
                if key[0] != "path":
                    yield f"{place} is gone."
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{place} is required now."
            yield from self._schema(place, parameter["schema"], after[key]["schema"], asked=True)

    def _content(self, place: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        for media_type, media in old.get("content", {}).items():
            found = new.get("content", {}).get(media_type)
            if found is None:
                yield f"{place}: {media_type} is gone."
            elif "schema" in media and "schema" in found:
                yield from self._schema(place, media["schema"], found["schema"], asked=asked)

    # ------------------------------------------------------------ schemas

    def _schema(self, place: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"], asked)
            if pair in self._seen:
                return
            self._seen.add(pair)
        yield from self._choices(place, old, new, asked=asked)
        old, new = _plain(self._old, old), _plain(self._new, new)
        yield from _types(place, old, new, asked=asked)
        if asked:
            yield from _bounds(place, old, new)
        yield from self._members(place, old, new, asked=asked)
        if "items" in old and "items" in new:
            yield from self._schema(f"{place}/*", old["items"], new["items"], asked=asked)

    def _choices(self, place: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        """What may be one of several things: an answer may come to be another one besides."""
        before, after = _alternatives(old), _alternatives(new)
        if len(before) < 2:  # noqa: PLR2004 - one alone is no choice
            return
        for name, choice in before.items():
            if name in after:
                yield from self._schema(f"{place}/{name}", choice, after[name], asked=asked)
            elif asked:
                yield f"{place} no longer takes {name}."

    def _members(self, place: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, promised = set(new.get("required", ())), set(old.get("required", ()))
        for name in [it for it in after if it in needed and it not in promised and asked]:
            yield f"{place}/{name} is required now."
        for name, schema in before.items():
            if name not in after:
                # An answer may stay open; a request refuses fields that it does not know.
                if after or new.get("additionalProperties") is False:
                    yield f"{place}/{name} is gone."
                continue
            if not asked and name in promised - needed:
                yield f"{place}/{name} may be missing now."
            yield from self._schema(f"{place}/{name}", schema, after[name], asked=asked)


def _named(document: Json, operation: Json) -> dict[tuple[str, str], Json]:
    """The parameters of an operation by place and name; some stand among the components."""
    shared = document.get("components", {}).get("parameters", {})
    given = operation.get("parameters", ())
    found = [shared[it["$ref"].rpartition("/")[2]] if "$ref" in it else it for it in given]
    return {(it["in"], it["name"]): it for it in found}


def _plain(document: Json, schema: Json) -> Json:
    """The schema itself for a reference, and one type with null for a choice with null."""
    while "$ref" in schema:
        found: Json = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        schema = {**found, **{key: it for key, it in schema.items() if key != "$ref"}}
    choices = schema.get("anyOf", [])
    real = [it for it in choices if it != _NULL]
    if len(real) != 1:
        return schema
    only = _plain(document, real[0])
    rest = {key: it for key, it in schema.items() if key != "anyOf"}
    kinds = _kinds(only) | ({"null"} if _NULL in choices else set())
    return {**rest, **only, "type": sorted(kinds)}


def _alternatives(schema: Json) -> dict[str, Json]:
    """The schemas that it is a choice of, or the one that it is, by name."""
    choices = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return {it["$ref"].rpartition("/")[2]: it for it in choices if "$ref" in it}


def _kinds(schema: Json) -> set[str]:
    """The JSON types that a schema allows as far as it names them itself."""
    named = schema.get("type", [])
    kinds = {named} if isinstance(named, str) else set(named)
    for choice in schema.get("anyOf", ()):
        kinds |= {choice["type"]} if isinstance(choice.get("type"), str) else {"?"}
    return kinds


def _types(place: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
    before, after = _kinds(old), _kinds(new)
    if before and after and "?" not in before | after:
        lost = before - after if asked else after - before
        if lost:
            verb = "no longer takes" if asked else "may be"
            yield f"{place} {verb} {' or '.join(sorted(lost))}."
    words, allowed = set(old.get("enum", ())), new.get("enum")
    if asked and allowed is not None:
        if "enum" not in old and "const" not in old:
            yield f"{place} takes only certain words now."
        elif gone := words - set(allowed):
            yield f"{place} no longer takes {', '.join(sorted(map(str, gone)))}."


def _bounds(place: str, old: Json, new: Json) -> Iterator[str]:
    if "enum" in old:
        return  # the words say it all
    for word, direction in _TIGHTER.items():
        bound, was = new.get(word), old.get(word)
        if bound is not None and (was is None or (bound - was) * direction > 0):
            yield f"{place} has the {word} {bound} now{'' if was is None else f', it was {was}'}."
    pattern = new.get("pattern")
    if pattern not in {None, old.get("pattern")}:
        yield f"{place} must match {'another' if 'pattern' in old else 'a'} pattern now."
