import asyncio
import signal
from pathlib import Path

import msgspec

from tests.workers.chaos import settle, wreak_havoc
from tests.workers.chaos_judgement import judge
from tests.workers.chaos_world import WORKERS, world
from tests.workers.webhooks import until

KILLS = 100


async def test_nothing_is_lost_and_every_repetition_is_accounted_for_whatever_is_killed(
    tmp_path: Path,
) -> None:
    async with world(tmp_path / "servers", seed=KILLS) as made:
        await wreak_havoc(made, kills=KILLS)
        assert sum(count for name, count in made.kills.items() if "SIGKILL" in name) >= KILLS
        assert {made.kills[it] for it in ("postgres", "valkey", "flush")} == {2}
        await judge(made)


async def test_workers_that_are_stopped_gracefully_send_nothing_twice(tmp_path: Path) -> None:
    async with world(tmp_path / "servers", seed=1) as made:
        made.flapping = False
        # Nothing ends by time here: a slow answer would look like a repetition.
        made.wiring = msgspec.structs.replace(made.wiring, lease_seconds=60.0, timeout=20.0)
        for name in ("follow-1", *WORKERS):
            made.start(name)
        happening = asyncio.create_task(made.happen())
        for number in range(10):
            arrived = made.arrived + 50

            async def went_on(arrived: int = arrived) -> bool:
                return made.arrived >= arrived

            await until(went_on, 120)
            await made.stop(WORKERS[number % 2], signal.SIGTERM)
            made.start(WORKERS[number % 2])
        happening.cancel()
        await settle(made)
        assert made.arrived == len(made.endpoints) * await made.happened()
        assert await made.pool.fetchval("select count(*) from store.attempts") == made.arrived
        assert await made.pool.fetchval("select count(*) from store.lost_leases") == 0
        await judge(made)
