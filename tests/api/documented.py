"""No answer that the contract does not promise: held against every request that a test sends."""

import json
import re
from functools import cache
from typing import Any

import httpx

from api.xapi.envelope import PREFIX
from tests.architecture.sources import ROOT

Json = dict[str, Any]
_CODE = re.compile(r"^- `([a-z-]+)`:", re.MULTILINE)
_ANY_PATH = {"method-not-allowed"}
"""What is no operation of the contract cannot be in it."""


async def must_be_documented(answer: httpx.Response) -> None:
    """The problem of this answer is one of those that the contract lists for its operation."""
    if answer.headers.get("content-type") != "application/problem+json":
        return
    promised = _promised(answer.request.method, answer.request.url.path, answer.status_code)
    code = json.loads(await answer.aread())["code"]
    assert promised is None or code in promised | _ANY_PATH, (
        f"{answer.request.method} {answer.request.url.path} answered {answer.status_code} {code}: "
        "name it in the route's opt['problems'], and renew the contract."
    )


def _promised(method: str, path: str, status: int) -> set[str] | None:
    """The codes that the contract lists there; ``None`` for what is no operation of it."""
    if path.startswith(PREFIX):
        return None
    for pattern, item in _paths():
        if pattern.fullmatch(path) and method.lower() in item:
            response = item[method.lower()]["responses"].get(str(status), {})
            name = response.get("$ref", "").rpartition("/")[2]
            response = _contract()["components"]["responses"].get(name, response)
            return set(_CODE.findall(response.get("description", "")))
    return None


@cache
def _contract() -> Json:
    document: Json = json.loads((ROOT / "docs" / "openapi-3.1.json").read_bytes())
    return document


@cache
def _paths() -> list[tuple[re.Pattern[str], Json]]:
    """Paths without parameters before those with."""
    paths = sorted(_contract()["paths"].items(), key=lambda it: it[0].count("{"))
    return [
        (re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^}]+\}", path))) + "/?"), item)
        for path, item in paths
    ]
