"""Headers that many operations take, each described once: as a component of the contract.

Most are read for every request in one go (``api.envelope``, ``api.commands``, ``api.shell``), not
by the handler, so the handlers' signatures do not show them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from api.openapi_replies import refer
from api.shell import API_VERSION

Json = dict[str, Any]

_COMPONENTS = "#/components/parameters/"
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PRINTABLE = "^[ -~¡-¬®-ÿ]+$"
_ID = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9._:-]+$"}
_SESSION = {"type": "string", "minLength": 8, "maxLength": 64, "pattern": "^[A-Za-z0-9_-]+$"}
_MAX_SEQ = 10**15 - 1
_SUCCESS = frozenset({"200", "201", "202", "207"})
_PLACED = frozenset({"201", "202"})
_ANSWERS: Mapping[str, str] = MappingProxyType({"dryRun": "Dry-Run", "cursor": "Link"})
"""Headers of answers that come of parameters which are no headers."""


class Facing(NamedTuple):
    """An operation, as far as it matters to which headers it takes."""

    json: Json
    method: str
    opt: Mapping[str, Any]

    @property
    def writes(self) -> bool:
        """Whether it may change a book."""
        return self.method in _WRITES and "scope" in self.opt

    @property
    def records(self) -> bool:
        """Whether what it changes is in the book's log: keys, clocks and replays are not."""
        logged = self.opt.get("scope") == "commands" or self.opt.get("delivers")
        return self.writes and bool(logged or "If-Match" in names_of(self.json))

    @property
    def edits(self) -> bool:
        """Whether it has its turn in an edit session: it changes an entity that is there."""
        in_turn = not (self.opt.get("envelope") or self.opt.get("outOfTurn"))
        return self.writes and in_turn and "If-Match" in names_of(self.json)

    @property
    def brief(self) -> bool:
        """Whether the client may prefer not to be answered the entity: see ``api.preferences``."""
        whole = self.opt.get("envelope") or self.opt.get("whole")
        return self.writes and not whole and bool(_tagged(self.json))

    @property
    def repeatable(self) -> bool:
        """Whether an Idempotency-Key makes it run once."""
        return self.method == "POST" and "scope" in self.opt

    @property
    def names(self) -> bool:
        """Whether it creates what may be there already, and can be asked not to."""
        asked = "precondition-failed" in self.opt.get("problems", ())
        return self.method == "POST" and asked and "If-Match" not in names_of(self.json)

    @property
    def shows(self) -> bool:
        """Whether it answers with an ETag, which the client may have already."""
        return self.method == "GET" and "ETag" in self.json["responses"]["200"].get("headers", {})


class Header(NamedTuple):
    """A header of requests, to which operations it applies, and what may come of it.

    ``answers`` are headers of answers, which ``api.openapi_replies`` describes.
    """

    name: str
    description: str
    schema: Json
    applies: Callable[[Facing], bool]
    problems: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


HEADERS = (
    Header(
        "Api-Version",
        "The version of this API that you were written for; that of your key, if it is left out. "
        "A key has the version that was the newest when the key was made.",
        {"type": "string", "enum": [API_VERSION]},
        lambda _: True,
        ("unknown-api-version",),
    ),
    Header(
        "Idempotency-Key",
        "A key of your own, such as a UUID. The same request with the same key runs once; a repeat "
        "gets the first answer, with `Idempotent-Replayed: true`.",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTABLE},
        lambda it: it.repeatable,
        ("idempotency-key-reused",),
        ("Idempotent-Replayed",),
    ),
    Header(
        "Edit-Session",
        "A random id of the open editor that sends this, such as `ses_6fJ2kQ0v`. Its own earlier "
        "changes never conflict with it.",
        _SESSION,
        lambda it: it.edits,
    ),
    Header(
        "Edit-Seq",
        "1, 2, 3 ... for each change of the Edit-Session to this entity: they are decided in this "
        "order, however they arrive. Needs `Edit-Session`.",
        {"type": "integer", "minimum": 1, "maximum": _MAX_SEQ},
        lambda it: it.edits,
        ("sequence-gap", "edit-seq-used", "outcome-forgotten"),
        ("Idempotent-Replayed",),
    ),
    Header(
        "Prefer",
        "Preferences (RFC 7240), several with commas between them. `conflict=rebase` applies the "
        "change of an entity also if others changed other fields since the RowVersion. "
        "`return=minimal` leaves the entity out of the answer: 204, or 201 without content. "
        "`Preference-Applied` says what was done; other preferences are ignored.",
        {"type": "string", "examples": ["conflict=rebase"]},
        lambda it: it.edits or it.brief,
        answers=("Preference-Applied",),
    ),
    Header(
        "X-Change-Reason",
        "Why, in words for auditors. Recorded with what the request changes.",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PRINTABLE},
        lambda it: it.records,
    ),
    Header(
        "X-Correlation-Id",
        "The business action that this request is a part of. Recorded with what it changes.",
        _ID,
        lambda it: it.records,
    ),
    Header(
        "X-Causation-Id",
        "What made you send this request, such as the id of an event. Recorded with what it "
        "changes.",
        _ID,
        lambda it: it.records,
    ),
    Header(
        "If-None-Match",
        "`*`: only if there is nothing of this name yet, else 412.",
        {"type": "string", "examples": ["*"]},
        lambda it: it.names,
    ),
    Header(
        "If-None-Match",
        "The ETag that you have: 304 without a body, if it is the same still.",
        {"type": "string", "examples": ['"7"']},
        lambda it: it.shows,
    ),
)


def names_of(json: Json) -> set[str]:
    """The names of the parameters of an operation."""
    return {it["name"] for it in json.get("parameters", ())}


def take_headers(json: Json, method: str, opt: Mapping[str, Any]) -> set[str]:
    """Say which headers the operation takes and answers; returns problems they may lead to."""
    facing = Facing(json, method, opt)
    taken = [header for header in HEADERS if header.applies(facing)]
    declared = names_of(json)
    parameters = json.setdefault("parameters", []) if taken else []
    for it in [header for header in taken if header.name not in declared]:
        said = {"description": it.description, "schema": dict(it.schema)}
        parameters.append({"name": it.name, "in": "header", "required": False, **said})
    if facing.shows:
        etag = json["responses"]["200"]["headers"]["ETag"]
        unchanged = {"description": "Not modified: you have it.", "headers": {"ETag": etag}}
        json["responses"]["304"] = unchanged
    if facing.brief:
        _answer_briefly(json["responses"])
    answers = [name for it in taken for name in it.answers]
    answers += [answer for name, answer in _ANSWERS.items() if name in names_of(json)]
    for status, response in json["responses"].items():
        if status in _SUCCESS or (facing.brief and status == "204"):
            placed = ["Location"] if status in _PLACED else []
            for name in (*placed, *answers):
                refer(response, name)
    return {code for it in taken for code in it.problems}


def _tagged(json: Json) -> list[str]:
    """Under which statuses the operation answers an entity with its ETag."""
    answers = json["responses"].items()
    return [
        status for status, it in answers if status in _SUCCESS and "ETag" in it.get("headers", {})
    ]


def _answer_briefly(responses: Json) -> None:
    if "201" in responses:
        responses["201"]["description"] += "; without content if `Prefer: return=minimal`"
    elif "200" in responses:
        headers = {"ETag": responses["200"]["headers"]["ETag"]}
        said = "No content, because of `Prefer: return=minimal`"
        responses["204"] = {"description": said, "headers": headers}


def share_headers(document: Json) -> None:
    """Write each header parameter once, as a component; the operations refer to it."""
    shared: Json = document["components"].setdefault("parameters", {})
    operations = [it for item in document["paths"].values() for it in item.values()]
    for parameters in [it.get("parameters", []) for it in operations]:
        for place, parameter in enumerate(parameters):
            if parameter["in"] == "header":
                parameters[place] = {"$ref": _COMPONENTS + _name_in(shared, parameter)}


def _name_in(shared: Json, parameter: Json) -> str:
    """Under which name the parameter is among the components; numbered where it has namesakes."""
    plain: str = parameter["name"].replace("-", "")
    name, number = plain, 1
    while shared.setdefault(name, parameter) != parameter:
        number += 1
        name = f"{plain}{number}"
    return name
