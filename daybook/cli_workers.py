"""``daybook follow`` and ``daybook work``: what happens after the commit."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import click

from daybook import logs
from daybook.follow import follow as run_follow
from daybook.settings import Settings, load
from daybook.wiring import require_migrated
from daybook.work import work as run_work


@click.command()
def follow() -> None:
    """Follow every book: keep read models up to date and plan webhook deliveries."""
    settings = load(need=("DATABASE_URL", "REDIS_URL"))
    _run(settings, run_follow(settings))


@click.command()
def work() -> None:
    """Send webhooks: sign, deliver, retry, and record every attempt."""
    settings = load(need=("DATABASE_URL", "REDIS_URL", "DAYBOOK_SECRET_KEYS"))
    _run(settings, run_work(settings))


def _run(settings: Settings, work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGTERM or Ctrl-C, then let the work end in an orderly way."""
    logs.set_up(settings.log_level)

    async def until_stopped() -> None:
        await require_migrated(str(settings.database_url))
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    asyncio.run(until_stopped())
