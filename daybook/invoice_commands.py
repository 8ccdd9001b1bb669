"""The page docs/invoice-commands.md, made from the tables of the domain: nobody keeps it true.

Renew it with ``python -m daybook.invoice_commands > docs/invoice-commands.md``.
"""

import sys
from collections.abc import Iterator, Sequence

from domain.invoice import COMMANDS, EDITABLE, OBSTACLES, STATUSES
from domain.invoice.editable import COLUMNS
from domain.invoice.guard import INSTEAD

_HEAD = """# What can be done with an invoice, and when

<!-- Made by `python -m daybook.invoice_commands > docs/invoice-commands.md`: change the tables in
domain/invoice instead. -->

An invoice has one `status`, which commands move. What is paid is another matter: `settlement`
follows from what payments and credit notes have settled. `availableActions` lists the commands that
an invoice accepts at the moment; whatever else is asked is refused with what to do instead.

## Commands by status
"""

_OBSTACLES = """
## What else must not stand in the way

A command that the status allows is still refused with the code of the first of these that holds.
"""

_INSTEAD = """
## What to do instead

Where the status forbids a command, and one thing is meant more often than any other:
"""

_FIELDS = """
## Fields by status

*Paid* is a posted or released invoice of which nothing is owed any more. *Withdraws the approval*:
the change is made, and the invoice is a draft again. *With a reason*: only when one is given.
"""


def page() -> str:
    """The page as Markdown."""
    commands = (
        (f"`{command}`", *("yes" if status in statuses else "" for status in STATUSES))
        for command, statuses in COMMANDS.items()
    )
    hindered: dict[tuple[str, str], list[str]] = {}
    for command, them in OBSTACLES.items():
        for it in them:
            hindered.setdefault((f"`{it.code}`", it.detail), []).append(f"`{command}`")
    obstacles = ((code, detail, ", ".join(names)) for (code, detail), names in hindered.items())
    instead = ((f"`{command}`", status, said) for (command, status), said in INSTEAD.items())
    fields = (
        (name, _names(group.fields, group.parts), *group.when) for name, group in EDITABLE.items()
    )
    return "\n".join(
        [
            _HEAD,
            *_table(("command", *STATUSES), commands),
            _OBSTACLES,
            *_table(("code", "detail", "commands"), obstacles),
            _INSTEAD,
            *_table(("command", "status", "instead"), instead),
            _FIELDS,
            *_table(("group", "what", *COLUMNS), fields),
            "",
        ]
    )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _names(fields: Sequence[str], parts: Sequence[str]) -> str:
    return ", ".join((*(f"`{_camel(name)}`" for name in fields), *parts))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


if __name__ == "__main__":
    sys.stdout.write(page())
