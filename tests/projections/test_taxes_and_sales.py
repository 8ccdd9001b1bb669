"""Taxes, sales and periods, as of any days and any knowledge, against the documents."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import projections.ledger
from domain.facts.period import PeriodTotals
from domain.invoice import INVOICE
from domain.period import period_of
from projections.moment import LATEST, Span
from projections.postings import drafts_dated_in, period_totals, similar_invoices
from projections.sales_report import sales
from projections.tax_report import taxes
from tests.projections.company import BEGINNING, Company, Step
from tests.projections.histories import BUSY, STEPS
from tests.projections.oracle import documents, states
from tests.projections.stage import Stage
from tests.projections.test_receivables import known_at

SPANS = st.tuples(st.integers(-40, 200), st.integers(0, 200), st.integers(0, 400))


def span_of(company: Company, drawn: tuple[int, int, int]) -> Span:
    start, length, moment = drawn
    first = BEGINNING + timedelta(days=start)
    known = LATEST if moment % 3 == 0 else known_at(company, [moment])[0]
    return Span(first=first, last=first + timedelta(days=length), known=known)


def within(company: Company, span: Span) -> list[tuple[int, date, str, Any]]:
    return [
        it for it in documents(company.events[: span.known]) if span.first <= it[1] <= span.last
    ]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 64 positions, so that a history of some hundred events has several."""
    bits = projections.ledger.CHUNK_BITS
    monkeypatch.setattr(projections.ledger, "CHUNK_BITS", 6)
    for module in (projections.tax_report, projections.sales_report):
        ledger = module._LEDGER
        monkeypatch.setattr(ledger, "_rolled", ledger._rolled.replace(f">> {bits}", ">> 6"))
    credited = projections.sales_report._ADD_CREDITED.replace(f">> {bits}", ">> 6")
    monkeypatch.setattr(projections.sales_report, "_ADD_CREDITED", credited)


def test_taxes_are_the_sums_of_what_was_posted_less_what_was_voided(stage: Stage) -> None:
    @settings(max_examples=30)
    @example(BUSY, [(0, 100, 1), (11, 49, 3), (12, 80, 40), (-30, 400, 0)])
    @given(STEPS, st.lists(SPANS, min_size=1, max_size=4))
    def play(steps: list[Step], drawn: list[tuple[int, int, int]]) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            await stage.replay(company.events, [100])
            for span in (span_of(company, it) for it in drawn):
                expected: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
                for sign, dated, _, it in within(company, span):
                    for tax in it.posted_totals.taxes:
                        group = (dated.replace(day=1), it.currency, tax.category, tax.rate)
                        expected[group][0] += sign * tax.base
                        expected[group][1] += sign * tax.amount
                told = await taxes(stage.pool, company.book_id, span)
                assert {
                    (it.month, it.currency, it.category, it.rate): [it.base, it.tax] for it in told
                } == expected

        stage.run(compare)

    play()


def test_sales_by_anything_sum_to_the_nets_of_the_documents(stage: Stage) -> None:
    @settings(max_examples=30)
    @example(BUSY, [(0, 100, 1), (11, 49, 3), (12, 80, 40), (-30, 400, 0)])
    @given(STEPS, st.lists(SPANS, min_size=1, max_size=4))
    def play(steps: list[Step], drawn: list[tuple[int, int, int]]) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            await stage.replay(company.events, [100])
            for span in (span_of(company, it) for it in drawn):
                expected = sold(company, span)
                for by in ("month", "customer", "product"):
                    told = await sales(stage.pool, company.book_id, by, span, limit=1000)
                    keys = {
                        "month": lambda it: it.month,
                        "customer": lambda it: it.customer_id,
                        "product": lambda it: it.product,
                    }
                    nets: dict[Any, Decimal] = defaultdict(Decimal)
                    for it in told:
                        nets[it.currency, keys[by](it)] += it.net
                    assert _filled(nets) == _filled(expected[by]), by

        stage.run(compare)

    play()


def sold(company: Company, span: Span) -> dict[str, dict[Any, Decimal]]:
    """Nets by month, customer and product, from the documents."""
    found: dict[str, dict[Any, Decimal]] = {
        it: defaultdict(Decimal) for it in ("month", "customer", "product")
    }
    invoices = states(INVOICE, company.events)
    for sign, dated, kind, it in within(company, span):
        net = sign * it.posted_totals.net
        found["month"][it.currency, dated.replace(day=1)] += net
        found["customer"][it.currency, it.customer_id] += net
        lines = it.lines if kind == "invoice" else ()
        if kind != "invoice" and it.lines:
            named = {line.id: line for line in invoices[it.invoice_id].lines}
            lines = [named[line.line_id] for line in it.lines]
        for line, amount in zip(lines, it.posted_nets, strict=False):
            found["product"][it.currency, line.code] += sign * amount
            net -= sign * amount
        found["product"][it.currency, None] += net
    return found


def _filled(nets: dict[Any, Decimal]) -> dict[Any, Decimal]:
    return {key: net for key, net in nets.items() if net}


def test_a_period_has_the_totals_of_its_documents_and_knows_its_drafts(stage: Stage) -> None:
    @settings(max_examples=20)
    @example(BUSY)
    @given(STEPS)
    def play(steps: list[Step]) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            await stage.replay(company.events, [100])
            for period_id in ("2026-01", "2026-02", "2026-04", "2026-12"):
                told = await period_totals(stage.pool, company.book_id, period_id)
                posted = [it for it in documents(company.events) if period_of(it[1]) == period_id]
                assert {it.currency for it in told} == {it.currency for _, _, _, it in posted}
                for it in told:
                    assert it == totals_of(it.currency, posted)
                drafts = await drafts_dated_in(stage.pool, company.book_id, period_id)
                assert {it for type_, it in drafts if type_ == "invoice"} == {
                    id_
                    for id_, it in states(INVOICE, company.events).items()
                    if it is not None
                    and it.posted_totals is None
                    and (dated := it.accounting_date or it.issue_date)
                    and period_of(dated) == period_id
                }

        stage.run(compare)

    play()


def totals_of(currency: str, posted: list[tuple[int, date, str, Any]]) -> PeriodTotals:
    """Sums of the documents of a currency; credit notes count as credits."""
    sums: dict[str, Any] = dict.fromkeys(PeriodTotals.__struct_fields__[1:], Decimal(0))
    for sign, _, kind, it in posted:
        if it.currency == currency:
            credit = kind != "invoice"
            much = -sign if credit else sign
            sums["credit_notes" if credit else "invoices"] += much
            for name in ("net", "tax", "gross"):
                total = getattr(it.posted_totals, name)
                sums[f"credited_{name}" if credit else name] += much * total
    counts: dict[str, Any] = {it: int(sums.pop(it)) for it in ("invoices", "credit_notes")}
    return PeriodTotals(currency=currency, **counts, **sums)


def test_a_similar_invoice_has_the_same_customer_reference_and_total(stage: Stage) -> None:
    async def compare() -> None:
        company = await stage.played(BUSY)
        await stage.replay(company.events, [100])
        posted = {
            id_: it
            for id_, it in states(INVOICE, company.events).items()
            if it is not None and it.posted_totals is not None and it.po_number
        }
        found = 0
        for one in posted.values():
            wanted = {
                "customer_id": one.customer_id,
                "po_number": one.po_number,
                "gross": one.posted_totals.gross,
                "since": one.issue_date,
            }
            told = await similar_invoices(stage.pool, company.book_id, **wanted)
            found += len(told)
            assert told == tuple(
                sorted(
                    it.number
                    for it in posted.values()
                    if it.voided_on is None
                    and (it.customer_id, it.po_number) == (one.customer_id, one.po_number)
                    and it.posted_totals.gross == one.posted_totals.gross
                    and it.issue_date >= one.issue_date
                )
            )
            nothing = {**wanted, "po_number": None}
            assert await similar_invoices(stage.pool, company.book_id, **nothing) == ()
        assert found > len(posted) / 2

    stage.run(compare)
