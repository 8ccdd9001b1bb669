"""The embedded servers as a context manager, for the program and for tests."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from daybook.embedded.binaries import find_postgres, find_valkey
from daybook.embedded.errors import AlreadyRunning, ServerFailed, StackError
from daybook.embedded.places import Mode
from daybook.embedded.processes import COOKIE, code_folder, own_module, server_environment

# The guardian stops everything within 5 s.
_STOP_TIMEOUT = 8.0


class _Wire:
    """A guardian's process, and one request to it at a time."""

    def __init__(self, home: Path, environ: Mapping[str, str], errors: IO[bytes]) -> None:
        self._errors = errors
        self._turn = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            # The home is there for people who read a list of processes.
            [*own_module("daybook.embedded.guardian"), str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=code_folder(),
            env=server_environment(environ),
            # Ctrl-C in a terminal reaches its parent, which then stops it in an orderly way.
            start_new_session=True,
        )

    def ask(
        self, request: dict[str, Any], report: Callable[[str], None] | None = None
    ) -> dict[str, Any]:
        """Sends a request and waits for its answer, passing on news of progress meanwhile.

        Raises:
            ServerFailed: The guardian has ended.
        """
        assert self._process.stdin
        assert self._process.stdout
        with self._turn:
            with suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
            for line in self._process.stdout:
                answer: dict[str, Any] = json.loads(line)
                if "progress" not in answer:
                    return answer
                if report:
                    report(answer["progress"])
        raise ServerFailed(
            f"The process that looks after the servers has ended. {self._last_words()}"
        )

    def wait(self, timeout: float | None) -> bool:
        """Whether the guardian ended within that many seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
            return True
        return False

    def close(self) -> None:
        """Lets the guardian stop everything, and waits until it has."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        if not self.wait(_STOP_TIMEOUT):
            # The kernel and the watchdog then end what it leaves.
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace").strip()
        return f"It said:\n{text[-2000:]}" if text else "It was stopped or killed. Start again."


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Servers that run, and the processes that run beside them.

    Attributes:
        home: The stack's folder.
        database_url: For asyncpg.
        redis_url: For redis-py.
        environ: The environment for processes of this stack: the caller's, with both URLs and the
            mark by which processes are found that outlive their parent.
        state: The folder that holds the servers' data; None when no server was started.
        log: The folder of log files.
        timings: Seconds that each server took to start, and `total`.
    """

    home: Path
    database_url: str
    redis_url: str
    environ: Mapping[str, str]
    state: Path | None
    log: Path
    timings: Mapping[str, float]
    _wire: _Wire

    def run(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        log: Path | None = None,
    ) -> int:
        """Runs a process until the stack stops, starting it again whenever it ends.

        It gets SIGTERM when the stack stops and SIGKILL 3 s later, as does its process group.

        Args:
            name: Unique in the stack.
            argv: Program and arguments.
            env: Variables to set on top of `environ`.
            log: The file for its output; by default `<name>.log` among the stack's logs.

        Returns:
            Its process id; a restart changes it.

        Raises:
            StackError: It could not be started.
        """
        request = {
            "name": name,
            "argv": list(argv),
            "env": {**self.environ, **(env or {})},
            "cwd": str(Path.cwd()),
            "log": str(log.absolute() if log else self.log / f"{name}.log"),
        }
        answer = self._wire.ask({"run": request})
        if "error" in answer:
            raise StackError(f"{name} could not be started: {answer['error']}")
        return int(answer["started"]["pid"])

    def processes(self) -> dict[str, int]:
        """Names and ids of the processes that run now, the guardian among them."""
        return dict(self._wire.ask({"processes": True})["processes"])

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the guardian has ended, which it only does early when it is killed.

        Args:
            timeout: Seconds; None waits for ever.

        Returns:
            Whether it has.
        """
        return self._wire.wait(timeout)


@contextmanager
def stack(
    home: Path,
    *,
    mode: Mode,
    environ: Mapping[str, str],
    report: Callable[[str], None] | None = None,
) -> Iterator[Stack]:
    """Runs PostgreSQL and Valkey for as long as the context, or this process, lives.

    A server whose URL is in `environ` (DATABASE_URL, REDIS_URL) is not started; its URL is passed
    through. The servers listen on Unix sockets in a private folder only.

    Args:
        home: Holds data, logs and the lock; made where needed.
        mode: "dev" keeps data and is durable. "test" is fast, starts empty and leaves no file.
        environ: The environment to read and to pass on.
        report: Told about what takes long or should be known.

    Raises:
        AlreadyRunning: Another stack holds this home.
        ServerNotFound: There is no executable of a server that is needed.
        StackError: A server did not come up; the message says why.
    """
    home = home.resolve()
    database_url, redis_url = environ.get("DATABASE_URL"), environ.get("REDIS_URL")
    order = {
        "home": str(home),
        "mode": mode,
        "postgres": None if database_url else str(find_postgres(environ)),
        "valkey": None if redis_url else str(find_valkey(environ)),
    }
    with tempfile.TemporaryFile() as errors:
        wire = _Wire(home, environ, errors)
        try:
            answer = wire.ask({"parent": os.getpid(), "start": order}, report)
            if "error" in answer:
                raise _refusal(home, answer)
            urls = {
                "DATABASE_URL": database_url or answer["database_url"],
                "REDIS_URL": redis_url or answer["redis_url"],
            }
            yield Stack(
                home=home,
                database_url=urls["DATABASE_URL"],
                redis_url=urls["REDIS_URL"],
                environ={**environ, **urls, COOKIE: answer["cookie"]},
                state=Path(answer["state"]),
                log=Path(answer["log"]),
                timings=answer["timings"],
                _wire=wire,
            )
        finally:
            wire.close()


def _refusal(home: Path, answer: dict[str, Any]) -> StackError:
    if "already_running" in answer:
        return AlreadyRunning(home, answer["pid"])
    return ServerFailed(answer["error"])
