"""One PostgreSQL cluster: made once, served on a Unix socket, recovered after any death."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from daybook.embedded.children import Children, Program
from daybook.embedded.errors import ServerFailed
from daybook.embedded.places import Places, private_folder
from daybook.embedded.processes import command_of
from daybook.embedded.servers import Log, end_leftovers

_OLDEST = 15
_BUILTIN_LOCALES_SINCE = 17
_INITDB_TIMEOUT = 120.0
_PORT = 5432  # names the socket only: no TCP port is opened
_READY_LINE = 7  # of postmaster.pid, counted from 0

_SETTINGS = {
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "log_min_duration_statement": "500ms",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_LEAST_BUFFERS, _MOST_BUFFERS = 128, 1024  # MiB
# Nothing outlives a test run, so nothing has to outlive the machine's crash either.
_TEST_SETTINGS = {
    "shared_buffers": f"{_LEAST_BUFFERS}MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "dynamic_shared_memory_type": "mmap",  # in the data folder, so it goes with it in any case
}


class Postgres:
    """A cluster in a folder named after its major version, which no other version can read.

    Args:
        folder: Holds `postgres` and `initdb`, and the servers' account can run them.
        places: Of the stack.
        report: Told about what takes long or should be known.

    Raises:
        ServerFailed: The program does not run, or is too old.
    """

    name = "postgres"
    variable = "database_url"

    def __init__(self, folder: Path, places: Places, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._places = places
        self._report = report
        self._major = _major_version(folder)
        self._log = places.log / "postgres.log"
        self.data = places.state / f"pg{self._major}"
        # Fast shutdown writes a checkpoint first; immediate shutdown saves that time in tests.
        self.stop_signal = signal.SIGINT if places.mode == "dev" else signal.SIGQUIT

    @property
    def url(self) -> str:
        """For asyncpg and libpq. The superuser and the database are both called daybook."""
        host = quote(str(self._places.sockets))
        return f"postgresql://daybook@/daybook?host={host}&port={_PORT}"

    async def prepare(self, children: Children) -> None:
        """Makes the cluster unless it is there, and clears what a killed predecessor left."""
        await end_leftovers(self._places.tag, "postgres", "postgres:")
        if not (self.data / "PG_VERSION").exists():
            await self._make(children)
        self._remove_stale_locks()

    def program(self) -> Program:
        """The server's command."""
        settings = {**_SETTINGS, "shared_buffers": _buffers(), "cluster_name": self._places.tag}
        if self._places.mode == "test":
            settings |= _TEST_SETTINGS
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        where = ["-k", str(self._places.sockets), "-h", "", "-p", str(_PORT)]
        return Program(
            role="server",
            argv=[self._folder / "postgres", "-D", str(self.data), *where, *options],
            death_signal=self.stop_signal,
            log=self._log,
            account=self._places.account,
        )

    async def is_ready(self, pid: int) -> bool:
        """Whether postmaster.pid says so, and is this process's and not a dead predecessor's."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > _READY_LINE and lines[0] == str(pid) and "ready" in lines[_READY_LINE]

    async def _make(self, children: Children) -> None:
        """Makes the cluster beside its place and moves it there when it is complete."""
        older = sorted(path.name for path in self.data.parent.glob("pg*[0-9]"))
        if older:
            self._report(
                f"This is PostgreSQL {self._major}; data of other versions stays in {older}"
            )
        self._report(f"Creating the database cluster in {self.data}")
        fresh = self.data.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        private_folder(fresh, self._places.account)
        sync = [] if self._places.mode == "dev" else ["-N"]
        flags = ["-U", "daybook", *self._flags(), *sync]
        await self._run(children, ["initdb", "-D", fresh, *flags])
        fsync = "on" if self._places.mode == "dev" else "off"
        await self._run(
            children,
            ["postgres", "--single", "-D", fresh, "-c", f"fsync={fsync}", "template1"],
            "CREATE DATABASE daybook",
        )
        fresh.rename(self.data)

    def _flags(self) -> list[str]:
        """The same text order on every system, where this version has it built in."""
        trust = ["--auth-local=trust", "--auth-host=reject", "--no-instructions", "-E", "UTF8"]
        if self._major >= _BUILTIN_LOCALES_SINCE:
            builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            return [*trust, *builtin]
        return [*trust, "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]

    async def _run(self, children: Children, command: list[str | Path], sql: str = "") -> None:
        program, *arguments = command
        log = Log(self._log)
        with contextlib.ExitStack() as files:
            stdin = subprocess.DEVNULL
            if sql:
                stdin = _readable(f"{sql};\n".encode())
                files.callback(os.close, stdin)
            job = Program(
                argv=[self._folder / program, *arguments],
                stdin=stdin,
                log=self._log,
                account=self._places.account,
            )
            try:
                async with asyncio.timeout(_INITDB_TIMEOUT):
                    status = await children.run(job)
            except TimeoutError as error:
                raise ServerFailed(
                    f"{program} was not done after {_INITDB_TIMEOUT:.0f} s. {log.tail()}"
                ) from error
        if status != 0:
            raise ServerFailed(f"{program} ended with status {status}. {log.tail()}")

    def _remove_stale_locks(self) -> None:
        """Removes lock files that PostgreSQL would believe in.

        It takes a zombie, or any process that has the old number by now, for its predecessor.
        """
        note = self.data / "postmaster.pid"
        if note.exists():
            first = note.read_text().split("\n", 1)[0]
            owner = command_of(int(first)) if first.isdigit() else ""
            if owner.split(" ", 1)[0].rpartition("/")[2] == "postgres":
                return  # somebody started it by hand: PostgreSQL's own message says what to do
            note.unlink()
        for path in self._places.sockets.glob(".s.PGSQL.*"):
            path.unlink()


def _buffers() -> str:
    """An eighth of the machine's memory within bounds: PostgreSQL proposes a quarter for itself.

    Reports read tens of thousands of pages here and there, most of which are then still at hand.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2
    return f"{min(max(memory // 8, _LEAST_BUFFERS), _MOST_BUFFERS)}MB"


def _major_version(folder: Path) -> int:
    answer = subprocess.run(  # noqa: S603 - the program that was found or named
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if not version:
        raise ServerFailed(
            f"{folder / 'postgres'} does not run here: {answer.stderr.strip()[-300:]}. "
            "Set DAYBOOK_PG_BIN to another PostgreSQL, or DATABASE_URL to a running server."
        )
    major = int(version[1])
    if major < _OLDEST:
        raise ServerFailed(
            f"PostgreSQL {major} in {folder} is too old: Daybook needs {_OLDEST} or newer. "
            "Set DAYBOOK_PG_BIN to a newer one, or DATABASE_URL to a running server."
        )
    return major


def _readable(content: bytes) -> int:
    """A pipe that holds this content and then ends."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading
