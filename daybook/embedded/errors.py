"""What can keep the embedded servers from running. Every message says what to do about it."""

from pathlib import Path


class StackError(Exception):
    """The embedded servers cannot do what was asked."""


class AlreadyRunning(StackError):
    """Another stack holds the lock of this home.

    Attributes:
        home: The folder that is taken.
        pid: The process that holds its lock (the other stack's guardian), if it could be read.
    """

    def __init__(self, home: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        command = f"`kill {pid}`" if pid else "by its process id"
        super().__init__(
            f"Daybook's servers are already running in {home}: {holder} holds {home / 'lock'}. "
            f"Stop them (Ctrl-C where they were started, or {command}), or choose another home."
        )
        self.home = home
        self.pid = pid


class ServerNotFound(StackError):
    """No executable of a server that is needed."""


class ServerFailed(StackError):
    """A server or the guardian ended, or did not become ready."""
