"""Durable PATCHes over HTTP, 64 connections, against a no-op route of the same server."""

from collections.abc import Sequence

from benchmarks.clients import CUSTOMER, DRAFT, Creator, Editor, NoOp
from benchmarks.figures import Figure, figure
from benchmarks.http_load import Client, WrongAnswer, drive
from benchmarks.rounds import Run, alternate
from benchmarks.testbed import Api, serving

NAME = "patch_vs_noop"
CONNECTIONS = 64
SECONDS = 1.0


async def measure(database_url: str) -> Figure:
    """Each connection edits its own invoice of five lines, on the RowVersion it got last.

    The no-op route decodes the same body through the same strict decoder behind the same shell.

    Raises:
        WrongAnswer: An answer was not 200, or an acknowledged edit is not in the log.
    """
    async with serving(database_url) as api:
        editors = await make_editors(api)
        idlers = [NoOp(api) for _ in editors]
        patches, nothing = _Side(api, editors), _Side(api, idlers)
        runs = await alternate(patches.run, nothing.run)
        durable = await check_durable(api, editors)
    notes = (
        durable,
        f"processor time of the server: {patches.cost:.0f} µs a PATCH, {nothing.cost:.0f} a no-op",
    )
    return figure(NAME, "req/s", *runs, notes)


class _Side:
    """Clients of one kind, and the processor time that the server spent on them."""

    def __init__(self, api: Api, clients: Sequence[Client]) -> None:
        self._api = api
        self._clients = clients
        self._spent = 0.0
        self._served = 0

    async def run(self) -> Run:
        before = self._api.cpu_seconds()
        run = await drive(self._api.port, self._clients, seconds=SECONDS)
        self._spent += self._api.cpu_seconds() - before
        self._served += len(run.latencies)
        return run

    @property
    def cost(self) -> float:
        """Microseconds a request."""
        return 1e6 * self._spent / self._served


async def make_editors(api: Api) -> list[Editor]:
    """One editor a connection, each with an invoice of its own."""
    await drive(api.port, [Creator(api, "/api/customers", CUSTOMER, 1)])
    creator = Creator(api, "/api/invoices", DRAFT, CONNECTIONS)
    await drive(api.port, [creator])
    return [Editor(api, path, version) for path, version in creator.created]


async def check_durable(api: Api, editors: list[Editor]) -> str:
    """Say how many edits are in the log: as many as were acknowledged."""
    acknowledged = sum(editor.acknowledged for editor in editors)
    row = await api.pool.fetchrow(
        "select count(*), count(distinct recorded_at) from store.events"
        " where book_id = $1 and topic = 'invoice.header_changed'",
        api.book_id,
    )
    assert row is not None
    recorded, commits = row
    if recorded != acknowledged:
        raise WrongAnswer(f"{acknowledged} edits were acknowledged, but {recorded} are in the log.")
    return (
        f"{recorded:,} edits acknowledged with 200, all of them in the log; "
        f"{recorded / commits:.1f} a commit"
    )
