import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from daybook.embedded import lock, postgres
from daybook.embedded.errors import AlreadyRunning, ServerFailed, StackError
from daybook.embedded.places import server_account
from daybook.embedded.stack import stack
from tests.embedded.support import (
    HERE,
    environment,
    given_urls,
    ping,
    query,
    running,
    traces,
    until,
)


async def test_servers_answer_on_sockets_in_a_private_folder(home: Path) -> None:
    with stack(home, mode="test", environ=environment()) as servers:
        assert await query(servers.database_url, "select current_user") == "daybook"
        assert await query(servers.database_url, "select current_database()") == "daybook"
        assert await query(servers.database_url, "show listen_addresses") == ""
        assert await query(servers.database_url, "show max_connections") == "200"
        assert ping(servers.redis_url)
        sockets = await query(servers.database_url, "show unix_socket_directories")
        assert _permissions(sockets) == 0o700
        assert len(f"{sockets}/.s.PGSQL.5432.lock") < 104
        assert {"postgres", "valkey", "total"} <= servers.timings.keys()


async def test_dev_mode_is_durable_and_test_mode_is_fast(home: Path) -> None:
    settings = "select string_agg(setting, ' ' order by name) from pg_settings where name in "
    settings += "('fsync', 'synchronous_commit', 'full_page_writes')"
    for mode, expected in (("dev", "on on on"), ("test", "off off off")):
        with stack(home, mode="dev" if mode == "dev" else "test", environ=environment()) as servers:
            assert await query(servers.database_url, settings) == expected
            with redis.Redis.from_url(servers.redis_url) as client:
                durable = client.config_get("appendonly")
            assert durable == {"appendonly": "yes" if mode == "dev" else "no"}


@pytest.mark.parametrize(("gib", "expected"), [(0.5, "128MB"), (4, "512MB"), (64, "1024MB")])
def test_postgres_has_an_eighth_of_the_memory_but_no_more_than_it_can_use(
    gib: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"SC_PHYS_PAGES": int(gib * 2**18), "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert postgres._buffers() == expected


async def test_servers_do_not_see_settings_of_other_clusters(home: Path) -> None:
    environ = {**environment(), "PGDATA": "/nowhere", "PGPORT": "1", "PGHOST": "/nowhere"}
    with stack(home, mode="test", environ=environ) as servers:
        assert await query(servers.database_url, "show data_directory") != "/nowhere"


def test_a_url_that_is_given_is_passed_through_and_its_server_not_started(home: Path) -> None:
    with stack(home, mode="test", environ=given_urls()) as servers:
        assert servers.database_url == given_urls()["DATABASE_URL"]
        assert servers.redis_url == given_urls()["REDIS_URL"]
        assert servers.processes().keys() == {"guardian", "watchdog"}
    only_redis = {"REDIS_URL": "redis://elsewhere/0", "DATABASE_URL": ""}
    with stack(home, mode="test", environ={**environment(), **only_redis}) as servers:
        assert servers.redis_url == "redis://elsewhere/0"
        assert servers.processes().keys() == {"guardian", "watchdog", "postgres"}


async def test_a_second_start_in_the_same_home_is_refused_and_harms_nothing(home: Path) -> None:
    with stack(home, mode="test", environ=environment()) as servers:
        with (
            pytest.raises(AlreadyRunning) as refusal,
            stack(home, mode="test", environ=environment()),
        ):
            pass
        assert refusal.value.home == home
        assert refusal.value.pid == servers.processes()["guardian"]
        assert (home / "lock").read_text().split()[0] == str(refusal.value.pid)
        assert f"kill {refusal.value.pid}" in str(refusal.value)
        assert str(home) in str(refusal.value)
        assert await query(servers.database_url, "select 1") == 1


def test_the_lock_of_a_stack_that_is_stopping_is_waited_for(home: Path) -> None:
    held = lock.take(home)
    assert held is not None
    with pytest.raises(AlreadyRunning):
        lock.take(home)
    lock.announce_stop(held)
    assert lock.take(home) is None
    os.close(held)
    again = lock.take(home)
    assert again is not None
    os.close(again)


def test_a_holder_that_does_not_stop_after_all_is_not_waited_for_for_ever(home: Path) -> None:
    held = lock.take(home)
    assert held is not None
    lock.announce_stop(held)
    with pytest.raises(AlreadyRunning):
        lock.take(home, waited=60)
    os.close(held)


def test_a_stop_leaves_no_process_and_in_test_mode_no_file(home: Path) -> None:
    with stack(home, mode="test", environ=environment()) as servers:
        servers.run("family", [sys.executable, str(HERE / "family.py")])
        processes = servers.processes()
        assert running(processes).keys() == {
            "guardian",
            "watchdog",
            "postgres",
            "valkey",
            "family",
        }
    assert running(processes) == {}
    assert traces(home) == []


async def test_test_mode_neither_sees_nor_removes_the_data_of_dev_mode(home: Path) -> None:
    exists = "select to_regclass('kept') is not null"
    with stack(home, mode="dev", environ=environment()) as servers:
        await query(servers.database_url, "create table kept ()")
    with stack(home, mode="test", environ=environment()) as servers:
        assert not await query(servers.database_url, exists)
    with stack(home, mode="dev", environ=environment()) as servers:
        assert await query(servers.database_url, exists)


def test_an_app_process_gets_the_urls_and_its_own_variables(home: Path) -> None:
    program = "import os; print(os.environ['DATABASE_URL'], os.environ['COLOUR'], os.getcwd())"
    with stack(home, mode="test", environ=given_urls()) as servers:
        servers.run("app", [sys.executable, "-c", program], {"COLOUR": "blue"})
        log = servers.log / "app.log"
        expected = f"postgresql://elsewhere/db blue {Path.cwd()}\n"
        until(lambda: log.read_text().startswith(expected))


def test_an_app_process_that_ends_is_started_again_ever_more_slowly(home: Path) -> None:
    with stack(home, mode="test", environ=given_urls()) as servers:
        servers.run("app", [sys.executable, "-c", "print('once more'); raise SystemExit(3)"])
        log = servers.log / "app.log"
        until(lambda: log.read_text().count("once more") == 4)
        notes = [line for line in log.read_text().splitlines() if "[guardian]" in line]
        assert all("ended with status 3" in note for note in notes)
        assert [note.split()[-2] for note in notes[:3]] == ["0.2", "0.4", "0.8"]


def test_an_app_process_that_cannot_be_started_is_refused_with_the_reason(home: Path) -> None:
    with stack(home, mode="test", environ=given_urls()) as servers:
        with pytest.raises(StackError, match="No such file"):
            servers.run("app", ["/no/such/program"])
        servers.run("app", [sys.executable, "-c", "input()"])
        with pytest.raises(StackError, match="already running"):
            servers.run("app", [sys.executable, "-c", "input()"])
        with pytest.raises(StackError, match="already running"):
            servers.run("postgres", [sys.executable, "-c", "input()"])


def test_a_server_that_does_not_come_up_is_an_error_with_the_end_of_its_log(home: Path) -> None:
    scripts = {
        "postgres": "#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n",
        "initdb": "#!/bin/sh\necho 'no space for a cluster' >&2\nexit 1\n",
    }
    for name, text in scripts.items():
        home.parent.joinpath(name).write_text(text)
        home.parent.joinpath(name).chmod(0o755)
    environ = {**environment(), "DAYBOOK_PG_BIN": str(home.parent)}
    with (
        pytest.raises(ServerFailed, match="no space for a cluster"),
        stack(home, mode="test", environ=environ),
    ):
        pass
    assert traces(home) == []


def test_a_postgres_that_is_too_old_is_refused(home: Path) -> None:
    for name in ("postgres", "initdb"):
        program = home.parent / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        program.chmod(0o755)
    environ = {**environment(), "DAYBOOK_PG_BIN": str(home.parent)}
    with (
        pytest.raises(ServerFailed, match=r"PostgreSQL 14 .* too old"),
        stack(home, mode="test", environ=environ),
    ):
        pass


def test_a_home_that_cannot_be_made_is_an_error_with_the_way_out(home: Path) -> None:
    home.write_text("a file")
    with (
        pytest.raises(ServerFailed, match="Choose a folder"),
        stack(home, mode="test", environ=environment()),
    ):
        pass
    home.unlink()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the account that PostgreSQL runs as, but none of PostgreSQL's."""
    account = server_account()
    with subprocess.Popen(["sleep", "60"], user=account.uid if account else None) as process:
        yield process
        process.kill()


async def test_a_stale_lock_file_that_names_a_living_stranger_is_no_obstacle(
    home: Path, stranger: subprocess.Popen[bytes]
) -> None:
    with stack(home, mode="dev", environ=environment()) as servers:
        data = Path(await query(servers.database_url, "show data_directory"))
    note = f"{stranger.pid}\n{data}\n0\n5432\n\n\n\nready\n"
    (data / "postmaster.pid").write_text(note)
    with stack(home, mode="dev", environ=environment()) as servers:
        assert await query(servers.database_url, "select 1") == 1
    assert stranger.poll() is None


def _permissions(folder: str) -> int:
    return Path(folder).stat().st_mode & 0o777
