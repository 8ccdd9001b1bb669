"""Whatever goes wrong becomes a problem document."""

import logging
import re
from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from litestar import get
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    PermissionDeniedException,
    ServiceUnavailableException,
)
from litestar.params import FromHeader

from api.faults import Fault
from api.problem_types import PROBLEMS
from api.problems import Problem, ProblemDocument, answer
from tests.sample_api import client_of, sample_app

ORDER = {"customerId": "A"}


async def asked(method: str, url: str, *handlers: Any, **options: Any) -> tuple[int, Any, Any]:
    async with client_of(sample_app(None, *handlers)) as client:
        reply = await client.request(method, url, **options)
    assert reply.headers["content-type"] == "application/problem+json"
    return reply.status_code, reply.json(), reply.headers


@pytest.mark.parametrize(
    ("method", "url", "options", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("PUT", "/api/orders", {}, 405, "method-not-allowed"),
        ("POST", "/api/orders", {}, 400, "body-required"),
        ("POST", "/api/orders", {"content": b"{}"}, 415, "unsupported-media-type"),
        ("POST", "/api/orders", {"json": {}}, 422, "invalid-body"),
        ("POST", "/api/orders", {"content": b"x" * 1_048_577}, 413, "content-too-large"),
        ("GET", "/api/orders?limit=x", {}, 400, "invalid-parameter"),
        ("GET", "/api/orders/none", {}, 404, "not-found"),
        ("GET", "/api/orders/boom", {}, 500, "internal-error"),
        ("DELETE", "/api/orders/secret", {}, 401, "not-authenticated"),
    ],
)
async def test_every_refusal_is_a_complete_problem_document(
    method: str, url: str, options: dict[str, Any], status: int, code: str
) -> None:
    found, document, headers = await asked(method, url, **options)

    assert (found, document["status"]) == (status, status)
    assert document["code"] == code
    assert document["type"] == f"/problems/{code}"
    assert document["title"] == PROBLEMS[code].title
    assert document["detail"]
    assert document["instance"] == url.partition("?")[0]
    assert document["requestId"] == headers["x-request-id"]
    msgspec.convert(document, ProblemDocument)


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    _, document, headers = await asked("PUT", "/api/orders/a")

    assert headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert document["detail"] == "Use one of: DELETE, GET, OPTIONS, PATCH."


async def test_missing_credentials_are_told_the_scheme() -> None:
    _, _, headers = await asked("DELETE", "/api/orders/secret")

    assert headers["www-authenticate"] == "Bearer"


async def test_wrong_parameters_are_all_named_as_the_client_wrote_them() -> None:
    _, document, _ = await asked("GET", "/api/orders?limit=0&customerId.eq=&since=soon")

    assert document["errors"] == [
        {"code": "out-of-range", "detail": "Expected integer >= 1.", "parameter": "limit"},
        {
            "code": "too-short",
            "detail": "Expected string of length >= 1.",
            "parameter": "customerId.eq",
        },
        {"code": "wrong-format", "detail": "Invalid RFC3339 encoded date.", "parameter": "since"},
    ]


async def test_a_header_is_named_as_the_client_wrote_it() -> None:
    headers = {"Idempotency-Key": "k" * 256}
    _, document, _ = await asked("POST", "/api/orders", json=ORDER, headers=headers)

    assert [error["parameter"] for error in document["errors"]] == ["Idempotency-Key"]


async def test_a_code_in_the_path_is_checked() -> None:
    status, document, _ = await asked("GET", f"/api/orders/{'x' * 65}")

    assert (status, document["errors"][0]["parameter"]) == (400, "code")


async def test_a_missing_parameter_is_named() -> None:
    @get("/needs", sync_to_thread=False)
    def needs(tenant: FromHeader[str]) -> str:
        return tenant

    status, document, _ = await asked("GET", "/needs", needs)

    assert status == 400
    assert document["errors"] == [
        {"code": "required", "detail": "This parameter is required.", "parameter": "tenant"}
    ]


async def test_a_problem_carries_its_own_members_and_headers() -> None:
    status, document, _ = await asked(
        "PATCH", "/api/orders/a", json={}, headers={"if-match": '"1"'}
    )
    assert status == 409
    assert document["currentRowVersion"] == 9
    assert document["current"]["id"] == "a"

    status, document, headers = await asked(
        "POST", "/api/orders", json=ORDER, headers={"x-broken": "1"}
    )
    assert (status, document["code"], headers["retry-after"]) == (503, "busy", "1")


async def test_nothing_leaks_and_the_traceback_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    status, document, headers = await asked("GET", "/api/orders/boom")

    assert status == 500
    assert "secret" not in str(document)
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert headers["x-request-id"] in record.getMessage()
    assert "the secret" in caplog.text
    assert caplog.text.count("Traceback") == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PermissionDeniedException("Ask for the scope commands."), 403, "not-permitted"),
        (ServiceUnavailableException(), 503, "unavailable"),
        (HTTPException(status_code=418), 400, "bad-request"),
        (InternalServerException("the secret"), 500, "internal-error"),
        (HTTPException(status_code=502, detail="the secret"), 500, "internal-error"),
    ],
)
async def test_exceptions_of_the_framework_are_mapped(
    error: HTTPException, status: int, code: str
) -> None:
    @get("/fails", sync_to_thread=False)
    def fails() -> None:
        raise error

    found, document, _ = await asked("GET", "/fails", fails)

    assert (found, document["code"]) == (status, code)
    assert "secret" not in document["detail"]


def test_a_problem_without_a_request_id_leaves_it_out() -> None:
    fault = Fault(code="required", detail="This field is required.", pointer="/memo")
    status, headers, body = answer(Problem("rule-broken", "No.", errors=[fault]), {"path": "/ä"})

    assert (status, headers) == (422, {"content-type": "application/problem+json"})
    assert msgspec.json.decode(body) == {
        "type": "/problems/rule-broken",
        "title": "Rule broken",
        "status": 422,
        "detail": "No.",
        "instance": "/%C3%A4",
        "code": "rule-broken",
        "errors": [{"code": "required", "detail": "This field is required.", "pointer": "/memo"}],
    }


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_kind_of_problem_is_described(code: str) -> None:
    kind = PROBLEMS[code]

    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert HTTPStatus(kind.status) >= 400
    assert kind.title[0].isupper()
    assert kind.meaning.endswith((".", "?"))


def test_an_unknown_code_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(KeyError):
        Problem("no-such-code", "No.")
