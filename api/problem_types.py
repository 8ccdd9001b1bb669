"""Everything that can go wrong, as clients see it: one code, one meaning, one HTTP status.

The contract and the documentation are generated from this list. A code never changes its meaning
and never vanishes; clients may branch on it.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class ProblemType(msgspec.Struct, frozen=True):
    """A kind of problem: its HTTP status, its title and what it means for the client."""

    status: int
    title: str
    meaning: str
    headers: tuple[tuple[str, str], ...] = ()


PROBLEMS: Mapping[str, ProblemType] = MappingProxyType(
    {
        # 400: the request cannot be understood
        "bad-request": ProblemType(400, "Bad request", "The request is not one this API knows."),
        "malformed-json": ProblemType(400, "Malformed JSON", "The body is not JSON (RFC 8259)."),
        "duplicate-key": ProblemType(
            400, "Duplicate key", "An object in the body names a field twice; which one is meant?"
        ),
        "nested-too-deeply": ProblemType(
            400, "Nested too deeply", "The body nests arrays and objects more than 64 levels deep."
        ),
        "invalid-text": ProblemType(
            400, "Invalid text", "Text is not UTF-8, or contains NUL or half of a surrogate pair."
        ),
        "body-required": ProblemType(
            400, "Body required", "This operation needs a JSON object as its body."
        ),
        "incomplete-body": ProblemType(
            400, "Incomplete body", "The connection closed before the whole body had arrived."
        ),
        "invalid-parameter": ProblemType(
            400,
            "Invalid parameter",
            "A parameter in the path, the query or a header is missing, unknown or invalid; "
            "`errors` names each.",
        ),
        "unknown-api-version": ProblemType(
            400, "Unknown Api-Version", "The header Api-Version names a version that is not there."
        ),
        "row-version-ambiguous": ProblemType(
            400,
            "Ambiguous RowVersion",
            "If-Match and the body's rowVersion differ. Send one of them.",
        ),
        # 401 to 405
        "not-authenticated": ProblemType(
            401,
            "Not authenticated",
            "The API key is missing, unknown, expired or revoked.",
            (("www-authenticate", "Bearer"),),
        ),
        "not-permitted": ProblemType(
            403, "Not permitted", "The API key lacks the scope this operation needs."
        ),
        "not-found": ProblemType(404, "Not found", "There is no such thing in this book."),
        "method-not-allowed": ProblemType(
            405, "Method not allowed", "The path exists, the method does not: `Allow` lists them."
        ),
        # 409: the state says no
        "row-version-conflict": ProblemType(
            409,
            "RowVersion conflict",
            "Someone else changed the entity. `current` is its state now, `changes` what others "
            "did since, `conflicts` the fields that both changed. Merge and send again; if "
            "`mergeable`, `Prefer: conflict=rebase` does it.",
        ),
        "invalid-transition": ProblemType(
            409, "Invalid transition", "The entity's status does not allow this command."
        ),
        "invalid-state": ProblemType(
            409, "Invalid state", "A state forbids this command, for a reason without its own code."
        ),
        "estimate": ProblemType(
            409, "Estimate", "The invoice is an estimate, which is an offer: nobody owes it."
        ),
        "not-estimate": ProblemType(409, "Not an estimate", "Only an estimate converts."),
        "estimate-converted": ProblemType(
            409, "Estimate converted", "The estimate became an invoice, and changes no more."
        ),
        "draft": ProblemType(409, "Draft", "Drafts are not archived: nothing of them is booked."),
        "separate-duties": ProblemType(
            409, "Separate duties", "Who opened a draft may not approve it in this book."
        ),
        "serials-reserved": ProblemType(
            409, "Serials reserved", "Serial numbers are reserved that this change would orphan."
        ),
        "reason-required": ProblemType(
            409, "Reason required", "A released invoice changes in this field with a reason only."
        ),
        "nothing-owed": ProblemType(409, "Nothing owed", "The invoice's balance is zero."),
        "still-owed": ProblemType(409, "Still owed", "The invoice's balance is not zero."),
        "nothing-settled": ProblemType(
            409, "Nothing settled", "No payment and no credit note settles any of the invoice."
        ),
        "nothing-to-credit": ProblemType(
            409, "Nothing to credit", "Credit notes took all of the invoice back already."
        ),
        "written-off": ProblemType(409, "Written off", "Some of the invoice is written off."),
        "nothing-written-off": ProblemType(
            409, "Nothing written off", "Nothing of the invoice is written off."
        ),
        "disputed": ProblemType(409, "Disputed", "The invoice is disputed already."),
        "not-disputed": ProblemType(409, "Not disputed", "The invoice is not disputed."),
        "live-book": ProblemType(
            409, "Live book", "Only of a sandbox can the clock be set and the data be reset."
        ),
        "field-frozen": ProblemType(
            409, "Field frozen", "The entity's status no longer allows this field to change."
        ),
        "use-credit-note": ProblemType(
            409,
            "Use a credit note",
            "It is too late to void the invoice. `preview` is the credit note that would do.",
        ),
        "already-exists": ProblemType(409, "Already exists", "The id or code is taken."),
        "sequence-gap": ProblemType(
            409,
            "Sequence gap",
            "An earlier change of this edit session has not arrived: `expectedSeq` is the next.",
        ),
        "edit-seq-used": ProblemType(
            409,
            "Edit-Seq used",
            "A request with this Edit-Seq was refused as invalid before. A corrected change is a "
            "new one: send it with the next Edit-Seq.",
        ),
        "outcome-forgotten": ProblemType(
            409,
            "Outcome forgotten",
            "This change was decided so long ago that it is not known any more whether it was "
            "refused. Look at the entity, and begin a new Edit-Session.",
        ),
        "idempotency-key-in-use": ProblemType(
            409,
            "Idempotency key in use",
            "The first request with this key is still running.",
            (("retry-after", "1"),),
        ),
        # 412 to 428
        "precondition-failed": ProblemType(
            412, "Precondition failed", "A precondition in the headers does not hold."
        ),
        "content-too-large": ProblemType(
            413, "Content too large", "The body is larger than this server accepts."
        ),
        "unsupported-media-type": ProblemType(
            415, "Unsupported media type", "The body's media type or encoding is not accepted here."
        ),
        "invalid-body": ProblemType(
            422, "Invalid body", "The body is JSON but not what is expected; `errors` lists all."
        ),
        "rule-broken": ProblemType(
            422, "Rule broken", "Rules of invoicing are broken; `errors` lists all of them."
        ),
        "idempotency-key-reused": ProblemType(
            422, "Idempotency key reused", "The key was used for a different request."
        ),
        "row-version-required": ProblemType(
            428, "RowVersion required", "Send the RowVersion you have seen: If-Match or rowVersion."
        ),
        "quota-exceeded": ProblemType(
            429, "Quota exceeded", "Too many requests with this key; `Retry-After` says when."
        ),
        # 5xx: not the client's fault
        "internal-error": ProblemType(
            500, "Internal error", "Something went wrong here. The request id helps to find it."
        ),
        "busy": ProblemType(
            503,
            "Busy",
            "Too many commands are waiting; nothing was changed. Repeat after `Retry-After`.",
            (("retry-after", "1"),),
        ),
        "read-model-behind": ProblemType(
            503,
            "Read model behind",
            "Lists and sums do not show yet what was committed; repeat after `Retry-After`.",
            (("retry-after", "1"),),
        ),
        "unavailable": ProblemType(
            503,
            "Unavailable",
            "The database cannot be reached. Repeating with the same idempotency key is safe.",
            (("retry-after", "2"),),
        ),
    }
)
