r"""What may be on the wire: base classes of bodies, and bounded types for their fields.

Numbers that count money, goods or percent are decimal *strings*, because JSON numbers go through
binary floats in most clients. Patterns spell digits out and end in ``(?![\s\S])``: ``\d`` also
matches Arabic digits and ``$`` also matches before a final newline. They mean the same in Python
and in ECMA 262, the dialect of JSON Schema. The domain makes the ``Decimal``.
"""

from datetime import datetime
from decimal import Decimal
from itertools import compress, repeat
from operator import is_not
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from litestar.params import PathParameter
from msgspec import Meta, UnsetType

T = TypeVar("T")


class Wire(
    msgspec.Struct,
    rename="camel",
    forbid_unknown_fields=True,
    kw_only=True,
    omit_defaults=False,
):
    """Base of request bodies. A field that does not exist is refused, so a typo is not lost.

    All of the options are inherited but ``kw_only``: a Struct says it again for its own fields.
    """


class Reply(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=False):
    """Base of response bodies.

    Its schema stays open: clients ignore fields they do not know, so one can be added any time.
    """


Patch: TypeAlias = T | None | UnsetType
"""A field of a merge patch (RFC 7396): ``memo: Patch[Text] = UNSET``. Absent keeps, null clears."""


def sent(body: msgspec.Struct) -> dict[str, Any]:
    """The fields of a merge patch that were sent, by Python name; a value of None means clear."""
    # Most fields are not sent, so that they are passed over without a step of the interpreter each.
    values = msgspec.structs.astuple(body)
    chosen = map(is_not, values, repeat(msgspec.UNSET))
    return dict(compress(zip(body.__struct_fields__, values, strict=True), chosen))


def decimals(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The values, with these decimal strings, where they are sent, made decimals."""
    made = {it: Decimal(values[it]) for it in values.keys() & names if isinstance(values[it], str)}
    return {**values, **made} if made else values


def optional_decimal(text: str | None) -> Decimal | None:
    """The decimal that a string on the wire stands for, if there is one."""
    return None if text is None else Decimal(text)


# ---------------------------------------------------------------- numbers

_END = r"(?![\s\S])"
_INTEGER = r"-?(0|[1-9][0-9]{0,14})"

Money = Annotated[
    str,
    Meta(
        pattern=rf"^{_INTEGER}(\.[0-9]{{1,4}})?{_END}",
        max_length=21,
        description="Amount of money as a decimal string: at most 15 digits before and 4 after "
        "the point.",
        examples=["1234.50"],
    ),
]

Price = Annotated[
    str,
    Meta(
        pattern=rf"^{_INTEGER}(\.[0-9]{{1,6}})?{_END}",
        max_length=23,
        description="Price of one unit as a decimal string: at most 15 digits before and 6 after "
        "the point.",
        examples=["49.95"],
    ),
]

Quantity = Annotated[
    str,
    Meta(
        pattern=rf"^{_INTEGER}(\.[0-9]{{1,6}})?{_END}",
        max_length=23,
        description="Quantity as a decimal string, negative for a return: at most 15 digits "
        "before and 6 after the point.",
        examples=["2.5"],
    ),
]

Percent = Annotated[
    str,
    Meta(
        pattern=rf"^(100(\.0{{1,4}})?|[1-9]?[0-9](\.[0-9]{{1,4}})?){_END}",
        max_length=8,
        description="Percentage from 0 to 100 as a decimal string: at most 4 digits after the "
        "point.",
        examples=["7.5"],
    ),
]

ExchangeRate = Annotated[
    str,
    Meta(
        pattern=rf"^(0|[1-9][0-9]{{0,11}})(\.[0-9]{{1,12}})?{_END}",
        max_length=25,
        description="Units of the book's currency for one unit of the document's, as a decimal "
        "string: at most 12 digits before and after the point.",
        examples=["0.9231"],
    ),
]

TaxRate = Annotated[
    str,
    Meta(
        pattern=rf"^(1000(\.0{{1,4}})?|(0|[1-9][0-9]{{0,2}})(\.[0-9]{{1,4}})?){_END}",
        max_length=9,
        description="Rate of a tax in percent as a decimal string, from 0 to 1000: at most 4 "
        "digits after the point.",
        examples=["19"],
    ),
]

RowVersion = Annotated[
    int,
    Meta(
        ge=0,
        le=2**53 - 1,
        description="Version of the entity: 1 when it is created, one more with every change. "
        "Settings and periods that nobody has changed yet are at 0.",
        examples=[7],
    ),
]

# ---------------------------------------------------------------- text

_CONTROL = r"\x00-\x1f\x7f"
_BIDI = r"\u202a-\u202e\u2066-\u2069"  # they can make an amount or a name read as another one
_HIDDEN = (
    r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ufeff\ufff9-\ufffb"
)
_EDGE = rf"[^/\\ {_HIDDEN}]"
_INNER = rf"[^/\\{_HIDDEN}]"

# A code stands in paths: '/' would split them, '.' and '..' are resolved away by clients.
CODE_PATTERN = rf"^(?!\.{{1,2}}{_END}){_EDGE}({_INNER}{{0,62}}{_EDGE})?{_END}"
_CODE = "Code that people use: 1 to 64 visible characters without '/' or '\\', no space at the ends"

Code = Annotated[
    str,
    Meta(
        pattern=CODE_PATTERN,
        min_length=1,
        max_length=64,
        description=_CODE + ".",
        examples=["ACME"],
    ),
]

CodeInPath = Annotated[
    str,
    PathParameter(pattern=CODE_PATTERN, min_length=1, max_length=64, description=_CODE + "."),
]
"""``Code`` as a path parameter: Litestar does not look at ``Meta`` there."""

IdInPath = Annotated[
    str,
    PathParameter(
        pattern=rf"^[A-Za-z0-9_-]{{1,64}}{_END}",
        max_length=64,
        description="Id as Daybook gave it out: a prefix, '_' and 26 characters.",
    ),
]

Id = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9_-]{{1,64}}{_END}",
        max_length=64,
        description="Id as Daybook gave it out: a prefix, '_' and 26 characters.",
        examples=["inv_01JD3K5QZ8W4X2V7N6M9T0R1PA"],
    ),
]

LineId = Annotated[Id, Meta(examples=["lin_01JD3K6A1B5C7D9E2F4G6H8J0K"])]
Method = Annotated[Code, Meta(examples=["transfer"])]
"""How money moves: transfer, card, cash, check or another code of the book."""

ReasonCode = Annotated[Code, Meta(examples=["return"])]
BranchCode = Annotated[Code, Meta(examples=["MAIN"])]
TaxCodeId = Annotated[Code, Meta(examples=["STD"])]

_OF_EMAIL = rf"[^@ {_HIDDEN}]"

Email = Annotated[
    str,
    Meta(
        pattern=rf"^{_OF_EMAIL}{{1,64}}@{_OF_EMAIL}{{1,189}}{_END}",
        max_length=254,
        description="E-mail address.",
        examples=["office@example.com"],
    ),
]

ShortText = Annotated[
    str,
    Meta(
        pattern=rf"^[^{_CONTROL}{_BIDI}]*{_END}",
        max_length=200,
        description="One line of at most 200 characters, none of them a control character.",
    ),
]

Reason = Annotated[ShortText, Meta(min_length=1, examples=["Agreed by phone"])]
"""Why: at least one character, which auditors will read."""

Text = Annotated[
    str,
    Meta(
        pattern=rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f{_BIDI}]*{_END}",
        max_length=2000,
        description="At most 2000 characters; of control characters only tab and line breaks.",
    ),
]

Currency = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Z]{{3}}{_END}",
        max_length=3,
        description="ISO 4217 code of a currency.",
        examples=["EUR"],
    ),
]

# ---------------------------------------------------------------- time

Instant = Annotated[
    datetime,
    Meta(
        tz=True,
        description="Instant with its offset (RFC 3339).",
        examples=["2026-11-01T09:30:00Z"],
    ),
]
"""An instant. Calendar dates are plain ``datetime.date``."""
