"""What ``daybook up`` keeps in its home, for itself and for other commands in the same folder."""

import os
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from store.secrets import Keyring

T = TypeVar("T")


class Damaged(click.ClickException):
    """A file in the home cannot be read. The message says which, and what to do."""


class Sandbox(msgspec.Struct, rename="camel"):
    """The sandbox book of a home, and a key for it."""

    book_id: str
    key: str


class Running(msgspec.Struct, rename="camel", kw_only=True):
    """The stack that runs in a home: where it is, and its processes by name."""

    address: str
    database_url: str
    redis_url: str
    processes: dict[str, int]


class Home:
    """The folder of a stack, ``DAYBOOK_HOME``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sandbox = folder / "sandbox.json"
        self._running = folder / "stack.json"
        self._secret = folder / "secret.key"

    def sandbox(self) -> Sandbox | None:
        """The sandbox book, if one was opened here. Raises ``Damaged``."""
        return _read(self._sandbox, Sandbox)

    def keep_sandbox(self, sandbox: Sandbox) -> None:
        """Remember the sandbox book."""
        _write(self._sandbox, msgspec.json.encode(sandbox))

    def running(self) -> Running | None:
        """The stack that runs here, as far as its file tells. Raises ``Damaged``."""
        return _read(self._running, Running)

    def keep_running(self, running: Running) -> None:
        """Tell other commands of the stack."""
        _write(self._running, msgspec.json.encode(running))

    def forget_running(self) -> None:
        """The stack has stopped."""
        self._running.unlink(missing_ok=True)

    def secret_key(self) -> str:
        """The key that encrypts webhook secrets of this home; made when first asked for."""
        if not self._secret.exists():
            _write(self._secret, Keyring.new_key().encode())
        return self._secret.read_text("ascii").strip()


def _read(file: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        message = f"{file} is damaged ({error}). Remove it and run 'daybook up' again."
        raise Damaged(message) from error


def _write(file: Path, content: bytes) -> None:
    """Write whole or not at all, readable by the owner only."""
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream:  # noqa: PTH123 - a descriptor, which carries its mode
        stream.write(content + b"\n")
    draft.replace(file)
