"""Runs a command while PostgreSQL and Valkey are up: `python -m daybook.embedded -- COMMAND`."""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from daybook.embedded.errors import StackError
from daybook.embedded.stack import Stack, stack

_NOT_STARTED = 69  # EX_UNAVAILABLE of sysexits.h
_BY_SIGNAL = 128


def main(arguments: Sequence[str]) -> int:
    """Runs the command and gives its exit status, or 69 when the servers did not start."""
    options = _parser().parse_args(arguments)
    home = options.home or _default_home(options.mode)
    try:
        with stack(home, mode=options.mode, environ=os.environ, report=_tell) as servers:
            return _run(options.command, servers)
    except StackError as error:
        _tell(str(error))
        return _NOT_STARTED
    except KeyboardInterrupt:
        return _BY_SIGNAL + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m daybook.embedded",
        description="Runs a command with DATABASE_URL and REDIS_URL set to a PostgreSQL and a "
        "Valkey that are started for it and stopped after it. One that is set already is used as "
        "it is. The exit status is the command's.",
    )
    parser.add_argument(
        "--home",
        type=Path,
        help="folder for data and logs (default: .daybook, in test mode a new one)",
    )
    parser.add_argument(
        "--mode",
        choices=("dev", "test"),
        default="dev",
        help="dev keeps data; test is faster and leaves nothing behind (default: dev)",
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="what to run, after --")
    return parser


def _default_home(mode: str) -> Path:
    if mode == "dev":
        return Path(".daybook")
    return Path(tempfile.gettempdir(), f"daybook-test-{secrets.token_hex(6)}")


def _run(command: list[str], servers: Stack) -> int:
    try:
        process = subprocess.Popen(command, env=servers.environ)  # noqa: S603 - what was asked for
    except OSError as error:
        raise StackError(f"{command[0]} could not be started: {error.strerror}.") from error
    # The terminal sends Ctrl-C to the command as well; what it answers decides, not we.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
    status = process.wait()
    return status if status >= 0 else _BY_SIGNAL - status


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
