"""What clients need not hear: what they prefer not to (RFC 7240), what they know already."""

from litestar.types import HTTPScope

Headers = list[tuple[bytes, bytes]]

MINIMAL = "return=minimal"
"""The preference to be told of a change its RowVersion only."""

_APPLIED = b"preference-applied"
_WHOLE = ("whole", "envelope")
_OK, _CREATED, _NO_CONTENT = 200, 201, 204
_READS = frozenset({"GET", "HEAD"})
_SPARING = frozenset({b"prefer", b"if-none-match"})


def known(scope: HTTPScope, status: int, headers: Headers) -> bool:
    """Whether the client has this representation already (RFC 9110 13.1.2).

    One that is not to be stored may have changed under the same ETag.
    """
    if status != _OK or scope["method"] not in _READS:
        return False
    asked = next((value for name, value in scope["headers"] if name == b"if-none-match"), None)
    given = dict(headers)
    etag = given.get(b"etag")
    if asked is None or etag is None or b"no-store" in given.get(b"cache-control", b""):
        return False
    tags = {tag.strip().removeprefix(b"W/") for tag in asked.split(b",")}
    return b"*" in tags or etag.removeprefix(b"W/") in tags


def unwanted(scope: HTTPScope, status: int, headers: Headers) -> bool:
    """Whether the content of this answer would be left out of it, and need not be made."""
    if not any(name in _SPARING for name, _ in scope["headers"]):
        return False
    return known(scope, status, headers) or minimal(scope, status, headers) is not None


def prefers(prefer: str | None, preference: str) -> bool:
    """Whether a Prefer header names this preference."""
    if prefer is None:
        return False
    named = prefer.lower().replace(" ", "").replace('"', "").split(",")
    return any(it.partition(";")[0] == preference for it in named)


def minimal(scope: HTTPScope, status: int, headers: Headers) -> tuple[int, Headers] | None:
    """The answer to a change without its content; ``None`` if the content is to be sent.

    Only where there is an ETag, with which the client goes on: not of problems, dry runs or answers
    about several entities. A route whose answer shows what is never shown again says so by
    ``opt={"whole": True}``.
    """
    if status not in {_OK, _CREATED} or scope["method"] in _READS:
        return None
    said = ", ".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"prefer"
    )
    if not prefers(said, MINIMAL) or any(map(scope["route_handler"].opt.get, _WHOLE)):
        return None
    given = dict(headers)
    if b"etag" not in given:
        return None
    applied = [it for it in (given.get(_APPLIED), MINIMAL.encode()) if it is not None]
    kept = [(name, value) for name, value in headers if name != _APPLIED]
    kept.append((_APPLIED, b", ".join(applied)))
    return (_NO_CONTENT if status == _OK else status), kept
