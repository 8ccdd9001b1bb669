"""64 connections that post into one number series, against PATCHes of different invoices."""

from benchmarks.clients import DRAFT, Creator, Poster
from benchmarks.figures import Figure, figure
from benchmarks.http_load import WrongAnswer, drive
from benchmarks.patch_vs_noop import CONNECTIONS, check_durable, make_editors
from benchmarks.rounds import ROUNDS, Run, alternate
from benchmarks.testbed import Api, serving

NAME = "posts_one_series"
TIMES = 20
"""How often each connection posts in a round; each takes a draft of its own."""


async def measure(database_url: str) -> Figure:
    """Every post takes the next number of the same series, so none can commit before another.

    Raises:
        WrongAnswer: An answer was not 200, or the numbers have gaps.
    """
    async with serving(database_url) as api:
        editors = await make_editors(api)

        async def ours() -> Run:
            return await drive(api.port, await make_posters(api, CONNECTIONS))

        async def baseline() -> Run:
            for editor in editors:
                editor.left = TIMES
            return await drive(api.port, editors)

        runs = await alternate(ours, baseline)
        notes = (await check_numbers(api), await check_durable(api, editors))
    return figure(NAME, "req/s", *runs, notes)


async def make_posters(api: Api, count: int) -> list[Poster]:
    """So many clients, each with drafts of its own to post.

    A conflict would be an answer that none of them expects: nobody else changes their drafts.
    """
    creators = [Creator(api, "/api/invoices", DRAFT, TIMES) for _ in range(count)]
    await drive(api.port, creators)
    return [Poster(api, creator.created) for creator in creators]


async def check_numbers(api: Api) -> str:
    """Say how many posts shared a commit, once every number is there.

    Raises:
        WrongAnswer: The numbers have gaps.
    """
    row = await api.pool.fetchrow(
        "select count(distinct state->>'number'), max((state->>'number')::bigint),"
        " count(distinct recorded_at)"
        " from store.events where book_id = $1 and topic = 'series.number_assigned'",
        api.book_id,
    )
    assert row is not None
    posted, latest, commits = row
    expected = CONNECTIONS * TIMES * (ROUNDS + 1)
    if not posted == latest == expected:
        raise WrongAnswer(
            f"{expected} posts were acknowledged; there are {posted} numbers up to {latest}."
        )
    return (
        f"{posted:,} posts took numbers 1 to {latest:,} in {commits:,} commits "
        f"({commits / posted:.3f} an invoice); nobody met a conflict"
    )
