import asyncio
import subprocess
import sys

import pytest

from store.replays import find_replay, list_replays
from tests.acceptance.program import CHECKOUT
from tests.workers.conftest import stage
from tests.workers.replays import replayer
from tests.workers.stage import Stage
from tests.workers.webhooks import until

__all__ = ["stage"]


async def run(stage: Stage, database_url: str, *arguments: str) -> tuple[int, str, str]:
    """Run `daybook replay` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daybook", "replay", "--book", stage.book.book_id, *arguments),
        cwd=CHECKOUT,
        env={"DATABASE_URL": database_url, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_replay_is_waited_for_and_told_of(stage: Stage, database_url: str) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    await stage.deliver()
    stage.receiver.requests.clear()
    command = asyncio.create_task(run(stage, database_url, endpoint, "--from", "2", "--to", "3"))

    async def over() -> bool:
        await replayer(stage).sweep()
        await stage.deliver()
        return command.done()

    await until(over, seconds=120)
    status, out, err = await command
    assert (status, err) == (0, "")
    assert "is done: 2 of 2 deliveries" in out
    assert len(stage.receiver.requests) == 2


async def test_a_replay_can_be_begun_and_cancelled(stage: Stage, database_url: str) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(2)
    status, out, _ = await run(stage, database_url, endpoint, "--never-attempted", "--no-wait")
    assert status == 0
    replay_id = out.split()[0]
    status, out, _ = await run(stage, database_url, endpoint, "--cancel", replay_id)
    assert (status, "is cancelled" in out) == (0, True)
    found = await find_replay(stage.pool, stage.book.book_id, replay_id)
    assert found is not None
    assert (found.state, found.kind, found.created_by) == (
        "cancelled",
        "never-attempted",
        "operator",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say one of"),
        (("--position", "1", "--never-attempted"), "Say one of"),
        (("--from", "5", "--to", "4"), "--to goes with --from"),
        (("--failed-since", "yesterday"), "no instant such as"),
        (("--position", "1"), "There is no"),
        (("--cancel", "rpl_none"), "There is no replay rpl_none"),
    ],
)
async def test_what_cannot_be_replayed_is_said_in_a_sentence(
    stage: Stage, database_url: str, arguments: tuple[str, ...], sentence: str
) -> None:
    status, _, err = await run(stage, database_url, "whe_none", *arguments)
    assert status != 0
    assert sentence in err
    assert "Traceback" not in err
    assert await list_replays(stage.pool, stage.book.book_id, "whe_none") == []
