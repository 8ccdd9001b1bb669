"""The process that all others of a stack are children of: `python -m daybook.embedded.guardian`.

It speaks JSON lines over stdin and stdout with the process that started it. The first line in
says what is to be started; the answer says where the servers are, or why they are not. After
that it takes requests (`run`, `processes`). When stdin ends, because its parent closed it or
died, or when SIGTERM or SIGINT comes, it stops everything within 5 s and ends.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from typing import Any

from daybook.embedded.errors import AlreadyRunning, StackError
from daybook.embedded.supervisor import Order, Supervisor, app_program

_FAILURES = (StackError, OSError, ValueError, subprocess.SubprocessError)
_LONGEST_LINE = 2**24  # an environment fits into it


def say(message: dict[str, Any]) -> None:
    """Sends a line to the parent; it may be gone."""
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


async def guard() -> None:
    """Serves one parent until it goes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    requests = asyncio.StreamReader(limit=_LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    first = await requests.readline()
    if not first:
        return
    order = json.loads(first)
    supervisor = Supervisor(Order(**order["start"]), lambda text: say({"progress": text}))
    work = [
        loop.create_task(_begin(supervisor, stop)),
        loop.create_task(_hear(supervisor, requests, stop)),
        loop.create_task(_watch_parent(order["parent"], stop)),
    ]
    await stop.wait()
    for task in work:
        task.cancel()
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, Exception):
            traceback.print_exception(outcome)
    await supervisor.stop()


async def _begin(supervisor: Supervisor, stop: asyncio.Event) -> None:
    started = False
    try:
        say(await supervisor.begin())
        started = True
    except AlreadyRunning as error:
        say({"error": str(error), "already_running": True, "pid": error.pid})
    except _FAILURES as error:
        say({"error": str(error)})
    finally:
        if not started:
            stop.set()


async def _hear(
    supervisor: Supervisor, requests: asyncio.StreamReader, stop: asyncio.Event
) -> None:
    """Answers requests one by one until there can be none any more."""
    try:
        while line := await requests.readline():
            say(await _answer(supervisor, json.loads(line)))
    finally:
        stop.set()


async def _answer(supervisor: Supervisor, request: dict[str, Any]) -> dict[str, Any]:
    if "run" not in request:
        return {"processes": supervisor.processes()}
    wanted = request["run"]
    try:
        pid = await supervisor.run(wanted["name"], app_program(wanted))
    except _FAILURES as error:
        return {"error": str(error)}
    return {"started": {"name": wanted["name"], "pid": pid}}


async def _watch_parent(parent: int, stop: asyncio.Event) -> None:
    """Notices the parent's death even if a process it had forked keeps the pipe open."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody in this process could set an event
        await asyncio.sleep(1)
    stop.set()


def main() -> None:
    """Runs as a process of its own."""
    os.chdir("/")
    asyncio.run(guard())


if __name__ == "__main__":
    main()
