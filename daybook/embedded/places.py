"""Where a stack keeps its files, and the account its servers run as."""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from daybook.embedded.errors import StackError

Mode: TypeAlias = Literal["dev", "test"]

# It is removed, so its name must not be one that a home may have for another purpose.
_TEST_FOLDER = "daybook-test-stack"
# A socket's path has about 104 bytes on macOS and the BSDs; PostgreSQL appends /.s.PGSQL.5432.
_SOCKET_FOLDER_LIMIT = 85


@dataclass(frozen=True)
class Account:
    """Who the servers run as when the stack is started by root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Places:
    """The folders of one stack.

    Attributes:
        mode: What the stack is for.
        account: Who the servers run as; None means the user who started the stack.
        tag: Names the stack on this machine; part of the socket folder's and processes' names.
        sockets: Holds the servers' sockets and nothing else.
        log: What servers and processes print.
        state: The servers' data folders stand in it.
        elsewhere: Reachable for the account where the home is not; made on need.
        passing: What is removed when the stack stops.
    """

    mode: Mode
    account: Account | None
    tag: str
    sockets: Path
    log: Path
    state: Path
    elsewhere: Path
    passing: tuple[Path, ...]


def server_account() -> Account | None:
    """For root: `postgres`, else `nobody`, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return Account("65534", 65534, 65534)


def tag_of(home: Path) -> str:
    """A short name for the stack of this user in this home."""
    return f"daybook-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:10]}"


def lay_out(home: Path, mode: Mode) -> Places:
    """Creates the folders of a stack; the caller holds the home's lock.

    In test mode everything is in a folder of its own, so that removing it cannot touch the data
    of dev mode in the same home. No permission of an existing folder is changed: where the
    servers' account cannot enter the home, their data goes to the persistent temporary folder.

    Raises:
        StackError: A folder belongs to somebody else, or there is no place for the sockets.
    """
    account, tag = server_account(), tag_of(home)
    root = home / _TEST_FOLDER if mode == "test" else home
    elsewhere = _annex_base() / (f"{tag}-test" if mode == "test" else tag)
    if mode == "test":
        for leftover in (root, elsewhere):
            shutil.rmtree(leftover, ignore_errors=True)
    root.mkdir(exist_ok=True)
    sockets = private_folder(_socket_base(account, tag) / tag, account)
    state = root
    if account and not reachable(root, account):
        state = public_folder(elsewhere)
    return Places(
        mode=mode,
        account=account,
        tag=tag,
        sockets=sockets,
        log=private_folder(root / "log", None),
        state=state,
        elsewhere=elsewhere,
        passing=(sockets, root, elsewhere) if mode == "test" else (sockets,),
    )


def reachable(path: Path, account: Account) -> bool:
    """Whether the account may enter this folder or run this file, as the kernel sees it."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            os._exit(0 if os.access(path, os.X_OK) else 1)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status == 0


def private_folder(path: Path, account: Account | None) -> Path:
    """Creates a folder that only the account may enter, or accepts it if it is exactly that.

    Raises:
        StackError: The path is a link or a file, or another account owns or can enter it.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if account and stat.S_ISDIR(status.st_mode) and not any(path.iterdir()):
        # Still empty and ours: just made, here or by a start that was killed at this point.
        if status.st_uid == os.geteuid():
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        status = path.lstat()
    _check(path, status, account.uid if account else os.geteuid(), forbidden=0o077)
    return path


def public_folder(path: Path) -> Path:
    """Creates a folder of our own that everybody may enter and nobody else may write."""
    try:
        path.mkdir()
    except FileExistsError:
        pass
    else:
        path.chmod(0o755)
    _check(path, path.lstat(), os.geteuid(), forbidden=0o022)
    return path


def _check(path: Path, status: os.stat_result, owner: int, *, forbidden: int) -> None:
    if not stat.S_ISDIR(status.st_mode):
        raise StackError(f"{path} has to be a folder and is not. Remove it and start again.")
    if status.st_uid != owner:
        raise StackError(
            f"{path} belongs to user id {status.st_uid}, but has to belong to {owner}. "
            "Start as the user who started here before, or choose another home."
        )
    if status.st_mode & forbidden:
        raise StackError(
            f"{path} has mode {stat.S_IMODE(status.st_mode):o}, which lets other accounts in. "
            f"Make sure that nobody tampered with it, then: chmod go-rwx {path}"
        )


def _annex_base() -> Path:
    """The temporary folder that survives a restart of the machine, where there is one."""
    persistent = Path("/var/tmp")  # noqa: S108 - every folder made in it is checked for its owner
    return persistent if persistent.is_dir() else Path(tempfile.gettempdir())


def _socket_base(account: Account | None, tag: str) -> Path:
    for base in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - checked, as above
        short = len(os.fsencode(base / tag)) <= _SOCKET_FOLDER_LIMIT
        if short and (account is None or reachable(base, account)):
            return base.resolve()
    raise StackError(
        "No temporary folder has a path that is short enough for sockets and open to the "
        "servers' account. Set TMPDIR to one, such as /tmp."
    )
