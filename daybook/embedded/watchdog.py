"""Ends what a guardian leaves behind that was itself killed.

The guardian starts `python -m daybook.embedded.watchdog LAST_WILL` and holds the other end of
its stdin. The kernel ends the guardian's direct children with it; this process sees to what they
had started themselves, and to the files. It also holds the home's lock until that is done.
"""

import contextlib
import dataclasses
import json
import shutil
import signal
import sys
import time
from pathlib import Path

from daybook.embedded.lock import announce_stop, remove
from daybook.embedded.places import Mode
from daybook.embedded.processes import (
    COOKIE,
    SERVERS,
    VALKEY,
    carriers,
    kill_all,
    send,
    server_processes,
)

_SHUTDOWN = 5.0


@dataclasses.dataclass(frozen=True)
class LastWill:
    """What is to be done when the guardian has been killed.

    Attributes:
        lock: The open file with the home's lock.
        cookie: Marks the processes to kill.
        tag: Marks the servers, which get a moment for a clean end.
        passing: Folders to remove.
        home: The home.
        mode: In test mode the lock's file is removed too.
        made_home: Whether the home is removed as well, if it is empty by then.
    """

    lock: int
    cookie: str
    tag: str
    passing: list[str]
    home: str
    mode: Mode
    made_home: bool

    def as_argument(self) -> str:
        """For the watchdog's command line."""
        return json.dumps(dataclasses.asdict(self))


def execute(will: LastWill) -> None:
    """Ends the processes, then removes the files."""
    announce_stop(will.lock)
    kill_all(lambda: carriers(COOKIE, will.cookie), _SHUTDOWN)
    # Where no death signal reached the servers, they learn it here; asking twice does no harm.
    send(server_processes(will.tag, "postgres"), signal.SIGINT)
    send(server_processes(will.tag, *VALKEY), signal.SIGTERM)
    deadline = time.monotonic() + _SHUTDOWN
    while server_processes(will.tag, *SERVERS) and time.monotonic() < deadline:
        time.sleep(0.01)
    kill_all(lambda: server_processes(will.tag, *SERVERS), 1.0)
    remove_files(will)


def remove_files(will: LastWill) -> None:
    """Removes what is not to outlive the stack."""
    for path in will.passing:
        shutil.rmtree(path, ignore_errors=True)
    if will.mode == "test":
        remove(Path(will.home))
        if will.made_home:
            with contextlib.suppress(OSError):
                Path(will.home).rmdir()


def main() -> None:
    """Waits for the guardian's end, then executes its will."""
    will = LastWill(**json.loads(sys.argv[1]))
    # Interrupting a terminal's processes is no reason to go before the guardian.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    execute(will)


if __name__ == "__main__":
    main()
