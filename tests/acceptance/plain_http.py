"""An HTTP client that costs next to nothing, so that hundreds of requests can be under way.

It speaks just as much HTTP/1.1 as the API answers to JSON.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


class PlainClient:
    """Keeps connections to one server, and opens another when all are busy."""

    def __init__(self, address: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._headers = dict(headers)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(
        self, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """The status and the JSON document of the answer."""
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        content = json.dumps(body).encode()
        said = {
            "Host": self._host,
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **self._headers,
            **headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("\r\ncontent-length: ")[2].partition("\r\n")[0])
        document = json.loads(await reader.readexactly(length))
        self._idle.append((reader, writer))
        return int(head.split(" ", 2)[1]), document

    async def close(self) -> None:
        """Close every connection."""
        for _, writer in self._idle:
            writer.close()
            await writer.wait_closed()
