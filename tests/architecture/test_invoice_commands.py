"""docs/invoice-commands.md is made from the tables of the domain, and these know all there is."""

from daybook.invoice_commands import page
from domain.facts.invoice_parts import Header
from domain.invoice import COMMANDS, EDITABLE, OBSTACLES, STATUSES
from domain.invoice.editable import COLUMNS
from domain.invoice.guard import INSTEAD
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "invoice-commands.md"
RENEW = "Renew the page: python -m daybook.invoice_commands > docs/invoice-commands.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), RENEW


def test_every_header_field_is_in_one_group_and_every_group_has_a_word_for_every_column() -> None:
    fields = [name for group in EDITABLE.values() for name in group.fields]
    assert sorted(fields) == sorted(Header.__struct_fields__)
    assert {len(group.when) for group in EDITABLE.values()} == {len(COLUMNS)}


def test_the_tables_speak_of_the_same_commands_and_statuses() -> None:
    assert {status for allowed in COMMANDS.values() for status in allowed} == {*STATUSES}
    assert OBSTACLES.keys() <= COMMANDS.keys()
    for command, status in INSTEAD:
        assert status not in COMMANDS[command], f"{command} is possible while {status}"
