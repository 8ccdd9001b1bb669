"""A load generator that costs little: HTTP/1.1 over kept-alive sockets, requests made beforehand.

It shares the machine with what it measures, so it parses only what it needs of an answer. It trusts
no answer: the first one with another status than expected ends the benchmark.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from typing_extensions import override

from benchmarks.rounds import Run

HOST = "127.0.0.1"
NOT_MODIFIED = 304


class WrongAnswer(Exception):
    """The server answered something else than expected, so its speed means nothing."""


class Answer(NamedTuple):
    """An answer as it came."""

    status: int
    head: bytes
    body: bytes

    def field(self, name: bytes) -> bytes:
        """The value of a header field, by its lower-case name; empty without it."""
        _, _, rest = self.head.partition(b"\r\n" + name + b": ")
        return rest.partition(b"\r\n")[0]


class Client(Protocol):
    """Somebody with one connection, who asks again once the answer is there."""

    expects: int

    def request(self) -> bytes | None:
        """The next request; ``None`` when there is nothing more to ask."""

    def answered(self, answer: Answer) -> None:
        """Told about every answer."""


async def drive(
    port: int, clients: Sequence[Client], *, seconds: float = float("inf"), every: float = 0.0
) -> Run:
    """Let all clients ask at once, until the time is over or none has anything more to ask.

    Each asks again as soon as it was answered, but ``every`` so many seconds at most.

    Raises:
        WrongAnswer: An answer had another status than its client expects.
        ConnectionError: The server closed a connection.
    """
    lanes = [_Lane(client, every) for client in clients]
    try:
        for lane in lanes:
            await lane.connect(port)
        gc.disable()  # a collection in this process would be taken for slowness of the server
        started = time.perf_counter()
        await asyncio.gather(*(lane.run(started + seconds) for lane in lanes))
        took = time.perf_counter() - started
    finally:
        gc.enable()
        for lane in lanes:
            lane.close()
    return Run(took, [latency for lane in lanes for latency in lane.latencies])


class _Lane(asyncio.Protocol):
    """The connection of one client."""

    def __init__(self, client: Client, every: float) -> None:
        self.latencies: list[float] = []
        self._client = client
        self._every = every
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._sent = 0.0
        self._deadline = 0.0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, HOST, port)

    def run(self, deadline: float) -> asyncio.Future[None]:
        """Ask until the deadline; done once the last answer is there."""
        self._deadline = deadline
        self._next(time.perf_counter())
        return self._done

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = _parse(self._received)
        if answer is None or self._done.done():
            return
        now = time.perf_counter()
        self._received = b""
        self.latencies.append(now - self._sent)
        if answer.status != self._client.expects:
            text = (answer.head + b"\r\n" + answer.body)[:1000].decode(errors="replace")
            expected = f"Expected {self._client.expects}, but the server answered:\n{text}"
            self._done.set_exception(WrongAnswer(expected))
            return
        self._client.answered(answer)
        pause = self._sent + self._every - now
        if pause > 0:
            asyncio.get_running_loop().call_later(pause, self._next, now + pause)
        else:
            self._next(now)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(ConnectionError("The server closed a connection."))

    def _next(self, now: float) -> None:
        if self._done.done():
            return
        request = self._client.request() if now < self._deadline else None
        if request is None:
            self._done.set_result(None)
            return
        assert self._transport is not None
        self._sent = time.perf_counter() if self._every else now
        self._transport.write(request)


def _parse(received: bytes) -> Answer | None:
    """The answer, once all of it is there."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    answer = Answer(int(received[9:12]), received[: end + 2], received[end + 4 :])
    if answer.status == NOT_MODIFIED:  # it has no body, and says no length
        return answer
    return answer if len(answer.body) >= int(answer.field(b"content-length")) else None
