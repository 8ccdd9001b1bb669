"""What clients prefer (RFC 7240): to be applied over other changes, to hear less."""

from litestar.types import HTTPScope

Headers = list[tuple[bytes, bytes]]

MINIMAL = "return=minimal"
"""The preference to be told of a change its RowVersion only."""

_APPLIED = b"preference-applied"
_WHOLE = ("whole", "envelope")
_OK, _CREATED, _NO_CONTENT = 200, 201, 204
_READS = frozenset({"GET", "HEAD"})


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
