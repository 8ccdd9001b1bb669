"""Whoever is killed: nothing survives its owner, and what should run comes back."""

import asyncio
import json
import sys
import time
from pathlib import Path

import asyncpg
import pytest
import redis

from daybook.embedded.errors import ServerFailed
from daybook.embedded.places import tag_of
from daybook.embedded.processes import commands
from daybook.embedded.stack import stack
from tests.embedded.support import (
    HERE,
    environment,
    given_urls,
    keeping,
    kill,
    kill_at_once,
    ping,
    query,
    running,
    start_keeper,
    traces,
    until,
)


def test_killing_the_parent_ends_every_process_and_removes_every_file(home: Path) -> None:
    with keeping(home, "test") as keeper:
        assert running(keeper.everybody).keys() == keeper.everybody.keys()
        kill(keeper.process.pid)
        until(lambda: not running(keeper.everybody))
        assert traces(home) == []


def test_a_forked_copy_of_the_parent_that_keeps_the_pipe_open_keeps_nothing_alive(
    home: Path,
) -> None:
    with keeping(home, "test", fork=True) as keeper:
        assert keeper.copy
        kill(keeper.process.pid)
        until(lambda: not running(keeper.everybody))
        assert traces(home) == []


def test_killing_the_guardian_ends_every_process_and_removes_every_file(home: Path) -> None:
    with keeping(home, "test") as keeper:
        kill(keeper.processes["guardian"])
        until(lambda: not running(keeper.everybody))
        assert traces(home) == []


def test_a_parent_whose_guardian_was_killed_learns_it(home: Path) -> None:
    with stack(home, mode="test", environ=given_urls()) as servers:
        assert not servers.wait(0)
        kill(servers.processes()["guardian"])
        assert servers.wait(5)
        with pytest.raises(ServerFailed, match="Start again"):
            servers.processes()


def test_killing_guardian_and_watchdog_still_ends_what_they_started(home: Path) -> None:
    with keeping(home, "test") as keeper:
        kill(keeper.processes["guardian"], keeper.processes["watchdog"])
        direct = {name: keeper.processes[name] for name in ("postgres", "valkey", "family")}
        until(lambda: not running(direct))
        kill(keeper.family["child"], keeper.family["runaway"])


def test_a_killed_watchdog_is_replaced(home: Path) -> None:
    with keeping(home, "test") as keeper:
        first = keeper.processes["watchdog"]
        kill(first)
        until(lambda: _watchdogs(home) not in ([], [first]))
        kill(keeper.processes["guardian"])
        until(lambda: not running(keeper.everybody))
        until(lambda: traces(home) == [])


def test_killing_the_parent_while_the_cluster_is_being_made_leaves_nothing(home: Path) -> None:
    with start_keeper(home, "test") as process:
        until(lambda: any(home.glob("*/pg*.new/PG_VERSION")))
        kill(process.pid)
        until(lambda: not _of_stack(home) and not traces(home))


def test_an_app_process_that_will_not_end_is_killed_within_five_seconds(home: Path) -> None:
    with stack(home, mode="test", environ=environment()) as servers:
        servers.run("family", [sys.executable, str(HERE / "family.py"), "stubborn"])
        log = servers.log / "family.log"
        until(lambda: log.read_text().endswith("\n"))
        everybody = {**servers.processes(), **json.loads(log.read_text())}
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert running(everybody) == {}


def test_what_an_app_process_leaves_behind_ends_before_it_is_started_again(home: Path) -> None:
    program = "import subprocess, sys; child = subprocess.Popen(['sleep', '60']); print(child.pid)"
    with stack(home, mode="test", environ=given_urls()) as servers:
        servers.run("app", [sys.executable, "-c", program])
        log = servers.log / "app.log"
        until(lambda: "started again" in _text(log))
        assert running({"child": int(_text(log).split("\n", 1)[0])}) == {}


async def test_a_killed_postgres_comes_back_with_its_data_even_in_the_middle_of_a_query(
    home: Path,
) -> None:
    with stack(home, mode="dev", environ=environment()) as servers:
        await query(servers.database_url, "create table kept as select 7 as seven")
        busy = await asyncpg.connect(servers.database_url)
        endless = asyncio.ensure_future(
            busy.execute("select count(*) from generate_series(1, 100000000000)")
        )
        active = "select count(*) from pg_stat_activity where state = 'active'"
        async with asyncio.timeout(60):
            while await query(servers.database_url, active) < 2:
                pass
        first = servers.processes()["postgres"]
        kill(first)
        with pytest.raises((OSError, asyncpg.PostgresError)):
            async with asyncio.timeout(60):
                await endless
        busy.terminate()
        until(lambda: servers.processes().get("postgres", first) != first)
        assert await query(servers.database_url, "select seven from kept") == 7
        assert f"(process {first}) ended with status -9" in _text(servers.log / "postgres.log")


async def test_a_killed_valkey_comes_back_with_its_data(home: Path) -> None:
    with stack(home, mode="dev", environ=environment()) as servers:
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("kept", "7")
            client.waitaof(1, 0, 2000)
        first = servers.processes()["valkey"]
        kill(first)
        until(lambda: servers.processes().get("valkey", first) != first)
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.get("kept") == b"7"


async def test_after_everything_was_killed_at_once_the_next_start_finds_the_data(
    home: Path,
) -> None:
    with keeping(home, "dev") as keeper:
        await query(keeper.database_url, "create table kept as select 7 as seven")
        kill_at_once(keeper.process.pid, *keeper.processes.values())
        until(lambda: not running(keeper.processes))
        assert running(keeper.family), "Nobody was left who could have ended them."
    with keeping(home, "dev") as again:
        assert not running(keeper.family)
        assert again.database_url == keeper.database_url
        assert await query(again.database_url, "select seven from kept") == 7
        assert ping(again.redis_url)
    assert running(again.everybody) == {}


def _of_stack(home: Path) -> list[str]:
    tag = tag_of(home)
    return [command for _, command in commands() if tag in command or str(home) in command]


def _text(log: Path) -> str:
    return log.read_text()


def _watchdogs(home: Path) -> list[int]:
    tag = tag_of(home)
    return [
        pid
        for pid, command in commands()
        if "daybook.embedded.watchdog" in command and tag in command
    ]
