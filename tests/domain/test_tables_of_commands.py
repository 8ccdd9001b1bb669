"""The tables behind refusals: advice is only for what is refused, and names what there is."""

from collections.abc import Collection, Mapping

import pytest

from domain.credit_note import state as credit_note
from domain.invoice import state as invoice
from domain.invoice.checks import ADDRESS_KINDS
from domain.invoice.guard import COMMANDS, INSTEAD
from domain.payment import state as payment

ADVICE = [
    (INSTEAD, COMMANDS, invoice.STATUSES),
    (credit_note._INSTEAD, credit_note.COMMANDS, credit_note.STATUSES),
    (payment._INSTEAD, payment.COMMANDS, payment.STATUSES),
]


@pytest.mark.parametrize(("advice", "commands", "statuses"), ADVICE)
def test_advice_is_for_commands_that_the_status_forbids(
    advice: Mapping[tuple[str, str], str],
    commands: Mapping[str, Collection[str]],
    statuses: Collection[str],
) -> None:
    for command, status in advice:
        assert command in commands
        assert status in statuses
        assert status not in commands[command]


def test_the_kinds_of_addresses_are_those_of_the_contract() -> None:
    kinds = "billTo soldTo shipTo serviceAt remitTo payee taxRep"
    assert [*ADDRESS_KINDS] == kinds.split()
