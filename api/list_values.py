"""Values in a query string: percent-decoding, and the types that list fields have.

Python's own converters accept too much ("1_000", "NaN", dates without dashes), so a pattern decides
first what may be sent.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import unquote_to_bytes

from projections.filters import Field, Kind, Value

MAX_LENGTH = 200
"""Characters in one value."""

MAX_INTEGER = 2**53 - 1
"""Beyond it, clients that read JSON numbers as doubles lose digits."""

DECIMAL = r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?"
_INTEGER = r"-?(0|[1-9][0-9]{0,15})"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = r"(Z|[+-][0-9]{2}:[0-9]{2})"
_INSTANT = rf"{_DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?{_OFFSET}"

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SHOWN = 40


class Refused(Exception):
    """A parameter cannot be accepted; each reason is a code and a sentence."""

    def __init__(self, *reasons: tuple[str, str]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


def shown(text: str) -> str:
    """What a client sent, quoted and short enough for a sentence."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def decoded(raw: bytes, max_length: int = MAX_LENGTH) -> str:
    """Undo percent-encoding; ``+`` is a space, as in forms (WHATWG URL, urlencoded parsing).

    Raises:
        Refused: It is no valid encoding of UTF-8, contains NUL, or is too long.
    """
    if _BAD_ESCAPE.search(raw):
        sentence = "Two hexadecimal digits must follow a percent sign; write % itself as %25."
        raise Refused(("invalid-text", sentence))
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Refused(("invalid-text", "Use UTF-8, percent-encoded.")) from None
    if "\0" in text:
        raise Refused(("invalid-text", "The character NUL is not allowed."))
    if len(text) > max_length:
        raise Refused(("too-long", f"Send at most {max_length} characters, not {len(text)}."))
    return text


def parse_value(field: Field, text: str) -> Value:
    """The value that a field is compared with.

    Raises:
        Refused: The text is no value of the field.
    """
    if field.kind != "enum":
        return _PARSERS[field.kind](text)
    if text not in field.words:
        words = ", ".join(field.words)
        sentence = f"{shown(text)} is no value of {field.name}. Use one of: {words}."
        raise Refused(("unknown-value", sentence))
    return text


def _integer(text: str) -> int:
    if not re.fullmatch(_INTEGER, text):
        raise _wrong(text, "an integer such as 12")
    if abs(number := int(text)) > MAX_INTEGER:
        sentence = f"{text} is outside ±{MAX_INTEGER}."
        raise Refused(("out-of-range", sentence))
    return number


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(DECIMAL, text):
        raise _wrong(text, "a plain decimal number such as 100 or -1234.50")
    return Decimal(text)


def _date(text: str) -> date:
    try:
        if re.fullmatch(_DATE, text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _wrong(text, "a date such as 2026-11-30 (RFC 3339)")


def _instant(text: str) -> datetime:
    text = text.upper()
    try:
        if re.fullmatch(_INSTANT, text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    hint = ""
    if " " in text and re.fullmatch(_INSTANT, text.replace(" ", "+")):
        hint = " In a query string + means a space: write it as %2B"
    elif re.fullmatch(_INSTANT, text + "Z"):
        hint = " The time zone is missing: end with Z or an offset"
    wanted = "an instant with its time zone such as 2026-11-30T09:30:00Z (RFC 3339)"
    raise _wrong(text, f"{wanted}.{hint}" if hint else wanted)


def boolean(text: str) -> bool:
    """True or false, spelled as in JSON.

    Raises:
        Refused: It is anything else.
    """
    if text not in {"true", "false"}:
        raise _wrong(text, "true or false")
    return text == "true"


_PARSERS: Mapping[Kind, Callable[[str], Value]] = {
    "text": str,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "instant": _instant,
    "boolean": boolean,
}


def _wrong(text: str, wanted: str) -> Refused:
    return Refused(("wrong-format", f"{shown(text)} is not {wanted}."))
