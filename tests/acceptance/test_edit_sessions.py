"""Editors who save while they type, over several API processes."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from domain.invoice import INVOICE
from store.books import Book, Books
from store.database import Pool
from store.keys import create_key
from store.recorded import Recorded
from tests.acceptance.plain_http import PlainClient
from tests.acceptance.served import serve

EDITORS = 50
CHANGES = 40
PEOPLE = ("ses_ann_", "ses_bob_", "ses_cat_")
FIELDS = ("memo", "poNumber", "reference")


@pytest.fixture
async def clients(
    database_url: str, pool: Pool, book: Book, tmp_path: Path
) -> AsyncIterator[list[PlainClient]]:
    """One client for each of two API processes on the same database."""
    key, _ = await create_key(pool, book.book_id, name="test")
    with ExitStack() as processes:
        addresses = [
            serve(processes, database_url, tmp_path / f"{number}.log")[0] for number in range(2)
        ]
        headers = {"Authorization": f"Bearer {key}"}
        opened = [PlainClient(address, headers) for address in addresses]
        yield opened
        for client in opened:
            await client.close()


async def opened(client: PlainClient) -> str:
    """The id of a new invoice."""
    _, created = await client.send("POST", "/api/invoices", {"memo": "base"}, {})
    id_: str = created["id"]
    return id_


async def test_fifty_editors_over_two_processes_get_everything_accepted_and_in_order(
    clients: list[PlainClient], books: Books, book: Book
) -> None:
    chance = random.Random(7)  # noqa: S311 - a test that can be repeated
    invoices = await asyncio.gather(*(opened(clients[n % 2]) for n in range(EDITORS)))

    async def save(invoice: str, seq: int, window: asyncio.Semaphore) -> int:
        """One change, through either process; up to 0.3 s late, so that others overtake it.

        Where the machine stood still for longer than a change waits, it is sent again, as the rules
        for clients say.
        """
        await asyncio.sleep(0.3 * chance.random())
        headers = {
            "If-Match": '"1"',
            "Edit-Session": f"ses_{invoice[-12:]}",
            "Edit-Seq": str(seq),
        }
        while True:
            client = chance.choice(clients)
            status, answer = await client.send(
                "PATCH", f"/api/invoices/{invoice}", {"memo": str(seq)}, headers
            )
            if answer.get("code") != "sequence-gap":
                break
            assert answer["expectedSeq"] <= seq
        window.release()
        return status

    async def edit(invoice: str) -> list[int]:
        """Some changes under way at any time, so that slow machines need not keep pace."""
        window = asyncio.Semaphore(4)
        async with asyncio.TaskGroup() as sending:
            tasks = []
            for seq in range(1, CHANGES + 1):
                await window.acquire()
                tasks.append(sending.create_task(save(invoice, seq, window)))
        return [task.result() for task in tasks]

    async with asyncio.timeout(120):
        answers = await asyncio.gather(*(edit(invoice) for invoice in invoices))

    assert answers == [[200] * CHANGES] * EDITORS
    for invoice in invoices:
        events = await books.history(book.book_id, INVOICE(invoice), after=1)
        assert [it.metadata.edit_seq for it in events] == list(range(1, CHANGES + 1))


class Sent(msgspec.Struct, frozen=True):
    """What somebody sent, on which base, and the answer."""

    session: str
    seq: int
    base: int
    field: str
    status: int
    version: int


class Person:
    """Somebody who edits without waiting, and now and then looks at the others' changes."""

    def __init__(
        self, name: str, clients: list[PlainClient], path: str, chance: random.Random
    ) -> None:
        self.journal: list[Sent] = []
        self._session = f"{name}{chance.randrange(10**6):06}"
        self._clients = clients
        self._path = path
        self._chance = chance
        self._base = 1
        self._seq = 0

    async def edit(self, changes: int) -> None:
        """Send so many changes; after a conflict go on from what is there now."""
        async with asyncio.TaskGroup() as sending:
            for _ in range(changes):
                self._seq += 1
                sending.create_task(self._save(self._seq, self._base))
                await asyncio.sleep(self._chance.choice([0, 0, 0.002, 0.02]))

    async def _save(self, seq: int, base: int) -> None:
        field = self._chance.choice(FIELDS)
        headers = {
            "If-Match": f'"{base}"',
            "Edit-Session": self._session,
            "Edit-Seq": str(seq),
            "X-Causation-Id": f"base:{base}",
        }
        if self._chance.random() < 1 / 3:
            headers |= {"Prefer": "conflict=rebase", "X-Change-Reason": "rebase"}
        body = {field: f"{self._session} {seq}"}
        await asyncio.sleep(self._chance.random() / 50)
        times = 1 if self._chance.random() < 3 / 4 else 3  # it was not sure, and sends it again
        while times:
            client = self._chance.choice(self._clients)
            status, document = await client.send("PATCH", self._path, body, headers)
            if document.get("code") == "sequence-gap":
                continue  # the machine stood still: as the rules for clients say, it is sent again
            times -= 1
            version = document.get("rowVersion", document.get("currentRowVersion", 0))
            self._base = max(self._base, version)
            sent = Sent(self._session, seq, base, field, status, version)
            self.journal.append(sent)


async def test_three_people_on_one_invoice_never_overwrite_what_they_have_not_seen(
    clients: list[PlainClient], books: Books, book: Book
) -> None:
    accepted = refused = 0
    for trial in range(6):
        chance = random.Random(trial)  # noqa: S311 - a test that can be repeated
        invoice = await opened(clients[0])
        people = [Person(name, clients, f"/api/invoices/{invoice}", chance) for name in PEOPLE]
        await asyncio.gather(*(person.edit(25) for person in people))
        log = (await books.history(book.book_id, INVOICE(invoice)))[1:]
        journal = [sent for person in people for sent in person.journal]
        assert {sent.status for sent in journal} <= {200, 409}
        check(log, journal)
        accepted += len(log)
        refused += sum(sent.status == 409 for sent in journal)

    assert accepted > 50
    assert refused > 50


def check(log: list[Recorded], journal: list[Sent]) -> None:
    """Every 200 is in the log once, in order, and over nothing unseen."""
    places = [(it.metadata.edit_session, it.metadata.edit_seq) for it in log]
    assert len(set(places)) == len(places)
    for session in {sent.session for sent in journal}:
        seqs = [seq or 0 for one, seq in places if one == session]
        assert seqs == sorted(seqs)
    for sent in journal:
        assert ((sent.session, sent.seq) in places) == (sent.status == 200), sent
    for event in log:
        said = event.metadata
        base = int((said.causation_id or "").partition(":")[2])
        for other in log:
            foreign = other.metadata.edit_session != said.edit_session
            if foreign and base < other.version < event.version:
                assert said.reason == "rebase", f"{event} landed over {other}"
                assert event.fact.fields != other.fact.fields, f"{event} landed over {other}"  # type: ignore[attr-defined] # all are changes of the header
