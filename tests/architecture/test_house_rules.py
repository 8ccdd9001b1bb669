"""The house rules, each proven able to fail. docs/style.md tells the same in prose."""

from typing import Any

import pytest

from tests.architecture.code_rules import (
    exact_arithmetic,
    exact_signs,
    no_environment,
    no_float_values,
    no_floats,
    no_sql,
    nothing_at_import,
    ordered_aggregates,
)
from tests.architecture.sources import EVERYWHERE, PACKAGES, Rule, Source, broken, sources
from tests.architecture.text_rules import (
    explained_exceptions,
    meanings,
    no_marks,
    short_files,
    short_functions,
    telling_names,
)

RULES: dict[Rule, tuple[str, ...]] = {
    short_files: EVERYWHERE,
    short_functions: EVERYWHERE,
    no_marks: EVERYWHERE,
    explained_exceptions: EVERYWHERE,
    telling_names: EVERYWHERE,
    meanings: PACKAGES,
    nothing_at_import: PACKAGES,
    no_floats: ("domain",),
    exact_arithmetic: ("domain",),
    exact_signs: ("projections",),
    no_float_values: ("domain", "store", "projections", "api"),
    ordered_aggregates: ("domain",),
    no_environment: tuple(it for it in PACKAGES if it != "daybook"),
    no_sql: ("domain", "api", "workers", "daybook"),
}
"""Every rule, and the folders in which it holds."""


def text(*lines: str) -> str:
    return "\n".join(lines)


_STATE, _DECISIONS, _EVOLVE = (f"# {'-' * 20} {it}" for it in ("state", "decisions", "evolve"))
_MADE = "THING = Aggregate('thing', evolve)"

PLANTED: dict[Rule, list[str]] = {
    short_files: ["x = 1\n" * 301],
    short_functions: ["def f():\n" + "    x = 1\n" * 70, "async def f():\n" + "    x = 1\n" * 70],
    no_marks: [f"x = 1  # {mark} later" for mark in ("FIXME:", "TODO", "XXX", "HACK")],
    explained_exceptions: [
        "x = 1  # noqa",
        "x = 1  # noqa because it is so",
        "x = 1  # noqa: E501",
        "x = 1  # noqa: E501, S101 -",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore  # because it is so",
        "x = 1  # type: ignore[arg-type]",
        "x = 1  # type: ignore[arg-type]  # noqa: E501",
        "# ruff: noqa",
        "x = 1  # pragma: no cover",
    ],
    telling_names: [
        *(f"class {name}: ..." for name in ("OrderManager", "Util", "HTTPHandler", "DataStore")),
        *(f"class {name}: ..." for name in ("InvoiceService", "Helpers", "BookInfo", "PdfUtils")),
        "def f():\n    class Manager: ...",
    ],
    meanings: [
        "def f(): ...",
        "async def f(): ...",
        "class A: ...",
        "class A:\n    'Meaning.'\n    def f(self): ...",
        "class A:\n    'Meaning.'\n    @property\n    def f(self): ...",
    ],
    nothing_at_import: [
        "pool = create_pool()",
        "redis = redis.Redis.from_url('x')",
        "broker = RedisBroker()",
        "class A:\n    text = open('x').read()",
        "def f(at=datetime.now()): ...",
        "if True:\n    client = httpx.AsyncClient()",
        "SQL = Path(__file__).read_text()",
    ],
    no_floats: [
        "x = 0.1",
        "x = float('1')",
        "x: float = y",
        "def f(x: list[float]): ...",
        "def f() -> float | None: ...",
        "x = 1e3",
        "import math",
        "from math import floor",
    ],
    exact_signs: ["x = -amount", "x = -it.net", "x = sign * it.net"],
    exact_arithmetic: ["x = a / b", "x /= 2", "x = sum(a) / len(a)", "x = round(a, 2)"],
    no_float_values: [
        "x = float(a)",
        "x = Decimal(0.1)",
        "x = Decimal(-0.1)",
        "x = Decimal.from_float(a)",
        "def f():\n    return [float(it) for it in a]",
    ],
    ordered_aggregates: [
        _MADE,
        text(_DECISIONS, _STATE, _EVOLVE, _MADE),
        text(_STATE, _EVOLVE, _DECISIONS, _MADE),
        text(_STATE, _DECISIONS, "class Thing: ...", _EVOLVE, _MADE),
        text(_STATE, _DECISIONS, "def evolve(): ...", _EVOLVE, _MADE),
        text(_STATE, _DECISIONS, _EVOLVE, _MADE, "x = 1"),
        text(_STATE, _DECISIONS, _EVOLVE, "T: Aggregate[int] = Aggregate('t', f)", "x = 1"),
    ],
    no_environment: [
        "import os\nx = os.environ['A']",
        "import os\nx = os.getenv('A')",
        "from os import environ",
        "def f():\n    from os import getenv",
    ],
    no_sql: [
        "x = 'select 1'",
        "x = 'SELECT * FROM events'",
        "x = '''\n  insert into events values (1)'''",
        "x = f'update {table} set a = 1'",
        "x = 'delete from events'",
        "x = f'create table {name} (id text)'",
        "x = 'create unique index on a (b)'",
        "x = 'with a as (select 1) select * from a'",
    ],
}
"""For every rule, texts that break it once each."""

ALLOWED: dict[Rule, list[str]] = {
    short_files: ["x = 1\n" * 300],
    short_functions: ["def f():\n" + "    x = 1\n" * 69],
    no_marks: ["currency = 'XXX'", "# ISO 4217 calls it no currency.", "todo = []"],
    explained_exceptions: [
        "x = 1  # noqa: E501 - the table reads better in one line",
        "x = 1  # type: ignore[arg-type] # the library has no types",
        "x = 1  # type: ignore[a] # noqa: E501 - the library has no types",
        "x = '# noqa'",
    ],
    telling_names: ["class Customer: ...", "class Database: ...", "class Metadata: ..."],
    meanings: [
        "def f():\n    'Meaning.'",
        "def _f(): ...",
        "class _A: ...",
        "class A:\n    'Meaning.'\n    def _f(self): ...\n    def __len__(self): ...",
        "class A:\n    'Meaning.'\n    @override\n    def f(self): ...",
        "def f():\n    'Meaning.'\n    def inner(): ...",
    ],
    nothing_at_import: [
        "def f():\n    return create_pool()",
        "f = lambda: create_pool()",
        "if __name__ == '__main__':\n    open('x')",
        "pattern = re.compile('x')",
    ],
    no_floats: ["x = 1", "x = Decimal('0.1')", "x = 'float'", "x = a // b"],
    exact_signs: ["x = -1", "x = count * 2", "x = negative(amount)", "x = a - b", "f(*a)"],
    exact_arithmetic: ["x = a // b", "x = rounded(a, b)", "x = 'a / b'", "x = Fraction(a, b)"],
    no_float_values: ["x = Decimal('0.1')", "x: float = seconds", "x = Decimal(1)", "x = 0.5"],
    ordered_aggregates: [
        "x = 1",
        text(_STATE, "class Thing: ...", _DECISIONS, _EVOLVE, "def evolve(): ...", _MADE),
    ],
    no_environment: ["import os\nx = os.getpid()", "environ = {}\nx = environ['A']"],
    no_sql: [
        "x = 'Select a customer.'",
        "x = 'Create table codes first.'",
        "def f():\n    'delete from the set'",
        "x = 'update'",
        "x = 'selection'",
        "x = f'{a} from {b}'",
        "x = ''",
    ],
}
"""For every rule, texts that look like breaking it and do not."""


def cases(table: dict[Rule, list[str]]) -> list[Any]:
    return [
        pytest.param(rule, example, id=f"{rule.__name__}-{number}")
        for rule, texts in table.items()
        for number, example in enumerate(texts)
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    found = broken(rule, sources(RULES[rule]))
    assert not found, text(f"The rule: {rule.__doc__}", *found)


@pytest.mark.parametrize(("rule", "planted"), cases(PLANTED))
def test_a_planted_violation_is_found(rule: Rule, planted: str) -> None:
    assert len(broken(rule, [Source("domain/planted.py", planted)])) == 1


def test_in_a_package_evolve_is_a_file_that_ends_with_the_aggregate() -> None:
    assert broken(ordered_aggregates, [Source("domain/thing/evolve.py", _MADE)]) == []
    more = Source("domain/thing/evolve.py", text(_MADE, "x = 1"))
    assert len(broken(ordered_aggregates, [more])) == 1


@pytest.mark.parametrize(("rule", "allowed"), cases(ALLOWED))
def test_what_only_looks_like_a_violation_is_not_found(rule: Rule, allowed: str) -> None:
    assert broken(rule, [Source("domain/allowed.py", allowed)]) == []


def test_a_module_with_a_catch_all_name_is_found() -> None:
    for path in ("store/utils.py", "api/order_helper.py", "tests/data.py"):
        assert broken(telling_names, [Source(path, "")])


def test_every_rule_has_a_reason_and_is_proven_able_to_fail() -> None:
    assert PLANTED.keys() == RULES.keys() == ALLOWED.keys()
    assert all(rule.__doc__ for rule in RULES)


def test_the_rules_look_at_every_package() -> None:
    for folder in (*PACKAGES, "tests"):
        assert len(sources([folder])) > 1, folder
