"""What requests cost: processor time of the server and round trips, against a no-op route."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from typing_extensions import override

from benchmarks.clients import DRAFT, Asker, Creator, Editor, NoOp, Poster
from benchmarks.counting_proxy import CountingProxy, counting
from benchmarks.figures import Figure, figure
from benchmarks.http_load import NOT_MODIFIED, Answer, Client, WrongAnswer, drive
from benchmarks.patch_vs_noop import CONNECTIONS, make_editors
from benchmarks.projection_processes import NAMES, following
from benchmarks.rounds import Run
from benchmarks.testbed import Api, serving, serving_too

NAME = "cost_of_requests"
ROUNDS = 5
SECONDS = 0.5
TIMES = 8
"""How often each connection posts in a round, each time a draft of its own."""
ALONE = 100
"""How many requests one connection sends, so that none shares a round trip with another."""

_PAGE = "/api/invoices?limit=50"
_IDLE_SECONDS = 2.0
_PATIENCE_SECONDS = 30.0

Make: TypeAlias = Callable[[Api, int, int], Awaitable[Sequence[Client]]]
"""So many clients, each of which can ask at least so many times."""


async def measure(database_url: str) -> Figure:
    """Invoices have five lines, a page of the list has fifty invoices, no answer is compressed.

    The rates are requests a second of the server's processor: to get one invoice, and of the no-op
    route behind the same shell. What the other requests cost is told in the notes. Round trips are
    counted on the wire between another process of the server and the database.

    Raises:
        WrongAnswer: An answer had another status than it has to have, or lists fell behind.
    """
    async with (
        serving(database_url) as api,
        counting(database_url) as proxy,
        serving_too(proxy.url, api) as counted,
        following("all", database_url),
    ):
        costs = [_Cost(name, make) for name, make in await _kinds(api)]
        for number in range(ROUNDS + 1):
            for cost in costs if number % 2 else reversed(costs):
                await cost.spend(api, warming_up=number == 0)
        idle = await _idle(proxy)
        for cost in costs:
            await cost.count(counted, proxy, idle)
    nothing, ours = costs[:2]
    notes = (
        *(cost.told(nothing) for cost in costs),
        f"round trips of a server that nobody asks anything: {idle:.1f} a second, taken off",
    )
    return figure(NAME, "req/cpu-s", ours.runs, nothing.runs, notes)


async def _kinds(api: Api) -> list[tuple[str, Make]]:
    """The kinds of requests, the no-op first. What is read is never changed."""
    editors = await make_editors(api)
    creator = Creator(api, "/api/invoices", DRAFT, CONNECTIONS)
    await drive(api.port, [creator])

    async def nothing(api: Api, count: int, _times: int) -> Sequence[Client]:
        return [NoOp(api) for _ in range(count)]

    async def get(api: Api, count: int, _times: int) -> Sequence[Client]:
        return [Asker(api, path) for path, _ in creator.created[:count]]

    async def get_again(api: Api, count: int, _times: int) -> Sequence[Client]:
        known = [(path, f'if-none-match: "{version}"') for path, version in creator.created]
        return [Asker(api, path, etag, expects=NOT_MODIFIED) for path, etag in known[:count]]

    async def edit(_api: Api, count: int, _times: int) -> Sequence[Editor]:
        return editors[:count]

    async def post(api: Api, count: int, times: int) -> Sequence[Client]:
        drafts = [Creator(api, "/api/invoices", DRAFT, times) for _ in range(count)]
        await drive(api.port, drafts)
        return [Poster(api, it.created) for it in drafts]

    async def page(api: Api, count: int, _times: int) -> Sequence[Client]:
        await _caught_up(api)
        return [Asker(api, _PAGE) for _ in range(count)]

    return [
        ("no-op", nothing),
        ("GET one invoice", get),
        ("GET one that is known (304)", get_again),
        ("PATCH", edit),
        ("POST post", post),
        ("GET a page of the list", page),
    ]


class _Cost:
    """Requests of one kind, and what they cost."""

    def __init__(self, name: str, make: Make) -> None:
        self.runs: list[Run] = []
        """Each as long as the processor time that the server spent on it."""
        self._name = name
        self._make = make
        self._alone = self._together = 0.0

    async def spend(self, api: Api, *, warming_up: bool) -> None:
        """Ask over all connections, and look at the server's processor time."""
        clients = await self._make(api, CONNECTIONS, TIMES)
        before = api.cpu_seconds()
        run = await drive(api.port, clients, seconds=SECONDS)
        if not warming_up:
            self.runs.append(Run(api.cpu_seconds() - before, run.latencies))

    async def count(self, counted: Api, proxy: CountingProxy, idle: float) -> None:
        """Count the round trips of each request: among many, and alone. The first time warms up."""
        for _ in range(2):
            self._together = await self._trips(counted, proxy, idle, (CONNECTIONS, TIMES))
        self._alone = await self._trips(counted, proxy, idle, (1, ALONE))

    async def _trips(
        self, counted: Api, proxy: CountingProxy, idle: float, size: tuple[int, int]
    ) -> float:
        clients = [_Limited(it, size[1]) for it in await self._make(counted, *size)]
        before = proxy.trips
        run = await drive(counted.port, clients)
        return (proxy.trips - before - idle * run.seconds) / len(run.latencies)

    def told(self, nothing: "_Cost") -> str:
        """The cost of one request, also as a multiple of one that does nothing."""
        return (
            f"{self._name}: {self.microseconds:.0f} µs of the server's processor, "
            f"{self.microseconds / nothing.microseconds:.1f} times the no-op's; "
            f"{max(self._alone, 0):.2f} round trips alone, {max(self._together, 0):.2f} with "
            f"{CONNECTIONS} requests at a time"
        )

    @property
    def microseconds(self) -> float:
        """Processor time of a request."""
        return (
            1e6 * sum(it.seconds for it in self.runs) / sum(len(it.latencies) for it in self.runs)
        )


class _Limited(Client):
    """A client that asks only so many times."""

    def __init__(self, client: Client, times: int) -> None:
        self.expects = client.expects
        self._client = client
        self._left = times

    @override
    def request(self) -> bytes | None:
        self._left -= 1
        return self._client.request() if self._left >= 0 else None

    @override
    def answered(self, answer: Answer) -> None:
        self._client.answered(answer)


async def _idle(proxy: CountingProxy) -> float:
    """Round trips a second while nobody asks anything."""
    before = proxy.trips
    await asyncio.sleep(_IDLE_SECONDS)
    return (proxy.trips - before) / _IDLE_SECONDS


async def _caught_up(api: Api) -> None:
    """Wait until lists show everything: waiting for it is no cost of a page."""

    async def behind() -> bool:
        lag: int | None = await api.pool.fetchval(
            "select b.head - c.position from store.books b"
            " left join store.checkpoints c on c.book_id = b.book_id and c.follower = $2"
            " where b.book_id = $1",
            api.book_id,
            NAMES["all"],
        )
        return lag != 0

    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await behind():  # noqa: ASYNC110 - what is waited for is in the database
                await asyncio.sleep(0.01)
    except TimeoutError as error:
        raise WrongAnswer("Lists did not catch up within half a minute.") from error
