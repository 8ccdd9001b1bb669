"""docs/posting-rules.md is made from the table, and the table has just the rules of the code."""

import re

from domain.posting.rules import ALWAYS, RULES, page
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "posting-rules.md"
RENEW = "Renew the page: python -m daybook.posting_rules > docs/posting-rules.md"

NOT_REPORTED = {"P02"}
"""What is refused before any rule is looked at."""


def in_the_code() -> set[str]:
    """The codes that the domain reports."""
    files = [it for it in (ROOT / "domain").rglob("*.py") if it.name != "rules.py"]
    files.append(ROOT / "domain" / "credit_note" / "rules.py")
    return {code for file in files for code in re.findall(r'"(P\d\d)"', file.read_text("utf-8"))}


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), RENEW


def test_every_code_that_is_reported_is_in_the_table_and_every_rule_is_in_the_code() -> None:
    table = {rule.code: rule for rule in RULES}
    assert [*table] == sorted(table)
    assert in_the_code() <= table.keys()
    silent = table.keys() - in_the_code() - NOT_REPORTED
    assert {code for code in silent if table[code].kind != ALWAYS} == set()
