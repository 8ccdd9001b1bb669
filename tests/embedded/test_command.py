import json
import subprocess
import sys
from pathlib import Path

from tests.embedded.support import (
    CHECKOUT,
    environment,
    given_urls,
    kill,
    running,
    traces,
    until,
)

COMMAND = [sys.executable, "-m", "daybook.embedded"]


def _run(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**environment(), **given},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_explains_the_command() -> None:
    shown = _run("--help")
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ("--home", "--mode", "COMMAND", "DATABASE_URL"))


def test_a_command_sees_both_urls_and_its_exit_status_is_given_back(home: Path) -> None:
    program = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); exit(7)"
    arguments = ["--home", str(home), "--mode", "test", "--", sys.executable, "-c", program]
    done = _run(*arguments)
    assert done.returncode == 7
    database_url, redis_url = done.stdout.split()
    assert database_url.startswith("postgresql://daybook@/daybook?host=/")
    assert redis_url.startswith("unix:///")
    assert traces(home) == []


def test_a_command_that_a_signal_ended_gives_back_its_number_as_shells_do(home: Path) -> None:
    program = "import os; os.kill(os.getpid(), 9)"
    urls = {name: given_urls()[name] for name in ("DATABASE_URL", "REDIS_URL")}
    done = _run("--home", str(home), "--mode", "test", "--", sys.executable, "-c", program, **urls)
    assert done.returncode == 128 + 9


def test_a_command_that_does_not_exist_is_a_sentence_and_no_traceback(home: Path) -> None:
    urls = {name: given_urls()[name] for name in ("DATABASE_URL", "REDIS_URL")}
    done = _run("--home", str(home), "--mode", "test", "--", "/no/such/program", **urls)
    assert done.returncode == 69
    assert "/no/such/program could not be started" in done.stderr
    assert "Traceback" not in done.stderr


def test_killing_the_program_ends_the_command_too(home: Path) -> None:
    program = "import json, os, signal; print(json.dumps({'me': os.getpid()}), flush=True); "
    program += "signal.pause()"
    arguments = ["--home", str(home), "--mode", "test", "--", sys.executable, "-c", program]
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=given_urls(),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        command = json.loads(process.stdout.readline())
        kill(process.pid)
        until(lambda: not running(command))
        until(lambda: not traces(home))
