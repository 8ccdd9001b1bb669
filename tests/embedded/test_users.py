"""Root and ordinary users, open and closed folders."""

import os
from pathlib import Path

import pytest

from daybook.embedded.binaries import copy_for_others, find_postgres
from daybook.embedded.errors import StackError
from daybook.embedded.places import private_folder, server_account
from daybook.embedded.stack import stack
from tests.embedded.support import (
    environment,
    keeping,
    kill,
    ordinary_user,
    query,
    running,
    traces,
    until,
)


async def test_an_ordinary_user_starts_stops_and_is_killed_like_anybody(home: Path) -> None:
    user = ordinary_user(home.parent)
    uid = os.geteuid() if user.uid is None else user.uid
    os.chown(home.parent, uid, -1)
    with keeping(home, "dev", stranger=user) as keeper:
        assert _owner_of_socket(keeper.database_url) == uid
        kill(keeper.process.pid)
        until(lambda: not running(keeper.everybody))
    with keeping(home, "dev", stranger=user) as keeper:
        assert keeper.state == home
    assert running(keeper.everybody) == {}


async def test_in_a_closed_folder_servers_run_and_its_permissions_stay(home: Path) -> None:
    home.parent.chmod(0o700)
    said: list[str] = []
    with stack(home, mode="dev", environ=environment(), report=said.append) as servers:
        await query(servers.database_url, "create table kept ()")
        assert servers.state is not None
        state = servers.state
        assert _owner_of_socket(servers.database_url) == _server_uid()
        if os.geteuid() == 0:
            assert home not in (state, *state.parents)
            assert any(str(state) in sentence for sentence in said)
        else:
            assert state == home
    with stack(home, mode="dev", environ=environment()) as servers:
        assert servers.state == state
        assert await query(servers.database_url, "select count(*) from kept") == 0
    assert home.parent.stat().st_mode & 0o777 == 0o700


async def test_servers_in_a_closed_folder_are_copied_and_test_mode_removes_the_copies(
    home: Path,
) -> None:
    closed = home.parent / "closed"
    closed.mkdir()
    original = copy_for_others(find_postgres(environment()) / "postgres", closed)
    closed.chmod(0o700)
    environ = {**environment(), "DAYBOOK_PG_BIN": str(original.parent)}
    with stack(home, mode="test", environ=environ) as servers:
        version = await query(servers.database_url, "show server_version_num")
        assert int(version) >= 150000
        copied = [path for trace in traces(home) for path in trace.rglob("initdb")]
        assert len(copied) == (1 if os.geteuid() == 0 else 0)
    assert traces(home) == []
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_refused_for_private_things(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "something").touch()
    folder.chmod(0o755)
    with pytest.raises(StackError, match="chmod go-rwx"):
        private_folder(folder, None)


def test_a_link_is_refused_for_private_things(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(StackError, match="has to be a folder"):
        private_folder(tmp_path / "link", None)


def _owner_of_socket(url: str) -> int:
    folder = url.partition("host=")[2].partition("&")[0]
    return Path(folder, ".s.PGSQL.5432").stat().st_uid


def _server_uid() -> int:
    account = server_account()
    return account.uid if account else os.geteuid()
