"""Request bodies, decoded strictly: what is not exactly right is refused, with all reasons.

Litestar's own way decodes to plain Python first and converts loosely: ``"12"`` passes for 12, and
amounts go through binary floats. This DTO gives the bytes to a typed msgspec decoder instead. Used
as ``Litestar(dto=StrictJSON, return_dto=None)``.
"""

import json
import re
from collections.abc import Callable, Generator
from functools import cache
from itertools import accumulate
from typing import Any, NoReturn, get_origin

import msgspec
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.exceptions import ImproperlyConfiguredException
from litestar.openapi.spec import Schema
from litestar.types import Scope
from litestar.typing import FieldDefinition
from typing_extensions import override

from api.faults import MAX_FAULTS, faults_of, told
from api.problems import Problem

MAX_DEPTH = 64

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

# ---------------------------------------------------------------- decoding


def decode(kind: Any, raw: bytes) -> Any:
    """The value of type ``kind`` that ``raw`` holds.

    Raises ``Problem``: 400 for what is not JSON, or JSON that not all parsers read alike (I-JSON,
    RFC 7493); 422 with every violation for JSON of another form.
    """
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _refuse_deep_nesting(raw)
    try:
        value = _decoder(kind)(raw)
        _refuse_nul(raw)
        _PARSER.decode(raw.decode())  # msgspec lets the last of two equal names win
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        _diagnose(kind, raw, error)
    return value


@cache
def _decoder(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(kind, strict=True).decode


def _diagnose(kind: Any, raw: bytes, error: Exception) -> NoReturn:
    """Say why ``raw`` could not be decoded. Slow, and only taken when there is something to say."""
    if not raw.strip():
        raise Problem("body-required", "The body is blank; send a JSON object.") from error
    try:
        text = raw.decode()
        _refuse_nul(raw)
        tree = _PARSER.decode(text)
        if _SURROGATE.search(raw):
            json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeDecodeError as wrong:
        detail = f"The body is not UTF-8: look at byte {wrong.start}."
        raise Problem("invalid-text", detail) from error
    except UnicodeEncodeError:
        detail = "Text holds half of a surrogate pair (\\ud800 to \\udfff): send both or neither."
        raise Problem("invalid-text", detail) from error
    except json.JSONDecodeError as wrong:
        detail = f"{wrong.msg}: line {wrong.lineno}, column {wrong.colno}."
        raise Problem("malformed-json", detail) from error
    faults = faults_of(kind, tree) or [told(str(error))]
    count = f"The first {MAX_FAULTS} of more" if len(faults) == MAX_FAULTS else str(len(faults))
    detail = f"The body is not as expected. Faults listed: {count}."
    raise Problem("invalid-body", detail, errors=faults) from error


# ---------------------------------------------------------------- what JSON leaves open

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _refuse_nul(raw: bytes) -> None:
    """PostgreSQL stores no NUL in text."""
    if b"\\u0000" in raw and _ESCAPED_NUL.search(raw):
        raise Problem("invalid-text", "Text holds the character NUL (\\u0000): leave it out.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise Problem("duplicate-key", f"An object has the field {name[:64]!r} more than once.")
    return found


def _integer(digits: str) -> int:
    """Python refuses to read integers of thousands of digits; any bound refuses them as well."""
    return int(digits[:400])


def _no_constant(name: str) -> NoReturn:
    raise Problem("malformed-json", f"{name} is not a number in JSON.")


_PARSER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_constant=_no_constant
)

# An unfinished string ends with the body, so no quote is ever scanned twice.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHERS = bytes(byte for byte in range(256) if byte not in _STEPS)


def _refuse_deep_nesting(raw: bytes) -> None:
    brackets = _STRING.sub(b"", raw).translate(None, _OTHERS)
    if any(depth > MAX_DEPTH for depth in accumulate(map(_STEPS.__getitem__, brackets))):
        detail = f"Arrays and objects may be nested {MAX_DEPTH} levels deep."
        raise Problem("nested-too-deeply", detail)


# ---------------------------------------------------------------- media types

_USUAL = frozenset({b"application/json", b"application/json; charset=utf-8"})


def _check_headers(scope: Scope) -> None:
    """The body must be declared as JSON; a merge patch is for PATCH only (RFC 5789, RFC 7396)."""
    media_type = None
    for name, value in scope["headers"]:
        if name == b"content-type":
            media_type = value
        elif name == b"content-encoding" and value.lower() != b"identity":
            detail = "Send the body without a content encoding."
            headers = {"accept-encoding": "identity"}
            raise Problem("unsupported-media-type", detail, headers=headers)
    if media_type not in _USUAL:
        _check_media_type(media_type, is_patch=scope.get("method") == "PATCH")


def _check_media_type(given: bytes | None, *, is_patch: bool) -> None:
    text = (given or b"").decode("latin-1")
    essence, _, parameters = text.lower().partition(";")
    charset = re.search(r'charset\s*=\s*"?([^";\s]*)', parameters)
    accepted = (JSON, MERGE_PATCH) if is_patch else (JSON,)
    if essence.strip() in accepted and (charset is None or charset[1] in {"utf-8", "utf8"}):
        return
    detail = f"Send the body as {' or '.join(accepted)} in UTF-8, not as {text[:100]!r}."
    header = "accept-patch" if is_patch else "accept"
    raise Problem("unsupported-media-type", detail, headers={header: ", ".join(accepted)})


# ---------------------------------------------------------------- the seam to Litestar


class StrictJSON(AbstractDTO[Any]):
    """Decodes the ``data`` of every handler below it."""

    __slots__ = ()

    @override
    def decode_bytes(self, value: bytes) -> Any:
        connection = self.asgi_connection
        _check_headers(connection.scope)
        field = connection.route_handler.parsed_data_field
        return decode(field.annotation, value)

    @override
    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Build the decoder when the handler is registered. A body is always an object."""
        members = field_definition.inner_types if field_definition.is_union else (field_definition,)
        for member in members:
            kind = get_origin(member.annotation) or member.annotation
            if not (member.is_none_type or issubclass(kind, msgspec.Struct)):
                message = f"The body of a request is a Struct, not {field_definition.raw}."
                raise ImproperlyConfiguredException(message)
        _decoder(field_definition.annotation)

    @override
    @classmethod
    def create_openapi_schema(cls, *_args: Any, **_kwargs: Any) -> Schema:
        """Nothing here: schemas come from msgspec, which also validates (``api.openapi``)."""
        return Schema()

    @override
    @classmethod
    def generate_field_definitions(
        cls, model_type: type[Any]
    ) -> Generator[DTOFieldDefinition, None, None]:
        yield from ()

    @override
    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        return False
