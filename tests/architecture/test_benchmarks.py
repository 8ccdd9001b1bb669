"""The benchmarks themselves need servers and time; this checks that they can be found and read."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.catalogue import BENCHMARKS
from benchmarks.figures import figure, table, write
from benchmarks.http_load import HOST, Answer, WrongAnswer, drive
from benchmarks.rounds import Measure, Run, alternate

FOLDER = Path(__file__).parents[2] / "benchmarks"
QUICK = Run(2.0, [0.001] * 98 + [0.003, 0.005])
SLOW = Run(1.0, [0.004] * 100)


def test_every_file_that_measures_is_listed() -> None:
    modules = [import_module(f"benchmarks.{file.stem}") for file in FOLDER.glob("[!_]*.py")]
    measuring = {module.NAME for module in modules if hasattr(module, "measure")}

    assert measuring == BENCHMARKS.keys()
    shown = CliRunner().invoke(main, ["--list"]).output.splitlines()
    assert [line.split()[0] for line in shown] == list(BENCHMARKS)
    assert all(line.endswith(".") for line in shown)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    result = CliRunner().invoke(main, ["everything"])

    assert result.exit_code == 2
    assert "patch_vs_noop" in result.output


def test_a_figure_is_its_median_round_with_latencies_in_milliseconds() -> None:
    measured = figure("x", "req/s", [QUICK, SLOW, SLOW], [SLOW, QUICK, SLOW])

    assert (measured.ours, measured.baseline, measured.ratio) == (100, 100, 1)
    assert (measured.p50_ms, measured.p99_ms) == (4, 4)
    assert measured.notes == ("ratios from 0.50 to 2.00 in 3 rounds",)


def test_the_table_has_a_line_for_each_figure() -> None:
    lines = table([figure("quick_vs_slow", "req/s", [QUICK], [SLOW])]).splitlines()

    assert lines[0].split("  ")[0] == "name"
    assert lines[0].endswith("p50 ms  p99 ms")
    assert lines[1].split() == ["quick_vs_slow", "50", "100", "0.50", "req/s", "1.0", "5.0"]


def test_the_file_for_programs_holds_the_figures_by_name(tmp_path: Path) -> None:
    file = tmp_path / "build" / "bench.json"

    write([figure("quick_vs_slow", "req/s", [QUICK], [SLOW])], file)

    assert json.loads(file.read_text()) == {
        "quick_vs_slow": {
            "ratio": 0.5,
            "ours": 50.0,
            "baseline": 100.0,
            "unit": "req/s",
            "p99_ms": 5.0,
        }
    }


async def test_both_sides_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def side(name: str) -> Measure:
        async def run() -> Run:
            order.append(name)
            return Run(1.0, [float(len(order))])

        return run

    ours, baseline = await alternate(side("ours"), side("baseline"), rounds=2)

    assert order == ["baseline", "ours", "ours", "baseline", "baseline", "ours"]
    assert [run.latencies for run in (*ours, *baseline)] == [[3.0], [6.0], [4.0], [5.0]]


class FiveTimes:
    """Asks five times."""

    expects = 200

    def __init__(self) -> None:
        self.asked = 0

    def request(self) -> bytes | None:
        self.asked += 1
        return b"GET / HTTP/1.1\r\n\r\n" if self.asked <= 5 else None

    def answered(self, answer: Answer) -> None:
        assert answer.body == b"{}"


@asynccontextmanager
async def answering(status: bytes) -> AsyncIterator[int]:
    """The port of a server that answers everything so, in two pieces."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(1000):
                writer.write(b"HTTP/1.1 %b\r\ncontent-length: 2\r\n\r" % status)
                await writer.drain()
                writer.write(b"\n{}")
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_every_answer_is_timed() -> None:
    async with answering(b"200 OK") as port:
        assert len((await drive(port, [FiveTimes(), FiveTimes()])).latencies) == 10


async def test_no_figure_comes_from_wrong_answers() -> None:
    async with answering(b"409 Conflict") as port:
        with pytest.raises(WrongAnswer, match="409 Conflict"):
            await drive(port, [FiveTimes(), FiveTimes()])
