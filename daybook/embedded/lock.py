"""One stack per home: an exclusive lock on a file that names its holder.

The lock belongs to the open file, so the kernel frees it however its holder dies.
"""

import fcntl
import os
from pathlib import Path

from daybook.embedded.errors import AlreadyRunning, StackError

# A stack that is stopping needs at most 5 s; its successor waits for it a little longer.
_PATIENCE = 8.0
# Between taking the lock and writing its name into it, a holder is nameless for an instant.
_NAMELESS = 0.5


def take(home: Path, waited: float = 0.0) -> int | None:
    """Takes the lock of a home, creating the home where needed.

    Args:
        home: The folder.
        waited: Seconds since the first attempt.

    Returns:
        The open file that carries the lock; None if its holder is about to let go of it, so that
        another attempt is worth while.

    Raises:
        AlreadyRunning: Another stack holds it and is not about to stop.
        StackError: The home cannot be used.
    """
    held = _try(home)
    if held is not None:
        _write(held, "running")
        return held
    pid, state = holder(home)
    if waited >= (_PATIENCE if state == "stopping" else _NAMELESS if pid is None else 0):
        raise AlreadyRunning(home, pid)
    return None


def announce_stop(lock: int) -> None:
    """Tells a successor that waiting is worth while."""
    _write(lock, "stopping")


def holder(home: Path) -> tuple[int | None, str]:
    """The process that holds, or last held, the lock, and whether it is running or stopping."""
    try:
        pid, state = (home / "lock").read_text().split()
        return int(pid), state
    except (OSError, ValueError):
        return None, ""


def remove(home: Path) -> None:
    """Removes the lock's file; only its holder may."""
    (home / "lock").unlink(missing_ok=True)


def _try(home: Path) -> int | None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(home / "lock", flags, 0o644)
    except OSError as error:
        raise StackError(
            f"{home} cannot be used as a home for the servers: {error.strerror}. "
            "Choose a folder that you may write, with --home or in the call."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The previous holder may have removed the file that this process had just opened.
        if os.fstat(lock).st_ino == (home / "lock").stat().st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None


def _write(lock: int, state: str) -> None:
    os.pwrite(lock, f"{os.getpid()} {state}".ljust(40).encode() + b"\n", 0)
