"""Every reason for which a state refuses a command reaches clients under a code of its own."""

import ast
from collections.abc import Iterator

from api.invoices.refusals import refusals
from api.problem_types import PROBLEMS
from domain.invoice.guard import COMMANDS
from tests.architecture.sources import Source, sources

_CONFLICT = 409


def _codes(source: Source) -> Iterator[str]:
    """The codes that refusals made in this file have."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NotAllowed":
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def test_every_refusal_has_a_problem_of_its_code() -> None:
    found = {code for source in sources(("domain", "store", "api")) for code in _codes(source)}

    assert len(found) > 3
    for code in found | set(refusals(*COMMANDS)):
        assert code in PROBLEMS, f"Tell clients of {code!r}: api/problem_types.py"
        assert PROBLEMS[code].status == _CONFLICT
