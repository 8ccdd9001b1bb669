"""docs/errors.md is made from the code, and tells of every problem that the code knows."""

import re

from api.problem_advice import ADVICE, example
from api.problem_types import PROBLEMS
from api.problems import ProblemDocument
from daybook.errors_page import page
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "errors.md"
RENEW = "Renew the page: python -m daybook.errors_page > docs/errors.md"
COMMON = {field.removesuffix("_id") for field in ProblemDocument.__struct_fields__}


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), RENEW


def test_every_problem_says_what_to_do_and_nothing_is_said_of_others() -> None:
    assert ADVICE.keys() == PROBLEMS.keys(), "Give each code a line in api/problem_advice.py."
    assert all(advice.to_do.endswith(".") for advice in ADVICE.values())


def test_examples_have_the_common_members_and_those_that_are_listed() -> None:
    for code in PROBLEMS:
        listed = {name for name, _ in ADVICE[code].members}
        assert ADVICE[code].example.keys() <= listed, code
        assert example(code).keys() - listed - COMMON <= {"requestId"}, code


def test_every_link_of_the_page_leads_somewhere() -> None:
    text = page()
    headings = set(re.findall(r"^## (\S+)$", text, re.MULTILINE))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        assert (ROOT / "docs" / file).exists(), target
        assert not anchor or anchor in headings, target
