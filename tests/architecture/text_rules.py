"""House rules about what a reader sees: sizes, names, comments, docstrings."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TypeAlias

from tests.architecture.sources import Finding, Source

MAX_FILE = 300
MAX_FUNCTION = 70

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def short_files(source: Source) -> Iterator[Finding]:
    """A file of a few screens is read before it is changed; a longer one has two subjects."""
    lines = len(source.text.splitlines())
    if lines > MAX_FILE:
        yield 1, f"{lines} lines are more than {MAX_FILE}: divide the file by subject."


def short_functions(source: Source) -> Iterator[Finding]:
    """What does not fit on one screen cannot be checked at a glance."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                hint = f"more than {MAX_FUNCTION}: give its steps names of their own."
                yield node.lineno, f"{node.name} has {lines} lines, {hint}"


# ---------------------------------------------------------------- comments

_MARK = re.compile(r"\b(?:FIXME|TODO|XXX|HACK)\b")
_NOQA = re.compile(r"(?:ruff:\s*|flake8:\s*)?\bnoqa\b(?P<codes>:\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?")
_IGNORE = re.compile(r"\b(?:type|pyright|mypy):\s*ignore\b(?P<codes>\[[\w, -]+\])?")
_PRAGMA = re.compile(r"\bpragma:\s*no\s*\w+")
_WORD = re.compile(r"[^\W\d_]{2,}")


def comments(source: Source) -> Iterator[tuple[int, str]]:
    """Line and text of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def no_marks(source: Source) -> Iterator[Finding]:
    """A promise in a comment is kept by nobody: do it now, or say in prose how things are."""
    for line, comment in comments(source):
        if mark := _MARK.search(comment):
            yield line, f"{mark[0]} is no sentence: do it, or say how things are."


def explained_exceptions(source: Source) -> Iterator[Finding]:
    """Who reads an exception from a rule must see which rule, and judge whether it still holds."""
    for line, comment in comments(source):
        switches = [*_NOQA.finditer(comment), *_IGNORE.finditer(comment)]
        rest = _PRAGMA.sub("", _IGNORE.sub("", _NOQA.sub("", comment)))
        if unnamed := [switch[0] for switch in switches if not switch["codes"]]:
            yield line, f"{unnamed[0]!r} silences everything: name the codes."
        elif (switches or _PRAGMA.search(comment)) and not _WORD.search(rest):
            yield line, f"{comment!r}: give the reason in words beside it."


# ---------------------------------------------------------------- names and docstrings

_VAGUE = "Manager|Helper|Util|Utility|Utilities|Service|Handler"
_VAGUE_CLASS = re.compile(rf"(?:{_VAGUE}|Data|Info)s?(?![a-z])")
_VAGUE_FILE = re.compile(rf"(?:.*_)?(?:{_VAGUE})s?|data|info|common|misc", re.IGNORECASE)


def telling_names(source: Source) -> Iterator[Finding]:
    """A name that fits everything says nothing, and what has such a name grows without bounds."""
    if _VAGUE_FILE.fullmatch(PurePosixPath(source.path).stem):
        yield 1, f"{source.path} could hold anything: what is it about, in this field's words?"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and _VAGUE_CLASS.search(node.name):
            yield node.lineno, f"{node.name} could be anything: what is it, in this field's words?"


def meanings(source: Source) -> Iterator[Finding]:
    """What others may use has a meaning, and units and errors: a name alone cannot say them."""
    yield from _without_docstring(source.tree, "")


def _without_docstring(scope: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Finding]:
    for node in scope.body:
        if not isinstance(node, Definition) or node.name.startswith("_") or _inherits(node):
            continue
        if not ast.get_docstring(node):
            yield node.lineno, f"{prefix}{node.name} has no docstring: say what it means."
        if isinstance(node, ast.ClassDef):
            yield from _without_docstring(node, f"{node.name}.")


def _inherits(node: Definition) -> bool:
    """Whether the meaning is given elsewhere: where an overridden method was first declared."""
    names = {dec.id for dec in node.decorator_list if isinstance(dec, ast.Name)}
    return bool(names & {"override", "overload"})
