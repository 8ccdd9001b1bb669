"""The API and the followers as processes of their own, on a database of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from tests.acceptance.program import CHECKOUT, free_port, until


@contextmanager
def served(database_url: str, redis_url: str, logs: Path) -> Iterator[str]:
    """The address of an API with its read models followed, until the end of the context."""
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DAYBOOK_PORT": str(port),
        "DAYBOOK_SECRET_KEYS": Fernet.generate_key().decode(),
    }
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as processes:
        for part in ("serve", "follow"):
            start_part(processes, part, environ, logs / f"{part}.log")
        until(lambda: _ready(address), 120, (logs / "serve.log").read_text)
        yield address


def serve(
    processes: ExitStack, database_url: str, log: Path
) -> tuple[str, subprocess.Popen[bytes]]:
    """The address of another API process on this database, and the process; they end together."""
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DAYBOOK_PORT": str(port),
        "DAYBOOK_SECRET_KEYS": Fernet.generate_key().decode(),
    }
    process = start_part(processes, "serve", environ, log)
    address = f"http://127.0.0.1:{port}"
    until(lambda: _ready(address), 120, log.read_text)
    return address, process


def start_part(
    processes: ExitStack, part: str, environ: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """One part of the program, until the end of the stack."""
    with log.open("wb") as output:
        process = processes.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "daybook", part],
                cwd=CHECKOUT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        )
    processes.callback(process.terminate)
    return process


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").is_success
    except httpx.TransportError:
        return False
