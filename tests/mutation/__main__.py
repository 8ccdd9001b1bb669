"""Mutation testing of the domain: plant small faults, one at a time, and see whether a test fails.

``python -m tests.mutation --sample 400 --seed 1``. A fault is first met by the tests that reach its
line, with few examples; what survives meets them with as many examples as `make test` has.
"""

# ruff: noqa: T201 - a program of the terminal
import argparse
import ast
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from time import perf_counter

import msgspec

from tests.mutation.mutants import mutants
from tests.mutation.trial import KILLED, SURVIVED, Planted, Seen, outcome, start, survey, trial

TESTS = "tests/domain"
REPORT = Path("build/mutation.json")


class Result(msgspec.Struct):
    """What became of one fault."""

    module: str
    line: int
    operator: str
    change: str
    number: int
    outcome: str
    tests: int


def main() -> int:
    """Plant, report; 1 when fewer faults are found than are asked for."""
    options = _options()
    print("Running the tests once without a fault …", flush=True)
    seen = _survey(options.examples)
    before = msgspec.json.decode(REPORT.read_bytes(), type=list[Result]) if options.again else []
    faults = _chosen(options, {(it.module, it.number) for it in before if it.outcome == SURVIVED})
    print(f"{len(faults)} faults to plant.", flush=True)
    outcomes = partial(_outcomes, seen=seen, jobs=options.jobs, patience=options.patience)
    ends = outcomes(faults, examples=options.examples)
    _reported(before, ends, seen)
    left = [it for it in faults if ends[it] == SURVIVED]
    print(f"{len(left)} survive with {options.examples} examples; now with all.", flush=True)
    ends |= outcomes(left, examples=None)
    return int(_tell(_reported(before, ends, seen)) < options.at_least)


def _chosen(options: argparse.Namespace, survivors: Collection[tuple[str, int]]) -> list[Planted]:
    faults = [it for it in _all_faults() if it.module.startswith(options.only)]
    if options.again:
        return [it for it in faults if (it.module, it.number) in survivors]
    if 0 < options.sample < len(faults):
        faults = random.Random(options.seed).sample(faults, options.sample)  # noqa: S311 - a sample
    return sorted(faults)


def _reported(
    before: Sequence[Result], ends: Mapping[Planted, str], seen: Seen
) -> Collection[Result]:
    """Write what is known of each fault: what was found out now, in place of what was before."""
    known = {(it.module, it.number): it for it in before}
    for it, end in ends.items():
        tests = len(seen.tests(it))
        result = Result(it.module, it.line, it.operator, it.change, it.number, end, tests)
        known[it.module, it.number] = result
    REPORT.write_bytes(msgspec.json.format(msgspec.json.encode([*known.values()]), indent=1))
    return known.values()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    add = parser.add_argument
    add("--sample", type=int, default=400, help="so many faults, by chance (0: all of them)")
    add("--seed", type=int, default=1, help="which chance")
    add("--again", action="store_true", help="only what survived the last time, after new tests")
    add("--only", default="domain", help="modules whose names begin so: domain.posting")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="faults that are tried at once")
    add("--examples", type=int, default=15, help="examples of the first, quick trial")
    add("--patience", type=int, default=15, help="seconds of processor time before it is endless")
    add("--at-least", type=float, default=85, help="percent of faults that are to be found")
    return parser.parse_args()


def _all_faults() -> Iterator[Planted]:
    for file in sorted(Path("domain").rglob("*.py")):
        module = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
        for number, it in enumerate(mutants(ast.parse(file.read_bytes()))):
            yield Planted(module, str(file), number, it.line, it.operator, it.change)


def _survey(examples: int) -> Seen:
    answer = REPORT.with_name("mutation-survey.json")
    answer.parent.mkdir(exist_ok=True)
    child = start(partial(survey, answer, TESTS, examples=examples), limit=3600)
    if outcome(os.waitpid(child, 0)[1]) != SURVIVED:
        sys.exit(f"The tests fail without any fault: run pytest {TESTS} first.")
    seen = msgspec.json.decode(answer.read_bytes(), type=Seen)
    for name in seen.libraries:  # once here, instead of in the process of every fault
        with suppress(ImportError):
            import_module(name)
    assert "domain" not in sys.modules, "no fault could be planted in what is imported already"
    return seen


def _outcomes(
    faults: Sequence[Planted], *, seen: Seen, examples: int | None, jobs: int, patience: int
) -> dict[Planted, str]:
    """What becomes of every fault, with at most ``jobs`` of them tried at once."""
    running: dict[int, Planted] = {}
    ended: dict[Planted, str] = {}
    tell = _progress(len(faults))
    for fault in [*faults, *[None] * jobs]:
        if running and (fault is None or len(running) >= jobs):
            child, status = os.wait()
            ended[done := running.pop(child)] = outcome(status)
            tell(done, ended[done])
        if fault is not None:
            tests = seen.tests(fault)
            limit = patience + 4 * sum(seen.seconds.get(it, 0) for it in tests) * (
                1 if examples else 15
            )
            work = partial(trial, fault, seen, examples=examples)
            running[start(work, limit=limit)] = fault
    return ended


def _progress(total: int) -> Callable[[Planted, str], None]:
    begun, count = perf_counter(), Counter[str]()

    def tell(fault: Planted, end: str) -> None:
        count[end] += 1
        done = count.total()
        left = (perf_counter() - begun) / done * (total - done)
        if end == SURVIVED:
            print(f"  {fault.path}:{fault.line}: {fault.operator}: {fault.change}", flush=True)
        if done % 20 == 0 or done == total:
            print(
                f"{done} of {total}, {count[KILLED]} killed, {left / 60:.1f} min left", flush=True
            )

    return tell


def _tell(results: Collection[Result]) -> float:
    """Print the table; answer how many percent of the faults were found."""
    print(f"{'module':40} {'faults':>7} {'found':>7} {'score':>7}")
    for module in sorted({it.module for it in results}):
        _row(module, [it for it in results if it.module == module])
    return _row("all", results)


def _row(name: str, results: Collection[Result]) -> float:
    found = sum(it.outcome != SURVIVED for it in results)
    score = 100 * found / len(results) if results else 100.0
    print(f"{name:40} {len(results):7} {found:7} {score:6.1f}%")
    return score


if __name__ == "__main__":
    sys.exit(main())
