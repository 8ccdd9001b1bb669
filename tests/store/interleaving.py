"""Clients and two processes in bad weather over one book: who asked and was told what."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from domain.aggregate import Change, Read
from domain.errors import AlreadyExists, NotFound, Refusal
from domain.facts.invoice import InvoiceDrafted
from domain.invoice import INVOICE, Invoice, delete, draft
from domain.series import SERIES, assign
from store.books import Books
from store.command import Command
from store.database import Pool
from store.errors import KeyReused, StaleRowVersion
from store.log import read_head
from store.recorded import Metadata
from tests.books import edited
from tests.store.one_by_one import Asking, Shown
from tests.store.weather import MILLISECOND, Fault, Weather


class Step(msgspec.Struct, frozen=True):
    """One thing to ask, and the process to ask."""

    asking: Asking
    process: int


class Lane(msgspec.Struct, frozen=True):
    """One client: it asks one thing after the other, and may be gone after some milliseconds."""

    steps: list[Step]
    gone_after: int | None = None


class Upset(msgspec.Struct, frozen=True):
    """What befalls a process after some milliseconds.

    - restart: it finishes what it was asked while its successor is already at work
    - crash: it dies where it stands; whoever waits for it hears nothing
    - forget: its cache is emptied
    """

    what: Literal["restart", "crash", "forget"]
    process: int
    after: int


class Round(msgspec.Struct, frozen=True):
    """Lanes that run at the same time, and the weather meanwhile."""

    lanes: list[Lane]
    upsets: list[Upset] = []
    delays: list[int] = []
    faults: list[Fault] = []


class Plan(msgspec.Struct, frozen=True):
    """Everything that happens in one run. ``optimistic_tries``: see ``store.writer``."""

    rounds: list[Round]
    cached_streams: int = 10_000
    optimistic_tries: int = 2


class Call(msgspec.Struct):
    """What was asked and told, and the book's head before and after; nothing when nobody heard."""

    token: str
    asking: Asking
    since: int
    shown: Shown | None = None
    until: int | None = None


class Company:
    """Two processes that serve one book, and the journal of their clients."""

    def __init__(self, pools: Sequence[Pool], weather: Weather, book_id: str, cached: int) -> None:
        self.journal: list[Call] = []
        self._pools = pools
        self._weather = weather
        self._book_id = book_id
        self._cached = cached
        self._processes = [Books(pool, cached_streams=cached) for pool in pools]
        self._former: list[Books] = []
        self._waiting: dict[asyncio.Task[None], Books] = {}
        self._known = 0

    async def play(self, part: Round) -> None:
        """Run the lanes and the upsets of a round together."""
        self._weather.forecast(part.delays, part.faults)
        lanes = [asyncio.create_task(self._live(lane)) for lane in part.lanes]
        loop = asyncio.get_running_loop()
        for lane, task in zip(part.lanes, lanes, strict=True):
            if lane.gone_after is not None:
                loop.call_later(lane.gone_after * MILLISECOND, task.cancel)
        upsets = [asyncio.create_task(self._upset(upset)) for upset in part.upsets]
        for outcome in await asyncio.gather(*lanes, *upsets, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def finish(self) -> None:
        """Wait until everything that was asked has happened, or can never happen any more."""
        await asyncio.gather(*(books.drain() for books in (*self._processes, *self._former)))
        await self._weather.clears_up()

    async def _live(self, lane: Lane) -> None:
        for step in lane.steps:
            call = Call(f"t{len(self.journal)}", step.asking, self._known)
            self.journal.append(call)
            call.shown = await self._ask(step, call.token)
            async with self._pools[0].acquire() as connection:
                call.until = await read_head(connection, self._book_id)
            self._known = max(self._known, call.until)

    async def _ask(self, step: Step, token: str) -> Shown:
        task = asyncio.current_task()
        assert task is not None
        books = self._waiting[task] = self._processes[step.process]
        try:
            if step.asking.kind == "look":
                seen = await books.get(self._book_id, INVOICE(step.asking.invoice))
                return _shown("seen", seen.version, seen.state)
            done = await books.execute(self._book_id, command_of(step.asking, token))
        except StaleRowVersion as stale:
            return _shown("stale", stale.current.version, stale.current.state)
        except (Refusal, KeyReused) as refusal:
            return Shown(type(refusal).__name__)
        finally:
            del self._waiting[task]
        if not done.changed:
            return _shown("unchanged", done.version, done.state)
        how = "replayed" if done.replayed else "done"
        return _shown(how, done.version, done.state, done.position)

    async def _upset(self, upset: Upset) -> None:
        await asyncio.sleep(upset.after * MILLISECOND)
        number = upset.process
        books = self._processes[number]
        if upset.what == "forget":
            books._cache.clear()
            return
        self._processes[number] = Books(self._pools[number], cached_streams=self._cached)
        if upset.what == "restart":
            self._former.append(books)
            return
        for writer in books._writers.values():
            if writer._task is not None:
                writer._task.cancel()
        for task, asked in self._waiting.items():
            if asked is books:
                task.cancel()


def _shown(how: str, version: int, state: Invoice | None, position: int = 0) -> Shown:
    if state is None:
        return Shown(how, version, position=position)
    return Shown(how, version, state.memo, state.reference, position)


def command_of(asking: Asking, token: str) -> Command[Invoice]:
    """The command that does what is asked. ``token`` tells its events from those of others."""
    stream = INVOICE(asking.invoice)

    def decide(read: Read) -> list[Change]:
        invoice = read(stream)
        if asking.kind in {"draft", "number"}:
            if invoice is not None:
                raise AlreadyExists("invoice", asking.invoice)
            return _open(asking, read)
        if invoice is None:
            raise NotFound("invoice", asking.invoice)
        if asking.kind == "delete":
            return [(stream, delete(invoice))]
        memo: str | None = asking.memo
        if asking.kind == "copy":
            other = read(INVOICE(asking.other))
            if other is None:
                raise NotFound("invoice", asking.other)
            memo = other.memo
        return [(stream, edited(invoice, memo=memo))]

    by_result = asking.kind == "number" and asking.expected is None
    return Command(
        aggregate=INVOICE,
        id=None if by_result else asking.invoice,
        decide=decide,
        metadata=Metadata(actor="test", request_id=token),
        expected=asking.expected,
        key=asking.key,
        fingerprint=msgspec.json.encode(asking),
    )


def _open(asking: Asking, read: Read) -> list[Change]:
    stream = INVOICE(asking.invoice)
    if asking.kind == "draft":
        return [(stream, draft(InvoiceDrafted(memo=asking.memo), ()))]
    assigned = assign(read(SERIES("s")), document_id=asking.invoice, dated=date(2026, 1, 2))
    header = InvoiceDrafted(memo=asking.memo, reference=str(assigned.number))
    return [(stream, draft(header, ())), (SERIES("s"), [assigned])]
