"""64 connections that post into one number series through two processes, against through one."""

import asyncio

from benchmarks.clients import CUSTOMER, Creator
from benchmarks.figures import Figure, figure
from benchmarks.http_load import drive
from benchmarks.patch_vs_noop import CONNECTIONS
from benchmarks.posts_one_series import check_numbers, make_posters
from benchmarks.rounds import Run, alternate
from benchmarks.testbed import Api, serving, serving_too

NAME = "posts_two_processes"


async def measure(database_url: str) -> Figure:
    """Each process posts what was drafted through the other, so neither knows it beforehand.

    Raises:
        WrongAnswer: An answer was not 200, so also a conflict; or the numbers have gaps.
    """
    async with (
        serving(database_url) as alone,
        serving(database_url) as one,
        serving_too(database_url, one) as other,
    ):
        for api in (alone, one):
            await drive(api.port, [Creator(api, "/api/customers", CUSTOMER, 1)])

        async def ours() -> Run:
            return await _post_crosswise(one, other)

        async def baseline() -> Run:
            return await drive(alone.port, await make_posters(alone, CONNECTIONS))

        runs = await alternate(ours, baseline)
        notes = [f"two: {await check_numbers(one)}", f"one: {await check_numbers(alone)}"]
    return figure(NAME, "req/s", *runs, notes)


async def _post_crosswise(one: Api, other: Api) -> Run:
    drafted = [await make_posters(api, CONNECTIONS // 2) for api in (one, other)]
    halves = await asyncio.gather(drive(other.port, drafted[0]), drive(one.port, drafted[1]))
    latencies = [latency for half in halves for latency in half.latencies]
    return Run(max(half.seconds for half in halves), latencies)
