"""Open editors of one invoice, two processes in bad weather, and who was told what."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from domain.aggregate import Change, Read
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged
from domain.invoice import INVOICE, Invoice, draft
from store.books import Books
from store.command import Command
from store.database import Pool
from store.errors import SequenceGap, StaleRowVersion, Unavailable
from store.recorded import Metadata, Recorded
from tests.books import edited
from tests.store.weather import MILLISECOND, Fault, Weather

EDITED = INVOICE("inv_edited")
_OPENED = Metadata(actor="key_1", request_id="opened")


Session: TypeAlias = Literal["ses_ann", "ses_bob", "ses_cat"]


class Sending(msgspec.Struct, frozen=True):
    """One change on its way: of which session, as its how-manieth, to which process and when.

    What it says follows from the session and the seq, so that a repetition says the same.
    ``fresh``: it is based on the newest RowVersion that its editor has heard of, not on the first.
    """

    session: Session
    seq: int
    process: int
    after: int = 0
    fresh: bool = True

    @property
    def field(self) -> str:
        """Which field it changes."""
        return ("memo", "po_number")[self.seq % 2]

    @property
    def rebases(self) -> bool:
        """Whether it asks to be applied over changes of other fields."""
        return self.seq % 3 == 0


class Wave(msgspec.Struct, frozen=True):
    """Changes that are under way together, the weather, and what befalls a process meanwhile."""

    sendings: list[Sending]
    upset: Literal["none", "restart", "crash", "forget"] = "none"
    process: int = 0
    delays: list[int] = []
    faults: list[Fault] = []


class Said(msgspec.Struct, frozen=True):
    """What was sent on which base, and the answer; nothing when nobody heard it."""

    sending: Sending
    base: int
    how: str = "nothing"
    version: int = 0


class Office:
    """The editors, and the two processes that they ask."""

    def __init__(self, pools: Sequence[Pool], weather: Weather, book_id: str) -> None:
        self.said: list[Said] = []
        self._pools = pools
        self._weather = weather
        self._book_id = book_id
        self._processes = [Books(pool) for pool in pools]
        self._former: list[Books] = []
        self._asked: dict[asyncio.Task[None], Books] = {}
        self._heard: dict[str, int] = {}

    async def open(self) -> None:
        """Make the invoice."""

        def decide(_read: Read) -> list[Change]:
            return [(EDITED, draft(InvoiceDrafted(memo="", po_number=""), ()))]

        command = Command(aggregate=INVOICE, id=EDITED.id, decide=decide, metadata=_OPENED)
        await self._processes[0].execute(self._book_id, command)

    async def live(self, wave: Wave) -> None:
        """Send the changes of a wave."""
        self._weather.forecast(wave.delays, wave.faults)
        tasks = [asyncio.create_task(self._send(it)) for it in wave.sendings]
        await asyncio.sleep(MILLISECOND)
        self._befall(wave)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def close(self) -> list[Recorded]:
        """Wait until nothing is under way any more; answer what is in the log."""
        await asyncio.gather(*(books.drain() for books in (*self._processes, *self._former)))
        await self._weather.clears_up()
        return await self._processes[0].history(self._book_id, EDITED)

    async def _send(self, sending: Sending) -> None:
        await asyncio.sleep(sending.after * MILLISECOND)
        base = self._heard.get(sending.session, 1) if sending.fresh else 1
        task = asyncio.current_task()
        assert task is not None
        books = self._asked[task] = self._processes[sending.process]
        number = len(self.said)
        self.said.append(Said(sending, base))
        try:
            done = await books.execute(self._book_id, command_of(sending, base))
        except StaleRowVersion as stale:
            self._hear(number, "stale", stale.current.version)
        except SequenceGap as gap:
            self.said[number] = Said(sending, base, "gap", gap.expected)
        except Unavailable:
            pass
        else:
            self._hear(number, "again" if done.replayed else "done", done.version)
        finally:
            del self._asked[task]

    def _hear(self, number: int, how: str, version: int) -> None:
        said = self.said[number]
        self.said[number] = Said(said.sending, said.base, how, version)
        session = said.sending.session
        self._heard[session] = max(version, self._heard.get(session, 1))

    def _befall(self, wave: Wave) -> None:
        books = self._processes[wave.process]
        if wave.upset == "forget":
            books._cache.clear()
        if wave.upset in {"none", "forget"}:
            return
        self._processes[wave.process] = Books(self._pools[wave.process])
        if wave.upset == "restart":
            self._former.append(books)
            return
        for writer in books._writers.values():
            for task in (writer._task, writer._parking._task):
                if task is not None:
                    task.cancel()
        for waiting, asked in self._asked.items():
            if asked is books:
                waiting.cancel()


def command_of(sending: Sending, base: int) -> Command[Invoice]:
    """The change. Its request id tells the base, by which the log can be checked."""

    def decide(read: Read) -> list[Change]:
        invoice = read(EDITED)
        assert invoice is not None
        values = {sending.field: f"{sending.session} {sending.seq}"}
        return [(EDITED, edited(invoice, **values))]

    said = Metadata(
        actor="key_1",
        request_id=str(base),
        edit_session=sending.session,
        edit_seq=sending.seq,
    )
    return Command(
        aggregate=INVOICE,
        id=EDITED.id,
        decide=decide,
        metadata=said,
        expected=base,
        rebase=sending.rebases,
        in_lane=True,
    )


def check(log: Sequence[Recorded], said: Sequence[Said]) -> None:
    """Compare what was told with what is in the log."""
    events = log[1:]
    places = {(it.metadata.edit_session, it.metadata.edit_seq): it for it in events}
    assert len(places) == len(events), "a change was made twice"
    for session in {it.metadata.edit_session for it in events}:
        seqs = [it.metadata.edit_seq or 0 for it in events if it.metadata.edit_session == session]
        assert seqs == sorted(seqs), f"{session} overtook itself: {seqs}"
    for event in events:
        _check_basis(event, events)
    for it in said:
        event_or_none = places.get((it.sending.session, it.sending.seq))
        if it.how in {"done", "again"}:
            assert event_or_none is not None, f"{it} is not in the log"
            assert it.how == "again" or event_or_none.version == it.version
        if it.how == "stale":
            assert event_or_none is None, f"{it}, but it is in the log"


def _check_basis(event: Recorded, events: Sequence[Recorded]) -> None:
    """Nothing lands over what its editor had not seen, unless it asked for that and may."""
    base = int(event.metadata.request_id or "")
    session, seq = event.metadata.edit_session, event.metadata.edit_seq or 0
    for other in events:
        foreign = other.metadata.edit_session != session
        if foreign and base < other.version < event.version:
            assert seq % 3 == 0, f"{event} landed over {other}"
            assert not set(_fields(event)) & set(_fields(other)), f"{event} landed over {other}"


def _fields(event: Recorded) -> tuple[str, ...]:
    fact: Any = event.fact
    assert isinstance(fact, InvoiceHeaderChanged)
    return fact.fields
