"""What to do about each problem, and what its document tells beyond the common members.

``docs/errors.md`` and ``GET /problems/{code}`` are made from this and from ``PROBLEMS``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from api.problem_types import PROBLEMS

_FAULTS = ("errors", "Each fault: `code`, `detail`, and `pointer` or `parameter`.")
_CURRENT = ("current", "The entity as it is now, in the form in which it is answered elsewhere.")
_ACTIONS = ("availableActions", "The commands that the entity's state allows instead.")
_STATE = (_ACTIONS, _CURRENT)


class Advice(msgspec.Struct, frozen=True):
    """What a client does about a problem; ``members`` are those that it has besides."""

    to_do: str
    members: tuple[tuple[str, str], ...] = ()
    example: Mapping[str, Any] = MappingProxyType({})


def _fault(code: str, detail: str, **place: str) -> Mapping[str, Any]:
    return MappingProxyType({"errors": [{"code": code, "detail": detail, **place}]})


def example(code: str) -> dict[str, Any]:
    """A document of this problem, as a client may get it."""
    kind = PROBLEMS[code]
    return {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.meaning,
        "instance": "/api/invoices/inv_01K9VXEH3T0000000000000002",
        "code": code,
        "requestId": "req_0f8c4d1e7a52b963",
        **ADVICE[code].example,
    }


_REQUIRED = "This field is required."

ADVICE: Mapping[str, Advice] = MappingProxyType(
    {
        "bad-request": Advice("Compare the request with the contract; `detail` says what is odd."),
        "malformed-json": Advice(
            "Let a library write the JSON. `detail` names the line and the column."
        ),
        "duplicate-key": Advice("Send each field of an object once."),
        "nested-too-deeply": Advice("No body here needs more than a few levels: look for a loop."),
        "invalid-text": Advice("Send UTF-8, and take NUL and lone surrogates out of your texts."),
        "body-required": Advice("Send a JSON object, `{}` if there is nothing to say."),
        "incomplete-body": Advice(
            "Send the request again; with the same `Idempotency-Key`, if it is a POST."
        ),
        "invalid-parameter": Advice(
            "Correct the parameters that `errors` or `detail` names.",
            (_FAULTS,),
            _fault("out-of-range", "Expected integer <= 200.", parameter="limit"),
        ),
        "unknown-api-version": Advice(
            "Send a version that `detail` names, or leave the header out: your key has its own."
        ),
        "row-version-ambiguous": Advice(
            "Say the RowVersion in one place: `If-Match`, or `rowVersion` in the body."
        ),
        "not-authenticated": Advice(
            "Send `Authorization: Bearer dbk_...` with a key that is in force. Do not repeat the "
            "request with the same key."
        ),
        "not-permitted": Advice(
            "Use a key that has the scope, or ask an administrator of the book for one.",
            (("needed", "The scope that this operation needs; absent where it is not about one."),),
            MappingProxyType({"needed": "commands"}),
        ),
        "not-found": Advice(
            "Check the path and the id. A key sees its own book only: what belongs to another "
            "book is not found either."
        ),
        "method-not-allowed": Advice("Use one of the methods in the header `Allow`."),
        "row-version-conflict": Advice(
            "Look at `current` and `changes`. To keep both, merge and send again based on "
            "`currentRowVersion`; to overwrite, send again based on it as it was; to discard, "
            "take `current`.",
            (
                ("baseRowVersion", "The RowVersion that your change was based on."),
                ("currentRowVersion", "The RowVersion of the entity now."),
                _CURRENT,
                ("changes", "What happened since, oldest first: at most 100 events."),
                ("conflicts", "The fields that both changed: what they were, are, and would be."),
                ("mergeable", "Whether there are none: `Prefer: conflict=rebase` would do."),
            ),
            MappingProxyType({"baseRowVersion": 7, "currentRowVersion": 8}),
        ),
        "invalid-transition": Advice(
            "Take `current` as the truth and offer the user its `availableActions`.",
            _STATE,
            MappingProxyType({"availableActions": ["void"]}),
        ),
        "invalid-state": Advice(
            "Do first what `detail` asks for, on the entity that it names, and send again.",
            _STATE,
        ),
        "estimate": Advice("Convert the estimate, and do it with the invoice it becomes.", _STATE),
        "not-estimate": Advice("Copy the invoice if you want another one of it.", _STATE),
        "estimate-converted": Advice(
            "Change the invoice that `convertedTo` of `current` names, or copy the estimate.",
            _STATE,
        ),
        "draft": Advice("Delete the draft, or post it.", _STATE),
        "separate-duties": Advice(
            "Let somebody with another key approve it, or change the setting `separateDuties`.",
            _STATE,
        ),
        "serials-reserved": Advice("Release the serial numbers first, and send again.", _STATE),
        "reason-required": Advice("Ask for the reason and send it along as `reason`.", _STATE),
        "nothing-owed": Advice(
            "Leave it: there is nothing to pay, to give up or to fall due.", _STATE
        ),
        "still-owed": Advice("Settle the invoice first, or write off what is left.", _STATE),
        "nothing-settled": Advice("Leave it: there is nothing to take back.", _STATE),
        "nothing-to-credit": Advice("Void one of the credit notes over it first.", _STATE),
        "written-off": Advice("Recover what was written off first, and send again.", _STATE),
        "nothing-written-off": Advice("Leave it: there is nothing to recover.", _STATE),
        "disputed": Advice("Resolve the dispute before another one begins.", _STATE),
        "not-disputed": Advice("Leave it: there is no dispute to resolve.", _STATE),
        "live-book": Advice("Use a key of a sandbox book: it begins with `dbk_test_`."),
        "field-frozen": Advice(
            "Leave the field out. Where the change is needed, `availableActions` lists the ways.",
            _STATE,
            MappingProxyType({"availableActions": ["credit", "apply"]}),
        ),
        "use-credit-note": Advice(
            "Show `preview` and, once it is confirmed, post that credit note.",
            (("preview", "The credit note that would do the same."), _ACTIONS, _CURRENT),
        ),
        "already-exists": Advice("Take another id or code, or change the entity that has it."),
        "sequence-gap": Advice(
            "If the change with `expectedSeq` is still under way, send this one again. If it was "
            "answered long ago, the session is forgotten: send what is left in a new one.",
            (("expectedSeq", "The Edit-Seq that is expected next."),),
            MappingProxyType({"expectedSeq": 3}),
        ),
        "edit-seq-used": Advice("Send the corrected change as a new one, with the next Edit-Seq."),
        "outcome-forgotten": Advice(
            "Get the entity, and send what is still to be changed in a new Edit-Session."
        ),
        "idempotency-key-in-use": Advice(
            "Wait as `Retry-After` says and repeat: the answer of the first request comes back."
        ),
        "precondition-failed": Advice("Get the entity again, and decide anew."),
        "content-too-large": Advice(
            "Send less at once: `detail` says how many bytes a body may have."
        ),
        "unsupported-media-type": Advice(
            "Send `Content-Type: application/json`, or `application/merge-patch+json` with PATCH, "
            "without a content encoding."
        ),
        "invalid-body": Advice(
            "Show each fault beside its field: `pointer` (RFC 6901) says which one.",
            (_FAULTS,),
            _fault("required", _REQUIRED, pointer="/lines/0/quantity"),
        ),
        "rule-broken": Advice(
            "Show each fault beside its field. What `post` reports has a code of its own: "
            "[the rules of posting](posting-rules.md).",
            (_FAULTS,),
            _fault("P10", "The due date is before the issue date.", pointer="/dueDate"),
        ),
        "idempotency-key-reused": Advice(
            "Make a new key for every new request. Repeat a request with its key byte for byte."
        ),
        "row-version-required": Advice(
            'Send the RowVersion that you have seen: `If-Match: "7"`, or `rowVersion` in the '
            "body. `If-Match: *` overwrites whatever is there."
        ),
        "quota-exceeded": Advice(
            "Wait as `Retry-After` says, then go on at an even pace; `RateLimit` tells what is "
            "left after every answer."
        ),
        "internal-error": Advice(
            "Repeat it later with the same `Idempotency-Key`. If it stays, tell the operator the "
            "`requestId`."
        ),
        "busy": Advice("Repeat it as `Retry-After` says: nothing was changed."),
        "read-model-behind": Advice(
            "Repeat it as `Retry-After` says. If it stays so, tell the operator: the follower may "
            "not be running."
        ),
        "unavailable": Advice(
            "Repeat it as `Retry-After` says, a POST with the same `Idempotency-Key`: whether it "
            "was done may be unknown, and the key makes the repeat safe."
        ),
    }
)
