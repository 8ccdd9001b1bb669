"""What a benchmark answers, and how that is shown and kept."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.rounds import Run


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison: the rates of its median round, and our latencies of all, in milliseconds."""

    name: str
    ours: float
    baseline: float
    unit: str
    p50_ms: float
    p99_ms: float
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Ours by the baseline's: above 1, ours is faster."""
        return self.ours / self.baseline


def figure(
    name: str, unit: str, ours: Sequence[Run], baseline: Sequence[Run], notes: Sequence[str] = ()
) -> Figure:
    """The figure that these rounds add up to.

    It is that of the round whose ratio is the median. Both runs of a round are neighbours in time,
    so what else the machine does weighs on them alike; medians of each side alone would mix rounds.
    """
    rounds = sorted(zip(ours, baseline, strict=True), key=lambda pair: _ratio(*pair))
    median, base = rounds[len(rounds) // 2]
    latencies = sorted(latency for run in ours for latency in run.latencies)
    spread = f"from {_ratio(*rounds[0]):.2f} to {_ratio(*rounds[-1]):.2f} in {len(rounds)} rounds"
    return Figure(
        name=name,
        ours=median.rate,
        baseline=base.rate,
        unit=unit,
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        notes=(f"ratios {spread}", *notes),
    )


def _ratio(own: Run, other: Run) -> float:
    return own.rate / other.rate


def table(figures: Sequence[Figure]) -> str:
    """The figures as text for people."""
    head = ("name", "ours", "baseline", "ratio", "unit", "p50 ms", "p99 ms")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {"name", "unit"} else cell.rjust(width)
            for column, cell, width in zip(head, row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{figure.ours:,.0f}",
        f"{figure.baseline:,.0f}",
        f"{figure.ratio:.2f}",
        figure.unit,
        f"{figure.p50_ms:.1f}",
        f"{figure.p99_ms:.1f}",
    )


def write(figures: Sequence[Figure], file: Path) -> None:
    """Keep the figures of this run, and of no earlier one, as JSON for programs."""
    kept = {
        figure.name: {
            "ratio": round(figure.ratio, 3),
            "ours": round(figure.ours, 1),
            "baseline": round(figure.baseline, 1),
            "unit": figure.unit,
            "p99_ms": round(figure.p99_ms, 2),
        }
        for figure in figures
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
