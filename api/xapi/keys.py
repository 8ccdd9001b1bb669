"""Bodies of the XAPI: keys may begin with a capital letter, as its systems write them, or not."""

import json
import re
from typing import Any

from typing_extensions import override

from api.problems import Problem
from api.strict_json import StrictJSON

# Only where a key is written so is the body looked at twice. A hit in a text does no harm.
_CAPITAL = re.compile(rb'"[A-Z][A-Za-z0-9]*"\s*:')


class XapiJSON(StrictJSON):
    """Decodes the ``data`` of the routes below it, whatever case their keys begin with."""

    __slots__ = ()

    @override
    def decode_bytes(self, value: bytes) -> Any:
        return super().decode_bytes(with_small_keys(value))


def with_small_keys(raw: bytes) -> bytes:
    """The same JSON with keys that begin with a small letter; what is no JSON is left as it is.

    Raises:
        Problem: 400, two keys of an object differ in that letter at most.
    """
    if _CAPITAL.search(raw) is None:
        return raw
    try:
        return json.dumps(_PARSER.decode(raw.decode())).encode()
    except (ValueError, RecursionError):
        return raw


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        key = name[:1].lower() + name[1:]
        if key in found:
            detail = (
                f"An object has the key {key[:64]!r} more than once. Whether it begins with a "
                "capital letter makes no difference."
            )
            raise Problem("duplicate-key", detail)
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


# No field takes a fraction, so it only matters that there is one. Integers are cut where they are
# longer than any bound.
_PARSER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=lambda _text: 0.5,
    parse_int=lambda digits: int(digits[:400]),
    parse_constant=_no_constant,
)
