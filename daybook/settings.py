"""Settings: everything the environment may say, read once, with one message for all mistakes."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import msgspec
from cryptography.fernet import Fernet

T = TypeVar("T")

API_NEEDS = ("DATABASE_URL", "DAYBOOK_SECRET_KEYS")
"""What the API cannot do without."""

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_MIB = 1024 * 1024


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says. ``docs/settings.md`` is the same list for operators."""

    database_url: str | None = None
    redis_url: str | None = None
    home: Path = Path(".daybook")
    host: str = "127.0.0.1"
    port: int = 8000
    secret_keys: tuple[str, ...] = ()
    pool_size: int = 8
    max_body_bytes: int = _MIB
    max_attachment_bytes: int = 10 * _MIB
    access_log: bool = False
    list_wait_seconds: float = 1.0
    idempotency_days: int = 30
    allow_loopback_webhooks: bool = False
    cors_origins: tuple[str, ...] = ()
    metrics_token: str | None = None
    keep_attempts_days: int = 30
    quota: int = 10_000
    quota_seconds: int = 10
    log_level: str = "INFO"

    @property
    def cursor_key(self) -> bytes:
        """The key that seals cursors, derived from the first secret key."""
        return hashlib.sha256(b"daybook cursors\0" + self.secret_keys[0].encode()).digest()

    @property
    def token_keys(self) -> tuple[bytes, ...]:
        """The keys that sign tokens of the XAPI, newest first, derived from the secret keys."""
        return tuple(
            hashlib.sha256(b"daybook tokens\0" + key.encode()).digest() for key in self.secret_keys
        )


class SettingsWrong(click.ClickException):
    """The environment is wrong. The message lists every mistake and what to do."""

    exit_code = 2


def load(environ: Mapping[str, str] | None = None, *, need: tuple[str, ...] = ()) -> Settings:
    """Read the settings.

    Args:
        environ: Where from; the process's environment without it.
        need: Variables that this command cannot do without.

    Raises:
        SettingsWrong: With everything that is wrong.
    """
    environ = os.environ if environ is None else environ
    reading = _Reading(environ)
    settings = Settings(
        database_url=reading.take("DATABASE_URL", _postgres_url, None),
        redis_url=reading.take("REDIS_URL", _redis_url, None),
        home=reading.take("DAYBOOK_HOME", Path, Path(".daybook")),
        host=reading.take("DAYBOOK_HOST", str, "127.0.0.1"),
        port=reading.take("DAYBOOK_PORT", _integer(1, 65535), 8000),
        secret_keys=reading.take("DAYBOOK_SECRET_KEYS", _fernet_keys, ()),
        pool_size=reading.take("DAYBOOK_POOL_SIZE", _integer(2, 200), 8),
        max_body_bytes=reading.take("DAYBOOK_MAX_BODY_BYTES", _integer(1024, 100 * _MIB), _MIB),
        max_attachment_bytes=reading.take(
            "DAYBOOK_MAX_ATTACHMENT_BYTES", _integer(1024, 100 * _MIB), 10 * _MIB
        ),
        access_log=reading.take("DAYBOOK_ACCESS_LOG", _boolean, False),  # noqa: FBT003 - a default
        list_wait_seconds=reading.take("DAYBOOK_LIST_WAIT_SECONDS", _seconds, 1.0),
        idempotency_days=reading.take("DAYBOOK_IDEMPOTENCY_DAYS", _integer(1, 3650), 30),
        allow_loopback_webhooks=reading.take(
            "DAYBOOK_ALLOW_LOOPBACK_WEBHOOKS",
            _boolean,
            False,  # noqa: FBT003 - a default
        ),
        cors_origins=reading.take("DAYBOOK_CORS_ORIGINS", _origins, ()),
        keep_attempts_days=reading.take("DAYBOOK_KEEP_ATTEMPTS_DAYS", _integer(1, 3650), 30),
        quota=reading.take("DAYBOOK_QUOTA", _integer(0, 10_000_000), 10_000),
        quota_seconds=reading.take("DAYBOOK_QUOTA_SECONDS", _integer(1, 86_400), 10),
        metrics_token=reading.take("DAYBOOK_METRICS_TOKEN", _token, None),
        log_level=reading.take("DAYBOOK_LOG_LEVEL", _level, "INFO"),
    )
    reading.require(need)
    if reading.mistakes:
        raise SettingsWrong("The settings are wrong:\n" + "\n".join(reading.mistakes))
    return settings


class _Reading:
    """Reads one variable after the other and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.mistakes: list[str] = []

    def take(self, name: str, convert: Callable[[str], Any], default: T) -> T:
        text = self._environ.get(name, "").strip()
        if not text:
            return default
        try:
            value: T = convert(text)
        except ValueError as error:
            self.mistakes.append(f"  {name}: {error}")
            return default
        return value

    def require(self, names: tuple[str, ...]) -> None:
        for name in names:
            if not self._environ.get(name, "").strip():
                self.mistakes.append(f"  {name}: {_WHY[name]}")


_WHY = {
    "DATABASE_URL": "say where PostgreSQL is, as postgresql://...; 'daybook up' brings one",
    "REDIS_URL": "say where Redis is, as redis://...; 'daybook up' brings one",
    "DAYBOOK_SECRET_KEYS": "a key that encrypts webhook secrets; 'daybook keys secret' makes one",
}


def _postgres_url(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must start with postgresql://")
    return text


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("it must start with redis://, rediss:// or unix://")
    return text


def _integer(lowest: int, highest: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ValueError(f"{text!r} is not a whole number from {lowest} to {highest}")
        return int(text)

    return convert


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 60:  # noqa: PLR2004 - a minute is more than any client waits
        raise ValueError(f"{text!r} is not a number of seconds from 0 to 60")
    return value


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(","))
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"{origin!r} is not an origin such as https://app.example.com")
    return origins


def _token(text: str) -> str:
    if len(text) < 16 or not text.isascii():  # noqa: PLR2004 - what nobody guesses
        raise ValueError("it must be at least 16 ASCII characters")
    return text


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError(f"{text!r} is not one of DEBUG, INFO, WARNING, ERROR")
    return text.upper()


def _fernet_keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(","))
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ValueError(
                f"key {number} is not 32 bytes in URL-safe base64; 'daybook keys secret' makes one"
            ) from error
    return keys
