"""Spectral and Redocly, without errors and without a warning that is not explained."""

import collections
import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

EXPLAINED = Path(__file__).parents[1] / "docs" / "contract.md"
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def lint(here: Path, build: Path, documents: Iterable[str]) -> None:
    """Lint the documents in ``build`` with the rules in ``here``.

    Raises:
        ClickException: There is an error, or a warning of a rule that docs/contract.md does not
            give a reason for, or a reason there for what is not warned of.
    """
    install(here)
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    for name in documents:
        found += collections.Counter(_spectral(here, build / name))
        found += collections.Counter(_redocly(here, build / name))
    for (severity, rule), count in sorted(found.items()):
        click.echo(f"{severity:8}{count:6}  {rule}", err=True)
    explained = set(re.findall(r"^\| `([^`]+)` \|", EXPLAINED.read_text("utf-8"), re.MULTILINE))
    wrong = {rule for severity, rule in found if severity == "error"}
    wrong |= {rule for severity, rule in found if rule not in explained}
    if wrong:
        detail = "Mend it, or give the reason for a warning in docs/contract.md: "
        raise click.ClickException(detail + ", ".join(sorted(wrong)))
    if idle := explained - {rule for _, rule in found}:
        detail = "There is no such warning any more, take it out of docs/contract.md: "
        raise click.ClickException(detail + ", ".join(sorted(idle)))


def install(here: Path) -> None:
    """The tools of package-lock.json; none of their install scripts is run."""
    lock, mark = here / "package-lock.json", here / "node_modules" / ".package-lock.json"
    if mark.exists() and mark.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=here, check=False).returncode:
        raise click.ClickException("npm could not install the tools of contract/package-lock.json.")


def _spectral(here: Path, document: Path) -> list[tuple[str, str]]:
    tool = here / "node_modules" / ".bin" / "spectral"
    output = _output([tool, "lint", "-r", here / "spectral.yaml", "-f", "json", document])
    return [("error" if it["severity"] == 0 else "warning", it["code"]) for it in output]


def _redocly(here: Path, document: Path) -> list[tuple[str, str]]:
    tool = here / "node_modules" / ".bin" / "redocly"
    output = _output([tool, "lint", "--format=json", "--max-problems=10000", document])
    kinds = {"warn": "warning", "error": "error"}
    return [(kinds[it["severity"]], f"redocly/{it['ruleId']}") for it in output["problems"]]


def _output(command: list[object]) -> Any:
    environ = {**os.environ, **_QUIET}  # noqa: TID251 - it is passed on
    done = subprocess.run(
        [*map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        env=environ,
        stdin=subprocess.DEVNULL,
    )
    try:
        # A word may follow that says how many problems there are.
        return json.JSONDecoder().raw_decode(done.stdout.strip())[0]
    except json.JSONDecodeError:
        name = Path(str(command[0])).name
        raise click.ClickException(f"{name} could not run:\n{done.stdout}{done.stderr}") from None
