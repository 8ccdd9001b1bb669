"""The command line, as its user sees it. Commands run in a process of their own."""

import os
import re
import subprocess
import sys

import asyncpg
import click
import pytest

from daybook.cli import COMMANDS, daybook
from domain.webhook_endpoint import SigningSecret
from store.books import Book
from store.database import Pool
from store.secrets import Keyring, add_secret, read_secret
from tests.acceptance.program import CHECKOUT


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DAYBOOK", "DATABASE"))}
    return subprocess.run(
        [sys.executable, "-m", "daybook", *arguments],
        cwd=CHECKOUT,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_command_explains_itself() -> None:
    commands = {"up", "serve", "follow", "work", "migrate", "keys", "version", "demo", "import"}
    assert commands <= COMMANDS.keys()
    for name in COMMANDS:
        command = daybook.get_command(click.Context(daybook), name)
        assert command is not None
        assert command.help, name
        for parameter in command.params:
            assert parameter.to_info_dict().get("help") or parameter.param_type_name == "argument"
    answer = run("keys", "create", "--help")
    assert answer.returncode == 0
    assert "--scope" in answer.stdout


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"daybook \d+\.\d+\.\d+\n", run("version").stdout)


@pytest.mark.parametrize("command", ["serve", "follow", "work", "migrate"])
def test_a_part_without_its_settings_says_all_that_is_missing(command: str) -> None:
    answer = run(command)
    assert answer.returncode == 2
    assert "DATABASE_URL: say where PostgreSQL is" in answer.stderr
    assert "Traceback" not in answer.stderr


async def test_a_part_refuses_a_database_that_is_not_migrated(
    database_url: str, redis_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("delete from store.migrations where name like '0003%'")
    await connection.close()

    answer = run("follow", DATABASE_URL=database_url, REDIS_URL=redis_url)

    assert answer.returncode == 2
    assert "lacks 0003_deliveries.sql: run 'daybook migrate'" in answer.stderr


def test_books_and_keys_are_made_listed_and_revoked(database_url: str) -> None:
    def done(*arguments: str) -> str:
        answer = run(*arguments, DATABASE_URL=database_url)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    assert done("migrate") == "The database is up to date."
    book = done("books", "create", "Acme", "--live")
    assert re.fullmatch(rf"{book}  live +0  Acme", done("books", "list"))
    assert done("keys", "create", book, "--scope", "read").startswith("dbk_live_")
    key_id, state, scopes, *_ = done("keys", "list", book).split()
    assert (state, scopes) == ("live", "read")
    assert done("keys", "revoke", book, key_id) == "Revoked."
    assert "revoked" in done("keys", "list", book)
    assert "All is well." in done("doctor")
    again = run("keys", "revoke", book, key_id, DATABASE_URL=database_url)
    assert (again.returncode, again.stderr) == (
        1,
        f"Error: There is no live key {key_id} in {book}.\n",
    )


async def test_an_old_secret_key_can_be_let_go_after_resealing(
    database_url: str, pool: Pool, book: Book
) -> None:
    old, new = Keyring.new_key(), Keyring.new_key()
    secret = await add_secret(pool, Keyring([old]), book.book_id, "whe_1")

    lost = run("keys", "reseal", DATABASE_URL=database_url, DAYBOOK_SECRET_KEYS=new)
    done = run("keys", "reseal", DATABASE_URL=database_url, DAYBOOK_SECRET_KEYS=f"{new},{old}")

    assert (lost.returncode, "not configured" in lost.stderr) == (1, True)
    assert (done.returncode, done.stdout) == (0, "Encrypted anew: 1.\n")
    first = SigningSecret(kind="hmac", number=1)
    assert await read_secret(pool, Keyring([new]), book.book_id, "whe_1", first) == secret
