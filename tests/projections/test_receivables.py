"""Ageing, balances and statements as of any day and any knowledge, against the facts themselves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from projections.customer_list import balances_of
from projections.moment import LATEST, Span, position_at
from projections.receivable_reports import Aged, ageing
from projections.statement import movements, totals
from store.books import Book
from store.database import Pool
from tests.projections.company import BEGINNING, Company, Step
from tests.projections.histories import BUSY, STEPS
from tests.projections.oracle import BUCKETS, Key, aged, changes, owed_by_states
from tests.projections.stage import Stage

DAYS = st.lists(st.integers(-5, 400), min_size=3, max_size=6)


def buckets(rows: list[Aged]) -> dict[Key, dict[str, Decimal]]:
    found = {
        (it.customer_id or "", it.currency): {name: getattr(it, name) for name in BUCKETS}
        for it in rows
    }
    return {key: row for key, row in found.items() if any(row.values())}


def known_at(company: Company, days: list[int]) -> list[int]:
    """Positions at the ends of appends, which is where time stands still."""
    ends = [
        it.position
        for it, following in zip(company.events, [*company.events[1:], None], strict=True)
        if following is None or following.recorded_at != it.recorded_at
    ]
    return [ends[day % len(ends)] for day in days]


def test_the_ageing_of_any_day_as_known_at_any_position_is_what_the_facts_say(
    stage: Stage,
) -> None:
    @settings(max_examples=40)
    @example(BUSY, [*range(0, 400, 40)])
    @given(STEPS, DAYS)
    def play(steps: list[Step], days: list[int]) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            await stage.replay(company.events, [100])
            for known in (LATEST, *known_at(company, days)):
                for day in days:
                    as_of = BEGINNING + timedelta(days=day)
                    report = await ageing(stage.pool, company.book_id, as_of, known=known)
                    expected = aged(company.events[:known], as_of)
                    assert buckets(report.rows) == expected, (as_of, known)

        stage.run(compare)

    play()


def test_what_is_owed_at_last_is_what_the_domain_says_at_any_time(stage: Stage) -> None:
    @settings(max_examples=30)
    @example(BUSY, [*range(0, 400, 25)])
    @given(STEPS, DAYS)
    def play(steps: list[Step], days: list[int]) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            await stage.replay(company.events, [100])
            for known in known_at(company, days):
                report = await ageing(stage.pool, company.book_id, date(2100, 1, 1), known=known)
                told = {
                    (it.customer_id, it.currency): (it.receivable, it.credit, it.balance)
                    for it in report.rows
                }
                domain = owed_by_states(company.events[:known])
                assert told == {key: it for key, it in domain.items() if any(it)}
                for total in report.totals:
                    rows = [it for it in report.rows if it.currency == total.currency]
                    assert total.balance == sum(it.balance for it in rows)
            now = owed_by_states(company.events)
            ids = sorted({customer_id for customer_id, _ in now})
            listed = {
                (id_, currency): (balance, -credit)
                for id_, them in (await balances_of(stage.pool, company.book_id, ids)).items()
                for currency, balance, credit in them
            }
            assert listed == {key: (balance, credit) for key, (_, credit, balance) in now.items()}

        stage.run(compare)

    play()


def test_a_statement_leads_from_what_was_owed_to_what_is_owed(stage: Stage) -> None:
    @settings(max_examples=30)
    @example(BUSY, 30, 200, 99)
    @given(STEPS, st.integers(0, 150), st.integers(0, 200), st.integers(0, 400))
    def play(steps: list[Step], start: int, length: int, moment: int) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            await stage.replay(company.events, [100])
            first = BEGINNING + timedelta(days=start)
            (known,) = known_at(company, [moment])
            span = Span(first=first, last=first + timedelta(days=length), known=known)
            before = aged(company.events[:known], first - timedelta(days=1))
            after = aged(company.events[:known], span.last)
            for customer_id in ("12", "ACME"):
                sums = await totals(stage.pool, company.book_id, customer_id, span)
                lines = await movements(stage.pool, company.book_id, customer_id, span)
                for it in sums:
                    key = (customer_id, it.currency)
                    assert it.opening == sum(before.get(key, {}).values())
                    assert it.closing == sum(after.get(key, {}).values())
                    running = it.opening
                    for line in (line for line in lines if line.currency == it.currency):
                        running += line.amount
                        assert line.balance == running
                    assert running == it.closing == it.opening + it.debits + it.credits
                paged = []
                place = None
                while page := await movements(
                    stage.pool, company.book_id, customer_id, span, after=place, limit=3
                ):
                    paged += page
                    place = (page[-1].currency, page[-1].dated, page[-1].position)
                assert paged == lines

        stage.run(compare)

    play()


async def test_what_did_the_march_ageing_say_on_the_second_of_april(pool: Pool, book: Book) -> None:
    """The question by which the two times are told apart, asked of four invoices."""
    await pool.execute(
        "insert into receivable_entry_v1 values "
        # posted in February and still open
        "($1, 'inv_1', 10, '2026-02-10Z', '2026-02-10', 'invoice', 'invoice', 'A', 'EUR', 100,"
        " '2026-03-10', 'INV-1', true),"
        # paid on 20 March, which was only recorded on 7 April
        "($1, 'inv_2', 11, '2026-02-11Z', '2026-02-11', 'invoice', 'invoice', 'A', 'EUR', 40,"
        " '2026-03-30', 'INV-2', true),"
        "($1, 'inv_2', 40, '2026-04-07Z', '2026-03-20', 'application', 'invoice', 'A', 'EUR', -40,"
        " null, null, false),"
        # paid in April
        "($1, 'inv_3', 12, '2026-02-12Z', '2026-02-12', 'invoice', 'invoice', 'A', 'EUR', 7,"
        " '2026-04-30', 'INV-3', true),"
        "($1, 'inv_3', 30, '2026-04-01Z', '2026-04-01', 'application', 'invoice', 'A', 'EUR', -7,"
        " null, null, false),"
        # dated in March, but only posted on 5 April
        "($1, 'inv_4', 35, '2026-04-05Z', '2026-03-31', 'invoice', 'invoice', 'A', 'EUR', 1,"
        " '2026-04-30', 'INV-4', true)",
        book.book_id,
    )
    from projections.receivables import _RENEW  # noqa: PLC0415 - only this test writes rows by hand

    await pool.execute(_RENEW, book.book_id, ["inv_1", "inv_2", "inv_3", "inv_4"])
    march = date(2026, 3, 31)

    (told,) = (await ageing(pool, book.book_id, march, known=32)).rows
    (today,) = (await ageing(pool, book.book_id, march)).rows

    assert [told.current, told.days_1_30, told.credit] == [Decimal(7), Decimal(140), Decimal(0)]
    assert [today.current, today.days_1_30, today.credit] == [Decimal(8), Decimal(100), Decimal(0)]


def test_an_instant_is_the_last_position_recorded_by_then(stage: Stage) -> None:
    random = Random(3)  # noqa: S311 - not a secret

    async def compare() -> None:
        company = await stage.played(BUSY)
        events = company.events
        for it in random.sample(events, 40):
            for moment in (it.recorded_at, it.recorded_at - timedelta(seconds=1)):
                last = max((e.position for e in events if e.recorded_at <= moment), default=0)
                assert await position_at(stage.pool, company.book_id, moment) == last
        assert await position_at(stage.pool, company.book_id, datetime(2000, 1, 1, tzinfo=UTC)) == 0
        late = datetime(2100, 1, 1, tzinfo=UTC)
        assert await position_at(stage.pool, company.book_id, late) == len(events)
        assert await position_at(stage.pool, "bok_none", late) == 0

    stage.run(compare)
    assert changes([]) == []
