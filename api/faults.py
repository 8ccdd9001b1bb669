"""Everything that is wrong with a value, told in one go.

msgspec stops at the first violation. When it refuses a body, the walk below looks at every field
against the same types and with the same converter, so both always agree on what is valid.
"""

import difflib
import enum
import re
from collections.abc import Iterator
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

MAX_FAULTS = 100
"""More are not listed: whoever sends that many has one mistake repeated."""

_MAX_DETAIL = 300
_MAX_KEY = 64


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong: in the body at a JSON pointer (RFC 6901), or in a parameter."""

    code: str
    detail: str
    pointer: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET


# ---------------------------------------------------------------- words

_CODES = (
    ("missing required field", "required"),
    ("of length <=", "too-long"),
    ("of length >=", "too-short"),
    ("matching regex", "wrong-format"),
    ("`, got `", "wrong-type"),
    ("enum value", "unknown-value"),
    ("Invalid value", "unknown-value"),
    ("out of range", "out-of-range"),
    ("` >", "out-of-range"),
    ("` <", "out-of-range"),
)

_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def fault_code(message: str) -> str:
    """The stable code for a message of msgspec's."""
    return next((code for part, code in _CODES if part in message), "wrong-format")


def sentence(message: str) -> str:
    """A message of msgspec's in the words of JSON instead of Python."""

    def words(match: re.Match[str]) -> str:
        names = match[1].split(" | ")
        kept = [name for name in names if name != "null"] or names
        return " or ".join(_WORDS.get(name, name) for name in kept)

    return re.sub(r"`([^`]*)`", words, message)[:_MAX_DETAIL].rstrip(".") + "."


# ---------------------------------------------------------------- the walk


def faults_of(kind: Any, value: object) -> list[Fault]:
    """What is wrong with ``value``, as JSON decoded it, for the type ``kind``; at most 100."""
    return list(islice(_walk(kind, value, ""), MAX_FAULTS))


def _walk(kind: Any, value: object, pointer: str) -> Iterator[Fault]:
    found = False
    for fault in _inside(kind, value, pointer):
        found = True
        yield fault
    yield from _bounds(kind, value, pointer) if found else _whole(kind, value, pointer)


def _inside(kind: Any, value: object, pointer: str) -> Iterator[Fault]:
    """The faults of the members of an object or an array; none for anything else."""
    if isinstance(value, dict):
        for struct in _structs(kind, value):
            yield from _members(struct, value, pointer)
        for mapping in _generics(kind, dict):
            item = get_args(mapping)[1]
            for key, member in value.items():
                yield from _walk(item, member, _join(pointer, key))
    elif isinstance(value, list):
        for sequence in _generics(kind, list, tuple, set, frozenset):
            item, *rest = get_args(sequence)
            for index, member in enumerate(value) if rest in ([], [...]) else ():
                yield from _walk(item, member, f"{pointer}/{index}")


def _members(struct: Any, value: dict[str, Any], pointer: str) -> Iterator[Fault]:
    config = struct.__struct_config__
    known = {config.tag_field} if config.tag_field else set()
    for field in msgspec.structs.fields(struct):
        known.add(field.encode_name)
        path = _join(pointer, field.encode_name)
        if field.encode_name in value:
            yield from _walk(field.type, value[field.encode_name], path)
        elif field.required:
            yield Fault(code="required", detail="This field is required.", pointer=path)
    if config.forbid_unknown_fields:
        for key in value:
            if key not in known:
                yield _unknown(key, known, pointer)


def _unknown(key: str, known: set[str], pointer: str) -> Fault:
    close = difflib.get_close_matches(key[:_MAX_KEY], known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return Fault(
        code="unknown-field",
        detail=f"There is no field {key[:_MAX_KEY]!r} here.{hint}",
        pointer=_join(pointer, key) if len(key) <= _MAX_KEY else pointer,
    )


def _whole(kind: Any, value: object, pointer: str) -> Iterator[Fault]:
    """What the converter says about the value as a whole."""
    try:
        msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        fault = told(str(error), pointer)
        expected = _expectation(kind, value, fault.code)
        yield msgspec.structs.replace(fault, detail=expected) if expected else fault


def told(message: str, pointer: str = "") -> Fault:
    """The fault in a message of msgspec's, such as ``Expected `int`, got `str` - at `$.rank```."""
    text, _, path = message.partition(" - at `$")
    steps = re.findall(r"[.\[]([^.\[\]`]+)", path.partition("[...]")[0])
    path = pointer + "".join(f"/{step}" for step in steps)
    return Fault(code=fault_code(text), detail=sentence(text), pointer=path)


def _bounds(kind: Any, value: object, pointer: str) -> Iterator[Fault]:
    """Whether an array is too long, when its members are wrong as well."""
    for meta in _metas(kind):
        if isinstance(value, list) and meta.max_length is not None and len(value) > meta.max_length:
            detail = f"Expected array of length <= {meta.max_length}."
            yield Fault(code="too-long", detail=detail, pointer=pointer)


def _expectation(kind: Any, value: object, code: str) -> str:
    """What the type itself says is allowed: better than a regular expression."""
    if code == "unknown-value":
        allowed = [choice for part in _parts(kind) for choice in _choices(part)]
        return f"Expected one of: {', '.join(map(str, allowed))}." if allowed else ""
    if code == "wrong-format" and isinstance(value, str):
        return next((f"Expected: {m.description}" for m in _metas(kind) if m.description), "")
    return ""


# ---------------------------------------------------------------- types


def _metas(kind: Any) -> Iterator[msgspec.Meta]:
    if get_origin(kind) is Annotated:
        yield from (meta for meta in kind.__metadata__ if isinstance(meta, msgspec.Meta))
    elif get_origin(kind) in {Union, UnionType}:
        for member in get_args(kind):
            yield from _metas(member)


def _parts(kind: Any) -> Iterator[Any]:
    """The members of a union, without their annotations; a plain type is its own only member."""
    if get_origin(kind) is Annotated:
        yield from _parts(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for member in get_args(kind):
            yield from _parts(member)
    else:
        yield kind


def _structs(kind: Any, value: dict[str, Any]) -> Iterator[Any]:
    """The one Struct the object claims to be, if that is clear."""
    found = [p for p in _parts(kind) if issubclass(_class(get_origin(p) or p), msgspec.Struct)]
    if len(found) > 1:
        configs = [(struct, struct.__struct_config__) for struct in found]
        found = [struct for struct, c in configs if value.get(str(c.tag_field)) == c.tag]
    return iter(found)


def _generics(kind: Any, *origins: type) -> Iterator[Any]:
    return (part for part in _parts(kind) if get_origin(part) in origins)


def _choices(part: Any) -> Iterator[object]:
    if get_origin(part) is Literal:
        yield from get_args(part)
    elif issubclass(_class(part), enum.Enum):
        yield from (member.value for member in part)
    elif issubclass(_class(part), msgspec.Struct) and part.__struct_config__.tag is not None:
        yield part.__struct_config__.tag


def _class(part: Any) -> type:
    return part if isinstance(part, type) else object


def _join(pointer: str, key: str) -> str:
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
