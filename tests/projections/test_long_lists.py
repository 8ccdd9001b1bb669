"""Lists and reports of ten thousand invoices are read by their indexes where these are cheapest."""

from benchmarks import lists_at_a_million, reports_at_a_million
from benchmarks.asking import asking
from benchmarks.million import fill, open_book
from benchmarks.million_delivered import fill_deliveries

SCALE = 0.01


async def test_no_page_of_a_long_list_reads_a_whole_table(database_url: str) -> None:
    async with asking(database_url) as connection:
        await open_book(connection, SCALE)
        await fill(connection, lists_at_a_million.READ_MODELS, SCALE)
        answered = [it async for it in lists_at_a_million.answers(connection, times=1)]

    assert [it.name for it in answered if it.scanned] == []
    assert len({it.name.partition(":")[0] for it in answered}) == len(
        lists_at_a_million.READ_MODELS
    )


async def test_no_report_reads_a_whole_ledger(database_url: str) -> None:
    async with asking(database_url) as connection:
        await open_book(connection, SCALE)
        await fill(connection, reports_at_a_million.READ_MODELS, SCALE)
        await fill_deliveries(connection, SCALE)
        answered = [it async for it in reports_at_a_million.answers(connection, SCALE, times=1)]

    assert [it.name for it in answered if it.scanned] == []
