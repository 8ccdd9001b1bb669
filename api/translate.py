"""Which problem stands for which refusal: the one table between exceptions and HTTP."""

from collections.abc import Mapping
from types import MappingProxyType

from api.faults import Fault
from api.problem_types import PROBLEMS
from api.problems import Problem
from domain.errors import AlreadyExists, NotAllowed, NotFound, RuleBroken
from store.database import connection_lost
from store.errors import (
    Busy,
    KeyReused,
    OutcomeForgotten,
    SequenceGap,
    StaleRowVersion,
    Unavailable,
    UnknownBook,
)
from store.public import public_value

_PLAIN: Mapping[type[Exception], str] = MappingProxyType(
    {
        AlreadyExists: "already-exists",
        StaleRowVersion: "row-version-conflict",
        SequenceGap: "sequence-gap",
        OutcomeForgotten: "outcome-forgotten",
        KeyReused: "idempotency-key-reused",
        Busy: "busy",
        Unavailable: "unavailable",
    }
)


def problem_of(error: Exception) -> Problem | None:
    """The problem that a refusal is to clients; ``None`` for anything unforeseen."""
    match error:
        case NotFound() | UnknownBook():
            return Problem("not-found", str(error))
        case NotAllowed():
            return refused(error)
        case RuleBroken():
            faults = [Fault(v.code, v.detail, pointer=v.pointer) for v in error.violations]
            return Problem("rule-broken", _summary(faults), errors=faults)
        case SequenceGap() | OutcomeForgotten():
            return Problem(_PLAIN[type(error)], str(error), expectedSeq=error.expected)
        case _ if type(error) in _PLAIN:
            return Problem(_PLAIN[type(error)], str(error))
        case _ if connection_lost(error):
            return Problem("unavailable", "The database cannot be reached at the moment.")
        case _:
            return None


def refused(refusal: NotAllowed, current: object = None) -> Problem:
    """The problem of a command that the state of an entity forbids.

    ``current`` is the entity's public form, where it is known.
    """
    code = refusal.code if refusal.code in PROBLEMS else "invalid-state"
    problem = Problem(code, str(refusal), availableActions=[*refusal.actions])
    if current is not None:
        problem.members["current"] = current
    if refusal.preview is not None:
        problem.members["preview"] = public_value(refusal.preview)
    return problem


def _summary(faults: list[Fault]) -> str:
    first = faults[0].detail
    return first if len(faults) == 1 else f"{first} ({len(faults)} problems; see errors.)"
