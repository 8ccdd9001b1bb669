"""RowVersion on the wire: read from If-Match or the body, written to the ETag.

A stale one is answered with 409 rather than 412: RFC 9110, section 13.1.1 leaves the choice, and a
409 can carry the current state.
"""

import re
from datetime import datetime
from typing import Annotated

from litestar.params import HeaderParameter, QueryParameter
from msgspec import UNSET, UnsetType

from api.problems import Problem

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match", max_length=100, description='The RowVersion you have seen, such as "7".'
    ),
]
AsOf = Annotated[
    str | None,
    QueryParameter(
        name="asOf", max_length=40, description="A RowVersion, or an instant (RFC 3339)."
    ),
]

_STRONG = re.compile(r'"(0|[1-9][0-9]{0,15})"')
_DIGITS = 15
_HOW = 'Send the RowVersion you have seen, as If-Match: "7" or as "rowVersion": 7 in the body.'


def expected_version(if_match: str | None, row_version: int | UnsetType | None) -> int | None:
    """The RowVersion that the client has seen; ``None`` when it overwrites on purpose (``*``).

    Raises:
        Problem: 428 without any, 400 when the two differ or If-Match is no RowVersion.
    """
    in_body = None if row_version is UNSET else row_version
    if if_match is None:
        if in_body is None:
            raise Problem("row-version-required", _HOW)
        return in_body
    if if_match.strip() == "*":
        return None
    match = _STRONG.fullmatch(if_match.strip())
    if match is None:
        raise Problem("invalid-parameter", f"If-Match {if_match[:50]!r} is no RowVersion. {_HOW}")
    version = int(match[1])
    if in_body is not None and in_body != version:
        detail = f"If-Match says {version}, the body's rowVersion {in_body}. Send one of them."
        raise Problem("row-version-ambiguous", detail)
    return version


def etag(version: int) -> dict[str, str]:
    """The header that carries a RowVersion."""
    return {"ETag": f'"{version}"'}


def moment(as_of: str | None) -> int | datetime | None:
    """The version or the instant that ``asOf`` names.

    Raises:
        Problem: 400 when it is neither.
    """
    if as_of is None:
        return None
    if as_of.isascii() and as_of.isdigit() and len(as_of) <= _DIGITS:
        return int(as_of)
    try:
        instant = datetime.fromisoformat(as_of)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        detail = (
            f"asOf {as_of!r} is neither a RowVersion such as 3 nor an instant with its offset "
            "such as 2026-11-01T09:30:00Z."
        )
        raise Problem("invalid-parameter", detail)
    return instant
