"""What is in version control holds for everybody: nothing of one machine, one network, one day."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pytest

from tests.architecture.sources import ROOT, files

PATTERNS = {
    "a path of one machine": re.compile(
        r"(?<![\w.:/}])/(?:home|root|Users|work|workspaces?|builds|mnt|private)/[\w.-]"
        r"|\b[A-Z]:\\Users"
    ),
    "the host of a package registry: a lock file or a default names none": re.compile(
        r"(?://(?:files|registry|index|packages|pypi|artifactory|nexus|mirrors?)\.\w"
        r"|/simple/?(?:\s|[\"']|$)|--(?:extra-)?index-url|--find-links|--trusted-host"
        r"|^\s*(?:default-)?index-url\s*=)",
        re.MULTILINE,
    ),
    "a mark instead of a sentence": re.compile(r"\b(?:FIXME|TODO)\b"),
}
"""What no tracked text may contain, and what to call it."""


def faults(path: str, text: str) -> Iterator[str]:
    """What is wrong with a file, as sentences."""
    if path.startswith("tests/architecture/"):
        return  # these files describe what they look for
    for what, pattern in PATTERNS.items():
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path}:{line}: {found[0].strip()!r} is {what}."


def misplaced(paths: Iterable[str]) -> list[str]:
    """Files that may not be there at all."""
    return [path for path in paths if _is_misplaced(PurePosixPath(path))]


def _is_misplaced(path: PurePosixPath) -> bool:
    # A package tests/domain would shadow domain. Our lock files are made by 'make lock' and hold
    # hashes only; uv.lock would name the registry of whoever wrote it.
    return (path.parts[0] == "tests" and path.name == "__init__.py") or path.name == "uv.lock"


def test_nothing_of_one_machine_is_in_version_control() -> None:
    found: list[str] = []
    for path in files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += faults(path.relative_to(ROOT).as_posix(), text)
    assert not found, "\n".join(found)


def test_no_file_is_where_it_may_not_be() -> None:
    assert misplaced(path.relative_to(ROOT).as_posix() for path in files()) == []


# ---------------------------------------------------------------- the rules can fail


@pytest.mark.parametrize(
    "text",
    [
        "cd /home/ann/daybook",
        "path = '/root/x'",
        "see /workspace/daybook for more",
        "C:\\Users\\ann",
        "--index-url https://example.org/x",
        "index-url = 'https://example.org/x'",
        "https://example.org/simple",
        "https://files.example.org/packages/x.whl",
        "https://registry.example.org",
        "FIXME: later",
    ],
)
def test_a_planted_trace_is_found(text: str) -> None:
    assert len([*faults("docs/x.md", f"first line\n{text}\n")]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/home/page",
        "/api/invoices",
        "/usr/lib/postgresql/15/bin",
        "a simple rule",
        "homework/main",
        "$HOME/src/x",
    ],
)
def test_what_only_looks_like_a_trace_is_not_found(text: str) -> None:
    assert [*faults("docs/x.md", text)] == []


def test_misplaced_files_are_found() -> None:
    wrong = ["tests/__init__.py", "tests/domain/__init__.py", "uv.lock", "x/uv.lock"]
    assert misplaced([*wrong, "domain/__init__.py", "requirements.lock"]) == wrong
