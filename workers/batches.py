"""Small questions to the database, put together: those of one book share a round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Batches(Generic[Q, A]):
    """Collects what is asked while the batch before is under way, and asks it together."""

    def __init__(
        self,
        ask: Callable[[str, Sequence[Q]], Awaitable[Sequence[A]]],
        *,
        size: int,
        linger: float = 0.0,
    ) -> None:
        """``ask`` answers questions about a book, in their order.

        ``size`` is how many are asked at once at most; ``linger`` is how many seconds the first
        one waits for others.
        """
        self._ask = ask
        self._size = size
        self._linger = linger
        self._waiting: dict[str, list[tuple[Q, asyncio.Future[A]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, book_id: str, question: Q) -> asyncio.Future[A]:
        """Ask soon. The answer fails with whatever asking for the batch failed with."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(book_id)
        if waiting is not None:
            waiting.append((question, answer))
            return answer
        self._waiting[book_id] = [(question, answer)]
        task = asyncio.create_task(self._run(book_id), name="batches")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return answer

    async def _run(self, book_id: str) -> None:
        """Ask until nothing is waiting in the book."""
        waiting = self._waiting[book_id]
        while waiting:
            if self._linger and len(waiting) < self._size:
                await asyncio.sleep(self._linger)
            batch = waiting[: self._size]
            del waiting[: self._size]
            await self._answer(book_id, batch)
        del self._waiting[book_id]

    async def _answer(self, book_id: str, batch: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._ask(book_id, [question for question, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is for those who asked
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
