"""``daybook up`` as its user starts it: a process of its own, in a home of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from typing_extensions import override

CHECKOUT = Path(__file__).parents[2]
_START_SECONDS = 180


class Program:
    """A running ``daybook up``."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self.log = home.with_suffix(".log")
        self.process = start(home, port, self.log)
        until(self.is_ready, _START_SECONDS, self.said)

    def is_ready(self) -> bool:
        """Whether it has said what to try."""
        assert self.process.poll() is None, self.said()
        return "Ctrl-C stops everything" in self.said()

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def pids(self) -> dict[str, int]:
        """Every process of the stack, by name."""
        whereabouts = json.loads((self.home / "stack.json").read_text())
        pids: dict[str, int] = whereabouts["processes"]
        return pids

    def client(self) -> httpx.Client:
        """A client that holds the sandbox key."""
        key = json.loads((self.home / "sandbox.json").read_text())["key"]
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60)

    def stop(self) -> float:
        """Ctrl-C; answers how many seconds it took to end."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(15)
        return time.monotonic() - begun


@contextmanager
def up(home: Path, port: int) -> Iterator[Program]:
    """A running program, which is gone afterwards whatever the test did."""
    program = Program(home, port)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.stop()


def start(home: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start ``daybook up`` and do not wait."""
    inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    environ = {**inherited, "DAYBOOK_HOME": str(home), "DAYBOOK_PORT": str(port)}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "daybook", "up"],
            cwd=CHECKOUT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A URL on this machine that accepts every POST, and what has arrived there."""
    received: list[tuple[dict[str, str], bytes]] = []

    class Accept(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append((headers, self.rfile.read(length)))
            self.send_response(204)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Accept) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", received
        server.shutdown()


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(
    condition: Callable[[], Any], seconds: float, explain: Callable[[], str] = lambda: ""
) -> None:
    """Wait for a condition. Raises ``AssertionError`` when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {explain()}"
        time.sleep(0.02)


def alive(pids: dict[str, int]) -> dict[str, int]:
    """Those of the processes that still run; a zombie does not."""
    return {name: pid for name, pid in pids.items() if _runs(pid)}


def _runs(pid: int) -> bool:
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state = shown.stdout.strip()
    return bool(state) and not state.startswith("Z")
