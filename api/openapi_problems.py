"""Which problems an operation can have, and how the contract shows them."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from api.openapi_replies import add_headers
from api.problem_advice import example
from api.problem_types import PROBLEMS
from api.problems import MEDIA_TYPE
from api.xapi import envelope

Json = dict[str, Any]

_BODY = (
    *("malformed-json", "duplicate-key", "nested-too-deeply", "invalid-text", "body-required"),
    *("content-too-large", "unsupported-media-type", "invalid-body"),
)
_FILE = ("content-too-large", "unsupported-media-type")
_KEY = ("not-authenticated", "not-permitted", "quota-exceeded", "unavailable")
_PRECONDITION = ("row-version-conflict", "row-version-required", "row-version-ambiguous")
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def codes_of(operation: Json, method: str, opt: Mapping[str, Any]) -> set[str]:
    """The codes of all problems that the operation can have, as far as its form shows them."""
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    codes = {"internal-error", "invalid-text", *opt.get("problems", ())}
    codes.update(["invalid-parameter"] if places else [])
    codes.update(["not-found"] if "path" in places else [])
    if opt.get("uploads"):
        codes.update(_FILE)
    elif "requestBody" in operation:
        codes.update(_BODY)
    codes.update(_PRECONDITION if "If-Match" in names else [])
    if opt.get("scope"):
        codes.update(_KEY)
        codes.update(["busy"] if method in _WRITES else [])
        # What a body refers to may not be there.
        codes.update(["not-found"] if "requestBody" in operation else [])
    return codes


class ErrorResponses:
    """The error responses of the contract. What several operations share is written once."""

    def __init__(self, problem: Json, enveloped: Json) -> None:
        """The schemas of the two forms of errors: problem documents, and envelopes of the XAPI."""
        self.responses: dict[str, Json] = {}
        self._schemas = {False: problem, True: enveloped}
        self._names: dict[tuple[bool, tuple[str, ...]], str] = {}

    def of(self, codes: set[str], *, enveloped: bool = False) -> Iterator[tuple[str, Json]]:
        """Status and response for each status that these problems have."""
        for status in sorted({PROBLEMS[code].status for code in codes}):
            group = tuple(code for code in PROBLEMS if code in codes and _status(code) == status)
            key = (enveloped, group)
            if key not in self._names:
                self._names[key] = self._add(status, group, enveloped=enveloped)
            yield str(status), {"$ref": f"#/components/responses/{self._names[key]}"}

    def _add(self, status: int, group: tuple[str, ...], *, enveloped: bool) -> str:
        words = HTTPStatus(status).phrase.split()
        phrase = "".join(word.title() for word in (["xapi", *words] if enveloped else words))
        taken = sum(name.startswith(phrase) for name in self.responses)
        name = f"{phrase}{taken + 1}" if taken else phrase
        shown = _enveloped(group[0]) if enveloped else example(group[0])
        lines = [f"- `{code}`: {PROBLEMS[code].meaning}" for code in group]
        media = {"schema": self._schemas[enveloped], "example": shown}
        self.responses[name] = {
            "description": "\n".join(lines),
            "content": {envelope.MEDIA_TYPE if enveloped else MEDIA_TYPE: media},
        }
        add_headers(str(status), self.responses[name])
        return name


def _enveloped(code: str) -> Json:
    kind = PROBLEMS[code]
    said = envelope.refused(kind.status, kind.title, kind.meaning, code, ())
    example: Json = msgspec.json.decode(said)
    return example


def _status(code: str) -> int:
    return PROBLEMS[code].status
