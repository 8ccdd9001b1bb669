"""Which refusals a command of an invoice may meet, so that its route promises exactly those."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from api.editing import CREATE, TRANSITION
from domain.invoice.guard import COMMANDS, OBSTACLES

_DECIDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "edit": ("field-frozen", "reason-required", "serials-reserved"),
        "changeLine": ("serials-reserved",),
        "approve": ("separate-duties",),
        "changeDueDate": ("field-frozen", "reason-required"),
    }
)
"""What the decisions themselves refuse, besides the obstacles that stand in the domain's table."""


def refusable(*commands: str) -> dict[str, Any]:
    """The options of a route that runs these commands on an invoice that exists."""
    return {**TRANSITION, "problems": (*TRANSITION["problems"], *refusals(*commands))}


def creating(*commands: str) -> dict[str, Any]:
    """The options of a route that creates something by these commands on an invoice."""
    problems = (*CREATE["problems"], "invalid-transition", *refusals(*commands))
    return {**CREATE, "problems": problems}


def refusals(*commands: str) -> tuple[str, ...]:
    """The codes with which the state of an invoice may refuse these commands."""
    assert COMMANDS.keys() >= set(commands), "a command that the domain does not know"
    found = [it.code for command in commands for it in OBSTACLES.get(command, ())]
    more = [code for command in commands for code in _DECIDED.get(command, ())]
    return tuple(dict.fromkeys((*found, *more)))
