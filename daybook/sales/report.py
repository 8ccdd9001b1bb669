"""What became of a sales file, in words and as a file of rejected invoices."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from daybook.sales.file import SalesFile
from daybook.sales.importing import Rejection, Summary


def write_rejections(file: Path, rejections: Sequence[Rejection]) -> None:
    """Write one row for each rejected invoice: its number, the code and the reason.

    Raises:
        OSError: The file cannot be written.
    """
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("InvoiceNo", "Code", "Reason"))
        rows.writerows(rejections)


def summary_text(summary: Summary, sales: SalesFile, *, dry_run: bool) -> str:
    """The summary for people; amounts are written so that programs can read them too."""
    return "\n".join(_lines(summary, sales, dry_run=dry_run))


def _lines(summary: Summary, sales: SalesFile, *, dry_run: bool) -> Iterator[str]:
    days = [invoice.issue_date for invoice in sales.invoices if invoice.issue_date]
    span = f", dated {min(days)} to {max(days)}" if days else ""
    yield f"Read: {_many(summary.invoices, 'invoice')} on {_many(sales.rows, 'row')}{span}"
    if dry_run:
        yield "This was a dry run: nothing was written. Without --dry-run it would be:"
    yield (
        f"Posted: {_many(summary.posted, 'invoice')} with {_many(summary.posted_lines, 'line')} "
        f"for {_many(summary.customers, 'new customer')}"
    )
    for currency, sums in sorted(summary.sums.items()):
        yield f"  net {sums.net} {currency}, gross {sums.gross} {currency}"
    if summary.credited:
        yield f"Credited: {_many(summary.credited, 'credit note')}, for what is below zero"
    for currency, sums in sorted(summary.credits.items()):
        yield f"  net {sums.net} {currency}, gross {sums.gross} {currency}"
    yield f"Skipped: {_many(summary.already, 'invoice')} imported before"
    yield f"Rejected: {_many(len(summary.rejections), 'invoice')}"
    counts = Counter(rejection.code for rejection in summary.rejections)
    examples = {rejection.code: rejection for rejection in reversed(summary.rejections)}
    for code, count in counts.most_common():
        number, _, reason = examples[code]
        yield f"  {count} {code}, such as {number or 'one without a number'}: {reason}"
    rate = summary.settled / summary.seconds if summary.seconds else 0.0
    yield f"Took: {summary.seconds:.2f} s, {rate:.0f} invoices/s"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
