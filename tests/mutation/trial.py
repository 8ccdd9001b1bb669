"""Tests of the domain in a process of their own: first without a fault, then with one each time."""

import ast
import os
import resource
import signal
import sys
from collections.abc import Callable, Collection, Generator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import islice
from pathlib import Path
from time import process_time
from types import CodeType, ModuleType
from typing import Any, NamedTuple

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, is_hypothesis_test, settings
from msgspec import json
from typing_extensions import override

from tests.mutation.mutants import mutants

FLAGS = "-q -x --noconftest -p no:randomly -p no:xdist -p no:cacheprovider --assert=plain"
MEMORY = 4 * 2**30
SLOW = 2.0
"""Seconds of processor time; a test that takes longer has its turn in the second look only."""
KILLED, SURVIVED, TIMED_OUT = "killed", "survived", "timed out"


class Planted(NamedTuple):
    """A fault, by the number that it has among those of its file."""

    module: str
    path: str
    number: int
    line: int
    operator: str
    change: str


class Seen(NamedTuple):
    """What a run without a fault showed: seconds of each test, and which tests reach which line."""

    seconds: dict[str, float]
    reached: dict[str, dict[int, list[str]]]
    libraries: list[str]

    def tests(self, fault: Planted, *, most: float | None = None) -> list[str]:
        """The tests that reach the line and take ``most`` seconds, the quickest first.

        What stands outside of functions is reached on import, by nobody or by all: those tests
        come first that enter the module.
        """
        lines = self.reached.get(fault.path, {})
        inside = {test for tests in lines.values() for test in tests if test}
        found = {it for it in lines.get(fault.line, ()) if it}
        if not found and "" in lines.get(fault.line, ()):
            found = {*self.seconds}
        if most is not None:
            found = {it for it in found if self.seconds.get(it, 0) <= most}
        return sorted(found, key=lambda it: (it not in inside, self.seconds.get(it, 0), it))


class _Loader(SourceFileLoader):
    """Loads one module with its fault."""

    def __init__(self, fault: Planted) -> None:
        super().__init__(fault.module, fault.path)
        self.number = fault.number

    @override
    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.get_data(self.path))
        next(islice(mutants(tree), self.number, None)).plant()
        return compile(tree, self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, fault: Planted) -> None:
        self.fault = fault

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.fault.module:
            return None
        package = [str(Path(self.fault.path).parent)] * self.fault.path.endswith("__init__.py")
        return spec_from_file_location(
            fullname,
            self.fault.path,
            loader=_Loader(self.fault),
            submodule_search_locations=package or None,
        )


class _Choice:
    """A plugin: leaves the chosen tests, in their order, and measures them."""

    def __init__(
        self, chosen: Collection[str] | None, *, examples: int | None, late: Collection[str] = ()
    ) -> None:
        self.order = None if chosen is None else {it: n for n, it in enumerate(chosen)}
        self.late = {*late}
        self.examples = examples
        self.seconds: dict[str, float] = {}
        self.coverage: Coverage | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = self.order
        if order is not None:
            items[:] = [it for it in items if _name(it) in order]
            items.sort(key=lambda it: order[_name(it)])
        if not self.examples:  # all the others had their full chance with few examples
            items[:] = [it for it in items if _has_examples(it) or _name(it) in self.late]
        for item in items:
            machine: Any = getattr(item, "cls", None)
            # A state machine names its own number of runs, which no profile changes.
            if self.examples and isinstance(getattr(machine, "settings", None), settings):
                machine.settings = settings(machine.settings, max_examples=self.examples)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if self.coverage:
            self.coverage.switch_context(_name(item))
        start = process_time()
        try:
            return (yield)
        finally:
            name = _name(item)
            self.seconds[name] = self.seconds.get(name, 0) + process_time() - start


def _has_examples(item: pytest.Item) -> bool:
    test, machine = getattr(item, "obj", None), getattr(item, "cls", None)
    return is_hypothesis_test(test) or isinstance(getattr(machine, "settings", None), settings)


def _name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def use_profile(examples: int | None) -> None:
    """Let Hypothesis try so many examples, the same ones every time (None: as many as ever)."""
    settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=examples or 100,
        suppress_health_check=[*HealthCheck],
    )
    settings.load_profile("mutation")


def start(work: Callable[[], int], *, limit: float) -> int:
    """The id of a process that does the work, for at most ``limit`` seconds of processor time."""
    if child := os.fork():
        return child
    code = 70
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(int(limit * 20))  # processors may be busy, but nothing waits for ever
        code = work()
    finally:
        os._exit(code)


def outcome(status: int) -> str:
    """What the status of an ended process says about its fault."""
    if os.WIFSIGNALED(status):
        return TIMED_OUT
    return SURVIVED if os.WEXITSTATUS(status) in {0, 5} else KILLED


def trial(fault: Planted, seen: Seen, *, examples: int | None) -> int:
    """Run the tests with the fault in place: zero when no test fails.

    Without a number of examples it is the second look: at tests with as many as ever, and at slow
    ones.
    """
    tests = seen.tests(fault, most=SLOW if examples else None)
    if not tests:
        return int(pytest.ExitCode.NO_TESTS_COLLECTED)
    sys.meta_path.insert(0, _Finder(fault))
    use_profile(examples)
    files = sorted({it.partition("::")[0] for it in tests})
    late = [it for it in tests if seen.seconds.get(it, 0) > SLOW]
    return int(
        pytest.main([*FLAGS.split(), *files], [_Choice(tests, examples=examples, late=late)])
    )


def survey(answer: Path, folder: str, *, examples: int | None) -> int:
    """Run all tests without a fault, and write what they reach, and in which time."""
    use_profile(examples)
    plugin = _Choice(None, examples=examples)
    plugin.coverage = coverage = Coverage(data_file=None, source=["domain"], config_file=False)
    coverage.start()
    code = int(pytest.main([*FLAGS.split(), folder], [plugin]))
    coverage.stop()
    gathered, root = coverage.get_data(), Path.cwd()
    reached = {
        str(Path(path).relative_to(root)): {**gathered.contexts_by_lineno(path)}
        for path in gathered.measured_files()
    }
    # What belongs to the project is left to each trial: it could bring the domain without a fault.
    names = [it for it in [*sys.modules] if not Path(it.partition(".")[0]).is_dir()]
    libraries = sorted(it for it in names if not it.startswith(("__", "_pytest.", "domain")))
    answer.write_bytes(json.encode(Seen(plugin.seconds, reached, libraries)))
    return code
