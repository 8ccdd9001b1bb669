"""Starts programs that own a stack, and looks at what is left of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import redis

from daybook.embedded.binaries import copy_for_others, find_postgres, find_valkey
from daybook.embedded.places import Account, reachable, tag_of
from daybook.embedded.processes import command_of

HERE = Path(__file__).parent
_KEEPER = "tests/embedded/keeper.py"
CHECKOUT = HERE.parents[1]


def environment() -> dict[str, str]:
    """This process's environment without what would choose other servers."""
    chosen = {"DATABASE_URL", "REDIS_URL", "DAYBOOK_PG_BIN"}
    inherited = dict(os.environ)
    return {name: value for name, value in inherited.items() if name not in chosen}


def given_urls() -> dict[str, str]:
    """An environment in which no server has to be started, for tests that need none."""
    urls = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}
    return {**environment(), **urls}


def until(condition: Callable[[], bool], timeout: float = 60.0) -> None:
    """Waits for a condition.

    Raises:
        AssertionError: It did not come true in that many seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"Not within {timeout} s."
        time.sleep(0.01)


def running(pids: Mapping[str, int]) -> dict[str, str]:
    """Those that still run, with their commands; a zombie does not."""
    return {name: command for name, pid in pids.items() if (command := command_of(pid))}


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def kill_at_once(*pids: int) -> None:
    """Kills all of them before any can react to the death of another."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    kill(*pids)


@dataclass(frozen=True)
class Stranger:
    """An ordinary user with a Python and a copy of the code that he can reach.

    Attributes:
        uid: Who he is; None means the one who runs the tests.
    """

    uid: int | None
    python: str
    code: Path
    environ: Mapping[str, str]


def ordinary_user(folder: Path) -> Stranger:
    """The user who runs the tests, or for root one who has no rights at all.

    Args:
        folder: Open to everybody; code and servers are copied into it where that is needed.
    """
    if os.geteuid() != 0:
        return Stranger(None, sys.executable, CHECKOUT, {})
    account = Account("nobody", 65534, 65534)
    code = folder / "code"
    for part in ("daybook/__init__.py", "daybook/embedded", "tests/embedded"):
        source, target = CHECKOUT / part, code / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    postgres = find_postgres(environment()) / "postgres"
    valkey = find_valkey(environment())
    postgres, valkey = (
        binary if reachable(binary, account) else copy_for_others(binary, code)
        for binary in (postgres, valkey)
    )
    for path in (code, *code.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    environ = {"DAYBOOK_PG_BIN": str(postgres.parent), "PATH": f"{valkey.parent}:/usr/bin:/bin"}
    return Stranger(account.uid, _python_for(account), code, environ)


def _python_for(account: Account) -> str:
    """A Python 3.11 or newer that the account can run: this one may stand in /root."""
    names = ["python3", *(f"python3.{minor}" for minor in range(11, 20))]
    folders = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
    system = [Path(folder, name) for folder in folders for name in names]
    for python in (Path(sys.executable), *system):
        if python.exists() and reachable(python, account):
            check = "import sys; sys.exit(sys.version_info < (3, 11))"
            if subprocess.run([python, "-c", check], check=False, cwd="/").returncode == 0:
                return str(python)
    raise AssertionError("No Python 3.11 that other users can run: install one in /usr/bin.")


class Keeper:
    """A running `keeper.py`: its process, and what it reported."""

    def __init__(self, process: subprocess.Popen[str], started: dict[str, Any]) -> None:
        self.process = process
        self.database_url = str(started["database_url"])
        self.redis_url = str(started["redis_url"])
        self.copy: int | None = started["copy"]
        self.state = Path(started["state"])
        self.processes: dict[str, int] = started["processes"]
        self.family: dict[str, int] = started["family"]

    @property
    def everybody(self) -> dict[str, int]:
        return {**self.processes, **self.family}


@contextmanager
def keeping(
    home: Path,
    mode: str,
    *,
    stranger: Stranger | None = None,
    fork: bool = False,
) -> Iterator[Keeper]:
    """Runs `keeper.py`; at the end its stdin is closed, so that it stops in an orderly way."""
    process = start_keeper(home, mode, *(["fork"] if fork else []), stranger=stranger)
    assert process.stdin
    assert process.stdout
    with process:
        line = process.stdout.readline()
        assert line, "The program ended before its stack was up."
        keeper = Keeper(process, json.loads(line))
        try:
            yield keeper
            if process.poll() is None:
                process.stdin.close()
                process.wait(timeout=10)
        finally:
            if keeper.copy:
                kill(keeper.copy)


def start_keeper(
    home: Path, *arguments: str, stranger: Stranger | None = None
) -> subprocess.Popen[str]:
    """Starts `keeper.py`, possibly as another user, and does not wait for its stack."""
    code = stranger.code if stranger else CHECKOUT
    environ = {**environment(), **(stranger.environ if stranger else {}), "PYTHONPATH": str(code)}
    uid = stranger.uid if stranger else None
    process = subprocess.Popen(
        [stranger.python if stranger else sys.executable, _KEEPER, str(home), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
        text=True,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        cwd=code,
    )
    assert process.stdin
    process.stdin.write(json.dumps(environ) + "\n")
    process.stdin.flush()
    return process


async def query(url: str, sql: str) -> Any:
    """The first value of a query's answer, or of nothing."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def ping(url: str) -> bool:
    """Whether a Redis-compatible server answers there."""
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def traces(home: Path) -> list[Path]:
    """What there is on this machine of a stack: its home, sockets, copies and shared memory."""
    tag = tag_of(home)
    bases = {Path("/tmp"), Path("/var/tmp"), Path(tempfile.gettempdir())}  # noqa: S108 - looked at
    found = [path for base in bases for path in base.glob(f"{tag}*")]
    return [*found, *([home] if home.exists() else [])]
