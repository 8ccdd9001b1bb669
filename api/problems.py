"""Problem documents (RFC 9457): what a client is told when a request cannot be served.

Whatever is raised becomes one ``Problem``, whose code is one of ``PROBLEMS``. Exceptions of the
domain and of the store are translated by the function given to ``exception_handlers``.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.params import ParameterKwarg
from litestar.types import ExceptionHandlersMap, HTTPScope
from msgspec import UNSET, UnsetType

from api.faults import Fault, fault_code, sentence
from api.problem_types import PROBLEMS
from api.wire import Reply
from api.xapi import envelope

MEDIA_TYPE = "application/problem+json"
LOG = logging.getLogger("daybook.api")

_BY_STATUS = {
    401: "not-authenticated",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    412: "precondition-failed",
    413: "content-too-large",
    415: "unsupported-media-type",
    429: "quota-exceeded",
    503: "unavailable",
}


class ProblemDocument(Reply):
    """What went wrong. Members beyond these depend on `code`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str | UnsetType = UNSET
    errors: list[Fault] | UnsetType = UNSET


class Problem(Exception):
    """The request cannot be served; ``code`` (one of ``PROBLEMS``) and ``detail`` say why.

    ``members`` become further members of the document, under their names as given.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.kind = PROBLEMS[code]
        self.detail = detail
        self.errors = errors
        self.headers = {**dict(self.kind.headers), **(headers or {})}
        self.members = members


Translate: TypeAlias = Callable[[Exception], Problem | None]


def request_id(scope: Mapping[str, Any]) -> str | None:
    """The id of the request that this ASGI scope stands for."""
    found: str | None = scope.get("state", {}).get("request_id")
    return found


def answer(problem: Problem, scope: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers with the media type, and body for a problem; on the XAPI, its envelope."""
    kind = problem.kind
    if scope["path"].startswith(envelope.PREFIX):
        headers = {"content-type": envelope.MEDIA_TYPE, **problem.headers}
        said = (kind.title, problem.detail, problem.code, problem.errors)
        return kind.status, headers, envelope.refused(kind.status, *said)
    document = ProblemDocument(
        type=f"/problems/{problem.code}",
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        instance=quote(scope["path"]),
        code=problem.code,
        request_id=request_id(scope) or UNSET,
        errors=list(problem.errors) or UNSET,
    )
    body = {**msgspec.to_builtins(document), **problem.members}
    headers = {"content-type": MEDIA_TYPE, **problem.headers}
    return kind.status, headers, msgspec.json.encode(body)


def internal_error(error: BaseException, scope: Mapping[str, Any]) -> Problem:
    """A problem that tells nothing of ``error``; the log gets its traceback and the request id."""
    path = quote(scope["path"])
    LOG.error("Request %s failed: %s %s", request_id(scope), scope["method"], path, exc_info=error)
    return Problem("internal-error", "Something went wrong here, not in your request.")


def exception_handlers(translate: Translate) -> ExceptionHandlersMap:
    """Handlers for the app: whatever is raised becomes a problem document.

    ``translate`` turns exceptions of the domain and the store into problems; None means that it
    does not know the exception.
    """

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        cause = _sole(error)
        problem = cause if isinstance(cause, Problem) else translate(cause)
        if problem is None and isinstance(cause, HTTPException):
            problem = _of_litestar(cause, request)
        problem = problem or internal_error(error, request.scope)
        status, headers, body = answer(problem, request.scope)
        return Response(body, status_code=status, headers=headers)

    return {HTTPException: handle, Problem: handle, Exception: handle}


def _sole(error: Exception) -> Exception:
    """Dependencies run in a task group, which wraps what they raise."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _of_litestar(error: HTTPException, request: Request[Any, Any, Any]) -> Problem | None:
    """What Litestar itself refuses. None for what is our own fault."""
    status = error.status_code
    if status >= 500 and status not in _BY_STATUS:  # noqa: PLR2004  5xx begins there
        return None
    if status == 400:  # noqa: PLR2004  Bad Request
        return _bad_request(error, request)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    details = {
        404: f"There is nothing at {quote(request.scope['path'])}.",
        405: f"Use one of: {', '.join(sorted(headers.get('allow', '').split(', ')))}.",
    }
    detail = details.get(status, error.detail)
    return Problem(_BY_STATUS.get(status, "bad-request"), detail, headers=headers)


_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")


def _bad_request(error: HTTPException, request: Request[Any, Any, Any]) -> Problem:
    extra = error.extra if isinstance(error.extra, list) else []
    if any(item.get("key") == "data" for item in extra):
        return Problem("body-required", "Send a JSON object as the body of this request.")
    faults = [
        Fault(
            code=fault_code(item["message"]),
            detail=sentence(item["message"]),
            parameter=_wire_name(request.scope, item.get("key", "")),
        )
        for item in extra
    ]
    if missing := _MISSING.match(error.detail):
        detail = "This parameter is required."
        faults.append(Fault(code="required", detail=detail, parameter=missing[1]))
    if not faults:
        return Problem("bad-request", error.detail)
    names = ", ".join(str(fault.parameter) for fault in faults)
    return Problem("invalid-parameter", f"Not valid: {names}.", errors=faults)


def _wire_name(scope: HTTPScope, key: str) -> str:
    """The name of a parameter as the client wrote it; Litestar tells the one of the function."""
    name = key.partition(".")[0]
    handler = scope["route_handler"]
    providers = [handler, *handler.resolve_dependencies().values()]
    for provider in providers:
        field = provider.parsed_fn_signature.parameters.get(name)
        if field and isinstance(field.kwarg_definition, ParameterKwarg):
            return field.kwarg_definition.name or name
    return name
