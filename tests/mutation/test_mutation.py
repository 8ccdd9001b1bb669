"""The mutation tester itself: which faults it plants, and what it says of a small project."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants

ROOT = Path(__file__).parents[2]

RULES = """
LIMIT = 3

def small(number: int) -> bool:
    return number < LIMIT

def unwatched(number: int) -> int:
    return number + 1

def endless(number: int) -> int:
    while number > 0:
        number -= 1
    return number
"""

TESTS = """
from domain.rules import endless, small

def test_numbers_below_the_limit_are_small():
    assert small(2)
    assert not small(3)

def test_it_ends():
    assert endless(2) == 0
"""


def changes(text: str) -> set[str]:
    """What is planted in the text, as the whole text reads afterwards."""
    found = set()
    for number, _ in enumerate(mutants(ast.parse(text))):
        tree = ast.parse(text)
        list(mutants(tree))[number].plant()
        compile(tree, "planted", "exec")
        found.add(ast.unparse(tree))
    return found


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("a < b", {"a <= b"}),
        ("a == b", {"a != b"}),
        ("a is not b", {"a is b"}),
        ("a in b", {"a not in b"}),
        ("x = a + b", {"x = a - b"}),
        ("x = a * b", {"x = a // b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = a | b", {"x = a & b"}),
        ("x = not a", {"x = a"}),
        ("x = -a", {"x = a"}),
        ("x = 7", {"x = 8"}),
        ("x = True", {"x = False"}),
        ("x = 'P01'", {"x = 'P01~'"}),
        ("x = f'/lines/{n}'", {"x = f'/lines/~{n}'"}),
        ("x += 1", {"x -= 1", "x += 2", "pass"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if not a]"}),
        ("x = a if b else c", {"x = a if not b else c"}),
    ],
)
def test_a_small_fault_is_planted(text: str, planted: set[str]) -> None:
    assert planted <= changes(text)


@pytest.mark.parametrize(
    "text",
    [
        "assert a == 1",
        "assert_never(1)",
        "'What it means.'",
        "x: Literal['EUR']",
        "Either: TypeAlias = 'A | B'",
        "raise_(f'{n} is too much.')",
        "x = 'The amount is missing.'",
        "import one",
        "x = None",
    ],
)
def test_wording_types_and_assertions_are_left_alone(text: str) -> None:
    assert changes(text) - {"pass"} == set()


def test_what_a_statement_does_may_be_left_out() -> None:
    assert "def f():\n    pass" in changes("def f():\n    raise E")
    assert "def f():\n    return None" in changes("def f():\n    return a")
    assert "def f():\n    pass" in changes("def f():\n    if a:\n        b()")


@pytest.mark.parametrize(("at_least", "status"), [(0, 0), (100, 1)])
def test_a_project_is_told_which_faults_no_test_finds(
    tmp_path: Path, at_least: int, status: int
) -> None:
    for name, text in {"domain/__init__.py": "", "domain/rules.py": RULES}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "tests/domain").mkdir(parents=True)
    (tmp_path / "tests/domain/test_rules.py").write_text(TESTS)

    command = [sys.executable, "-m", "tests.mutation", "--sample=0", f"--at-least={at_least}"]
    run = subprocess.run(
        [*command, "--only=domain.rules", "--jobs=2", "--patience=1"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == status, run.stderr
    report = json.loads((tmp_path / "build/mutation.json").read_bytes())
    ends = {it["change"]: it["outcome"] for it in report}
    assert ends["number < LIMIT  ->  number <= LIMIT"] == "killed"
    assert ends["3  ->  4"] == "killed"
    assert ends["number + 1  ->  number - 1"] == "survived"
    assert ends["number -= 1  ->  pass"] == "timed out"
    assert "domain.rules" in run.stdout
