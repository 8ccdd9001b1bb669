"""The project's own files, and how a rule says what it found in one."""

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "store", "projections", "api", "workers", "daybook")
EVERYWHERE = (*PACKAGES, "tests", "benchmarks", "contract")


class Source:
    """A Python file: its path from the root of the project, and its text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        """The text as Python sees it."""
        return ast.parse(self.text, self.path)


Finding: TypeAlias = tuple[int, str]
"""A line, and a sentence about it that says what to do."""

Rule: TypeAlias = Callable[[Source], Iterator[Finding]]
"""A house rule. Its docstring is the reason why there is one."""


@cache
def files() -> tuple[Path, ...]:
    """What is in version control, or is about to be: all files that are not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    found = {ROOT / name for name in listed.stdout.split("\0") if name}
    if listed.returncode:  # an archive without version control: all but what tools leave behind
        found = {path for path in ROOT.rglob("*") if _is_kept(path.relative_to(ROOT).parts)}
    return tuple(sorted(path for path in found if path.is_file()))


def _is_kept(parts: tuple[str, ...]) -> bool:
    return not any(it.startswith(".") or it in {"__pycache__", "build", "dist"} for it in parts)


def sources(folders: Iterable[str]) -> list[Source]:
    """Every Python file in these folders of the project."""
    wanted = tuple(f"{folder}/" for folder in folders)
    return [source for source in _all_sources() if source.path.startswith(wanted)]


@cache
def _all_sources() -> tuple[Source, ...]:
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in files()
        if path.suffix == ".py"
    )


def broken(rule: Rule, in_: Iterable[Source]) -> list[str]:
    """Where the rule is broken: file, line, and what to do."""
    return [
        f"{source.path}:{line}: {sentence}" for source in in_ for line, sentence in rule(source)
    ]


def dotted(node: ast.AST) -> str:
    """``os.environ`` for the expression of that name; empty when it is no plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return node.attr if isinstance(node, ast.Attribute) else ""
