"""What is installed: our packages, whole, nothing else, and beside nobody of the same name."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.architecture.sources import PACKAGES, ROOT, files

OURS = "daybook-invoicing"
LOWER = {">=", ">", "==", "~=", "==="}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


def strangers(names: Sequence[str]) -> set[str]:
    """Top-level names that are not ours: each would be a module of everybody's environment."""
    tops = {name.partition("/")[0] for name in names}
    return {top for top in tops - {*PACKAGES} if not top.endswith(".dist-info")}


def clashes(installed: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """Distributions that bring a package of one of our names: which one wins is chance."""
    found = {name: {*installed.get(name, ())} - {OURS} for name in PACKAGES}
    return {name: owners for name, owners in found.items() if owners}


def unbounded(project: Mapping[str, Any]) -> list[str]:
    """Requirements without a lower bound: a resolver may take a version that we never tried."""
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in project["project"].get("optional-dependencies", {}).values():
        wanted += extra
    for group in project.get("dependency-groups", {}).values():
        wanted += group
    bounds = {text: {it.operator for it in Requirement(text).specifier} for text in wanted}
    return [text for text, operators in bounds.items() if not operators & LOWER]


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: list[str]) -> None:
    assert strangers(wheel) == set()
    assert {name.partition("/")[0] for name in wheel} > {*PACKAGES}


def test_the_wheel_holds_every_file_of_our_packages(wheel: list[str]) -> None:
    paths = (path.relative_to(ROOT).as_posix() for path in files())
    ours = {path for path in paths if path.startswith(tuple(f"{it}/" for it in PACKAGES))}
    assert ours - {*wheel} == set()
    assert any(path.endswith(".sql") for path in ours)


def test_the_wheel_holds_the_command_and_the_licence(wheel: list[str]) -> None:
    ends = [re.sub(r"^[^/]*\.dist-info/", "", name) for name in wheel]
    assert {"entry_points.txt", "licenses/LICENSE", "METADATA"} <= {*ends}


def test_no_dependency_brings_a_package_of_our_names() -> None:
    assert clashes(packages_distributions()) == {}


def test_no_module_of_python_has_one_of_our_names() -> None:
    assert sys.stdlib_module_names.isdisjoint(PACKAGES)


def test_every_dependency_has_a_lower_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert unbounded(project) == []


# ---------------------------------------------------------------- the rules can fail


def test_a_stranger_in_the_wheel_is_found() -> None:
    names = ["domain/money.py", "tests/given.py", "settings.py", "x-1.dist-info/METADATA"]
    assert strangers(names) == {"tests", "settings.py"}


def test_a_clash_is_found() -> None:
    installed = {"domain": [OURS], "store": [OURS, "app-store"], "api": ["api"]}
    assert clashes(installed) == {"store": {"app-store"}, "api": {"api"}}


@pytest.mark.parametrize(
    "requirement", ["click", "click<9", "click!=8.0", "click[x]; python_version > '3'"]
)
@pytest.mark.parametrize("place", ["build", "project", "extra", "group"])
def test_a_dependency_without_a_lower_bound_is_found(requirement: str, place: str) -> None:
    listed = {name: ["click>=8"] for name in ("build", "project", "extra", "group")}
    listed[place] = ["click==8.2", requirement]
    project = {
        "build-system": {"requires": listed["build"]},
        "project": {
            "dependencies": listed["project"],
            "optional-dependencies": {"embedded": listed["extra"]},
        },
        "dependency-groups": {"dev": listed["group"]},
    }
    assert unbounded(project) == [requirement]
