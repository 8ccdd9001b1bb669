"""The envelope of what a request causes: who, by which request, and what the client says of it.

Read from the raw headers in one go, because every request comes by here. What a client sends is
stored for ever and shown to auditors, so it is either well formed or refused.
"""

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from litestar.types import HTTPScope

from api.problems import Problem, request_id
from store.recorded import Metadata

_REASON_LENGTH = 200
_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_SESSION = re.compile(rb"[A-Za-z0-9_-]{8,64}")
# W3C Trace Context, level 1: version, trace-id, parent-id, flags.
TRACEPARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_NUMBER = re.compile(rb"[1-9][0-9]{0,14}")


def envelope(scope: HTTPScope, actor: str) -> Metadata:
    """What the events of this request will say about it.

    Without ``X-Correlation-Id`` it is the trace that ``traceparent`` names (W3C Trace Context), and
    without that the request is the whole business action.

    Raises:
        Problem: 400, a header is malformed.
    """
    said = {
        _FIELDS[name][0]: _FIELDS[name][1](value)
        for name, value in scope["headers"]
        if name in _FIELDS
    }
    if "edit_seq" in said and "edit_session" not in said:
        raise Problem("invalid-parameter", "Edit-Seq counts within an Edit-Session: send both.")
    id_ = request_id(scope)
    whole = said.pop("trace", None) or id_
    return Metadata(**{"actor": actor, "request_id": id_, "correlation_id": whole, **said})


def _matching(name: str, pattern: re.Pattern[bytes], what: str) -> Callable[[bytes], str]:
    def read(value: bytes) -> str:
        if pattern.fullmatch(value) is None:
            raise Problem("invalid-parameter", f"{name} takes {what}.")
        return value.decode()

    return read


def _reason(value: bytes) -> str:
    """Text for people: UTF-8, as clients send it nowadays, or else Latin-1, as HTTP once said."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    if not 0 < len(text) <= _REASON_LENGTH or not text.isprintable():
        detail = f"X-Change-Reason takes 1 to {_REASON_LENGTH} printable characters."
        raise Problem("invalid-parameter", detail)
    return text


def _seq(value: bytes) -> int:
    if _NUMBER.fullmatch(value) is None:
        raise Problem("invalid-parameter", "Edit-Seq takes a whole number from 1: 1, 2, 3 ...")
    return int(value)


def _trace(value: bytes) -> str | None:
    """The trace's id; a malformed header is as good as none, says the standard."""
    found = TRACEPARENT.fullmatch(value)
    return found[1].decode() if found else None


_VISIBLE = "1 to 128 letters, digits, '.', '_', ':' or '-'"

_FIELDS: MappingProxyType[bytes, tuple[str, Callable[[bytes], Any]]] = MappingProxyType(
    {
        b"x-correlation-id": ("correlation_id", _matching("X-Correlation-Id", _ID, _VISIBLE)),
        b"x-causation-id": ("causation_id", _matching("X-Causation-Id", _ID, _VISIBLE)),
        b"edit-session": (
            "edit_session",
            _matching("Edit-Session", _SESSION, "8 to 64 letters, digits, '_' or '-'"),
        ),
        b"edit-seq": ("edit_seq", _seq),
        b"traceparent": ("trace", _trace),
        b"x-change-reason": ("reason", _reason),
    }
)
