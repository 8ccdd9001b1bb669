"""The writer of one book: commands that arrive together are decided together and commit at once.

While one batch is being committed, the next one fills: what comes meanwhile is decided at once, on
what that batch will have made, unless it needs more than is at hand. A batch is decided on the
states that this process holds. ``append`` compares the head of every stream that any decision
looked at, for acceptances and refusals alike, so that every answer rests on states that were
current at one moment. When another process moved a stream meanwhile, its news are loaded and the
batch is decided again; after that, the book's lock is taken first, so that every command ends in
bounded time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from store.at_hand import MISSING, AtHand
from store.batch import Batch
from store.cache import BookCache
from store.command import Command, Done, Waiting
from store.database import DATABASE_ERRORS, Connection, Pool, connection_lost
from store.errors import Busy, Unavailable
from store.log import Appended, append, connected, read_head
from store.pace import Pace
from store.parking import Backlog, Parking
from store.repetitions import find_committed, without_repetitions
from store.turns import Early

MAX_WAITING = 5_000
"""Commands of a book that may wait in a process: about a second's work."""

MAX_WAITING_IN_ALL = 20_000
"""The same of all books together: it bounds the memory of a process while the database is away."""

_MAX_COMMANDS = 256
_MAX_EVENTS = 2_000
_OPTIMISTIC_TRIES = 2
_PATIENCE_SECONDS = 5.0

_RECONNECT_SECONDS = 0.05
_UNKNOWN = (
    "The database cannot be reached; the outcome of the command is unknown. Repeat it with the "
    "same Idempotency-Key, or look at the entity first."
)


class Ahead(NamedTuple):
    """Commands that are decided on what a batch will have made that is not committed yet."""

    batch: Batch
    commands: list[Waiting]


class BookWriter:
    """Decides and commits the commands of one book, in the order in which they came."""

    def __init__(
        self,
        pool: Pool,
        book_id: str,
        cache: BookCache,
        committed: Callable[[str], None],
        *,
        backlog: Backlog,
    ) -> None:
        self._pool = pool
        self._backlog = backlog
        self._book_id = book_id
        self._cache = cache
        self._at_hand = AtHand(pool, book_id, cache)
        self._committed = committed
        self._queue: deque[Waiting] = deque()
        self._committing: Batch | None = None
        self._ahead: Ahead | None = None
        self._pace = Pace()
        self._task: asyncio.Task[None] | None = None
        self._parking = Parking(self._at_hand.look, self._at_hand.pasts, backlog, self._queue_again)

    async def execute(self, command: Command[Any]) -> Done[Any]:
        """Queue the command and wait for its outcome.

        Raises:
            Refusal: The domain says no; nothing was changed.
            StoreError: See ``store.errors``.
        """
        ahead = 0 if self._ahead is None else len(self._ahead.commands)
        if len(self._queue) + ahead >= MAX_WAITING:
            raise Busy(f"{MAX_WAITING} commands of this book are waiting already.")
        if self._backlog.count >= MAX_WAITING_IN_ALL:
            raise Busy(f"{MAX_WAITING_IN_ALL} commands of all books are waiting already.")
        future: asyncio.Future[Done[Any]] = asyncio.get_running_loop().create_future()
        waiting = Waiting(command, future, command.lane)
        self._backlog.count += 1
        if self._queue or not self._decided_ahead(waiting):
            self._queue.append(waiting)
            self._start()
        return await future

    @property
    def busy(self) -> bool:
        """Whether commands are waiting or under way."""
        return self._works or self._parking.busy

    async def drain(self) -> None:
        """Wait until everything that was queued is settled."""
        while self.busy:
            if self._works and self._task is not None:
                await self._task
            await self._parking.drain()

    @property
    def _works(self) -> bool:
        return self._task is not None and not self._task.done()

    def _start(self) -> None:
        if not self._works:
            self._task = asyncio.create_task(self._work(), name=f"writer of {self._book_id}")

    def _queue_again(self, waiting: Waiting) -> None:
        self._queue.append(waiting)
        self._start()

    async def _work(self) -> None:
        while self._queue or self._ahead is not None:
            ahead, commands = self._take_ahead()
            try:
                await self._commit(commands, ahead)
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
                for waiting in commands:
                    waiting.refuse(error)

    def _take_ahead(self) -> tuple[Ahead | None, list[Waiting]]:
        """What is decided already; without any, the next commands."""
        ahead = self._ahead
        if ahead is None or any(waiting.future.cancelled() for waiting in ahead.commands):
            self._give_back()
            return None, self._take()
        self._ahead = None
        self._backlog.count -= len(ahead.commands)
        return ahead, ahead.commands

    def _take(self) -> list[Waiting]:
        """The next commands, without those whose client has gone and without two of one key."""
        taken: list[Waiting] = []
        keys: set[str] = set()
        most = len(self._queue)
        if most and self._queue[-1].has_no_turn:
            most = self._pace.first_of(most)
        while self._queue and len(taken) < min(most, _MAX_COMMANDS):
            key = self._queue[0].command.key
            if key is not None and key in keys:
                break  # its forerunner must commit first; then it is answered as a repetition
            waiting = self._queue.popleft()
            self._backlog.count -= 1
            if waiting.future.cancelled():
                continue
            if key is not None:
                keys.add(key)
            taken.append(waiting)
        return self._parking.in_turn(taken, keys)

    def _decided_ahead(self, waiting: Waiting) -> bool:
        """Decide what comes while a batch is being committed, unless that needs I/O or its turn."""
        before, ahead = self._committing, self._ahead
        if before is None or not waiting.has_no_turn:
            return False
        if ahead is None:
            ahead = Ahead(Batch(self._cache, self._at_hand.pasts, before.states), [])
        if len(ahead.commands) >= _MAX_COMMANDS or len(ahead.batch.events) >= _MAX_EVENTS:
            return False
        try:
            ahead.batch.decide(waiting)
        except MISSING:
            return False
        ahead.commands.append(waiting)
        self._ahead = ahead
        return True

    def _decide_waiting(self) -> None:
        """Decide what waits while a batch is being committed, in its order and as far as can be."""
        while self._queue:
            if self._queue[0].future.cancelled():
                self._backlog.count -= 1
            elif not self._decided_ahead(self._queue[0]):
                return
            self._queue.popleft()

    def _give_back(self) -> None:
        """What was decided ahead has its turn again, before all others: it did not come true."""
        if self._ahead is not None:
            self._queue.extendleft(reversed(self._ahead.commands))
            self._ahead = None

    async def _commit(self, commands: Sequence[Waiting], ahead: Ahead | None = None) -> None:
        unsure: list[Batch] = []
        tries = 0
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        # While an append may still arrive, nobody is left out: it is refused only if the streams
        # that it changes have been changed.
        while commands := [w for w in commands if not w.parked and (unsure or not w.future.done())]:
            batch = Batch(self._cache, self._at_hand.pasts) if ahead is None else ahead.batch
            undecided, ahead = commands if ahead is None else (), None
            committed: tuple[int, datetime | None] | None = None
            try:
                lock = tries >= _OPTIMISTIC_TRIES
                async with connected(self._pool, self._book_id, lock=lock) as connection:
                    found = await find_committed(connection, self._book_id, unsure)
                    if found is not None:
                        batch, committed = found
                    else:
                        committed = await self._attempt(connection, batch, undecided)
                    if committed is not None:
                        # One that is refused may have run elsewhere since its key was looked up.
                        refused = [waiting for waiting, _ in batch.refused]
                        await without_repetitions(connection, self._book_id, refused)
            except DATABASE_ERRORS as error:
                if committed is None and not connection_lost(error):
                    await self._commit_each(commands, error)
                    return
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable(_UNKNOWN) from error
                # What was sent may or may not have committed. Under the lock it can be told.
                if batch.events and batch not in unsure:
                    unsure.append(batch)
                tries = _OPTIMISTIC_TRIES
                await asyncio.sleep(_RECONNECT_SECONDS)
            else:
                unsure = []
                tries = tries + 1 if committed is None else 0
                if committed is not None:
                    batch.settle(*committed)
                    self._committed(self._book_id)

    async def _commit_each(self, commands: Sequence[Waiting], error: Exception) -> None:
        """The data of one command upset the database: let it fail alone."""
        if len(commands) == 1:
            commands[0].refuse(error)
            return
        for waiting in commands:
            await self._commit([waiting])

    async def _attempt(
        self, connection: Connection, batch: Batch, undecided: Sequence[Waiting]
    ) -> tuple[int, datetime | None] | None:
        """Decide and append; answer the head before the batch, or ``None`` to decide again."""
        await self._decide(connection, batch, undecided)
        if not batch.writes:
            if await self._at_hand.refresh(connection, batch):
                return None
            return await read_head(connection, self._book_id), None
        appended = await self._append(connection, batch)
        if appended.refused:
            await self._at_hand.refresh(connection, batch)
            return None
        return appended.head_before, appended.recorded_at

    async def _append(self, connection: Connection, batch: Batch) -> Appended:
        """Append the batch. What comes meanwhile is decided in the hope that it is accepted."""
        self._committing = batch
        appended: Appended | None = None
        asyncio.get_running_loop().call_soon(self._decide_waiting)
        begun = time.perf_counter()
        try:
            appended = await append(
                connection,
                self._book_id,
                batch.reads,
                batch.events,
                batch.keyed,
                moved=batch.turns.moved,
            )
            self._pace.appended(time.perf_counter() - begun)
        finally:
            self._committing = None
            if appended is None or appended.refused:
                self._give_back()
        return appended

    async def _decide(
        self, connection: Connection, batch: Batch, commands: Sequence[Waiting]
    ) -> None:
        """Decide until the batch is full; what is left over has its turn in the next one."""
        commands = await without_repetitions(connection, self._book_id, commands)
        await self._at_hand.prepare(connection, commands)
        begun = time.perf_counter()
        for waiting in commands:
            if len(batch.events) >= _MAX_EVENTS:
                return
            while True:
                try:
                    batch.decide(waiting)
                    break
                except Early as early:
                    self._parking.park(waiting, early.expected)
                    break
                except MISSING as missing:
                    await self._at_hand.supply(connection, batch, missing)
        self._pace.decided(len(commands), time.perf_counter() - begun)
