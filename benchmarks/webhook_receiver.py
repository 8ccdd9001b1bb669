"""A receiver of webhooks that costs little: it answers 200 at once, or never, and counts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import cast

import msgspec
from typing_extensions import override

from benchmarks.http_load import WrongAnswer
from workers.signing import verify

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_SAMPLE_EVERY = 500


class Received(msgspec.Struct):
    """What came since the last reset: how often each webhook, and when."""

    port: int = 0
    times: list[float] = []
    ids: set[tuple[bytes, bytes]] = set()
    samples: list[tuple[bytes, bytes]] = []
    hole_port: int = 0
    idle_port: int = 0
    sampling: int = _SAMPLE_EVERY

    def reset(self) -> None:
        """Forget what came so far."""
        self.times = []
        self.ids = set()
        self.samples = []

    async def wait_for(self, count: int, *, seconds: float = 60.0) -> None:
        """Wait until so many requests came.

        Raises:
            WrongAnswer: They did not come in time, or one came twice.
        """
        give_up_at = time.perf_counter() + seconds
        while len(self.times) < count:
            if time.perf_counter() > give_up_at:
                raise WrongAnswer(f"Only {len(self.times)} of {count} webhooks came in time.")
            await asyncio.sleep(0.005)
        if not len(self.times) == len(self.ids) == count:
            raise WrongAnswer(
                f"{len(self.times)} requests brought {len(self.ids)} webhooks instead of {count}."
            )

    def latencies(self) -> list[float]:
        """Seconds from the commit of each sampled event to the arrival of its webhook."""
        return [
            came - datetime.fromisoformat(msgspec.json.decode(body)["timestamp"]).timestamp()
            for came, (_, body) in zip(self.times[:: self.sampling], self.samples, strict=True)
        ]

    def check(self, secrets: list[str]) -> int:
        """Verify the sampled signatures; answers how many. Raises ``SignatureInvalid``."""
        for head, body in self.samples:
            lines = head.decode("latin-1").split("\r\n")[1:]
            headers = dict(line.split(": ", 1) for line in lines)
            verify(headers, body, secrets, now=time.time())
        return len(self.samples)


class _Answering(asyncio.Protocol):
    def __init__(self, received: Received) -> None:
        self._received = received
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = int(_header(head.lower(), b"content-length"))
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._note(head, body)
            assert self._transport is not None
            self._transport.write(_ANSWER)

    def _note(self, head: bytes, body: bytes) -> None:
        received = self._received
        path = head[: head.find(b" HTTP/")]
        received.times.append(time.time())
        received.ids.add((path, _header(head, b"webhook-id")))
        if (len(received.times) - 1) % received.sampling == 0:
            received.samples.append((head, body))


def _header(head: bytes, name: bytes) -> bytes:
    start = head.find(name + b": ") + len(name) + 2
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)]


@asynccontextmanager
async def receiving() -> AsyncIterator[Received]:
    """Receive on loopback until the end of the block.

    ``hole_port`` takes connections and requests, and never answers; what comes to ``idle_port`` is
    answered and not counted.
    """
    received = Received()
    loop = asyncio.get_running_loop()
    answering = await loop.create_server(lambda: _Answering(received), "127.0.0.1", 0)
    # A second one that answers, and that nobody counts.
    idle = await loop.create_server(lambda: _Answering(Received()), "127.0.0.1", 0)
    hole = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    received.port = answering.sockets[0].getsockname()[1]
    received.idle_port = idle.sockets[0].getsockname()[1]
    received.hole_port = hole.sockets[0].getsockname()[1]
    try:
        yield received
    finally:
        for server in (answering, idle, hole):
            server.close()
