"""A client of a stream, next to the application: it reads as slowly as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import httpx


@dataclass
class Streamed:
    """What came: status and headers, and the text of the body so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    ended: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[tuple[int, str]]:
        """Id and data of each event that came; data is empty where there was none."""
        found = []
        for block in self.text.split("\n\n")[:-1]:
            members = dict(line.split(": ", 1) for line in block.split("\n"))
            if "id" in members:
                found.append((int(members["id"]), members.get("data", "")))
        return found

    async def until(self, text: str) -> None:
        """Wait until this came."""
        async with asyncio.timeout(60):
            while text not in self.text:
                self.news.clear()
                await self.news.wait()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            self.text += message.get("body", b"").decode()
            self.ended = not message.get("more_body", False)
        self.news.set()
        if "id: " in self.text:  # now the connection's buffer is full, until the client reads
            await self.reading.wait()


@asynccontextmanager
async def streaming(
    client: httpx.AsyncClient,
    path: str,
    headers: dict[str, str] | None = None,
    *,
    slow: bool = False,
) -> AsyncIterator[Streamed]:
    """Ask for a stream, and leave at the end of the block. A ``slow`` client reads one event."""
    transport = cast("httpx.ASGITransport", client._transport)
    request = client.build_request(
        "GET", path, headers={"Accept": "text/event-stream", **(headers or {})}
    )
    streamed, left = Streamed(), asyncio.Event()
    if not slow:
        streamed.reading.set()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "headers": [(key.lower(), value) for key, value in request.headers.raw],
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "server": ("daybook", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    app: Any = transport.app
    task = asyncio.create_task(app(scope, receive, streamed.send))
    try:
        yield streamed
    finally:
        left.set()
        streamed.reading.set()
        with suppress(asyncio.CancelledError):
            async with asyncio.timeout(60):
                await task
