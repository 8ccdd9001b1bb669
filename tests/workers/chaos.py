"""Chaos between a commit and its receivers: kill whatever there is, and see what arrives.

``python -m tests.workers.chaos --kills 1000`` does it for longer than the test does.
"""

import argparse
import asyncio
import os
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import redis

from tests.workers.chaos_judgement import judge
from tests.workers.chaos_world import PAUSE, WORKERS, World, world


async def wreak_havoc(it: World, *, kills: int, seconds: float = 0.2) -> None:
    """Kill so many processes, one after the other, and the servers under them now and then."""
    for name in ("follow-1", *WORKERS):
        it.start(name)
    happening = asyncio.create_task(it.happen())
    servers = ["postgres", "valkey", "flush"]
    number = 0
    while number < kills:
        await asyncio.sleep(it.fate.uniform(0.3 * seconds, 1.7 * seconds))
        it.revive()
        name = it.fate.choice(["follow-1", *WORKERS])
        if await it.stop(name, signal.SIGKILL):
            if number % (kills // 6) == kills // 12:
                await trouble_a_server(it, servers[number * 6 // kills % 3])
            number += 1
        it.start(name)
    happening.cancel()
    await asyncio.gather(happening, return_exceptions=True)
    it.flapping = False
    await settle(it)


async def settle(it: World) -> None:
    """Let everything be delivered, and stop."""
    async with asyncio.timeout(60):
        while not await it.all_delivered():
            it.revive()
            await asyncio.sleep(PAUSE)
    for name in list(it.running):
        await it.stop(name, signal.SIGTERM)


async def trouble_a_server(it: World, which: str) -> None:
    """Restart PostgreSQL, kill Redis, or let it forget everything."""
    it.kills[which] += 1
    if which == "flush":
        with (
            suppress(redis.exceptions.RedisError),
            redis.Redis.from_url(it.wiring.redis_url) as known,
        ):
            known.flushall()
        return
    pid = it.servers.processes()[which]
    os.kill(pid, signal.SIGINT if which == "postgres" else signal.SIGKILL)


async def _main(kills: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with world(Path(home) / "servers", seed=seed) as made:
            await wreak_havoc(made, kills=kills)
            print(await judge(made))  # noqa: T201 - a script


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(_main(given.kills, given.seed))
