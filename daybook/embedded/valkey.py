"""One Valkey (or Redis) server on a Unix socket."""

import asyncio
import contextlib
import signal
from pathlib import Path
from urllib.parse import quote

from daybook.embedded.children import Children, Program
from daybook.embedded.places import Places, private_folder

_PING_TIMEOUT = 1.0


class Valkey:
    """The server and its folder; in dev mode its append-only file survives a crash."""

    name = "valkey"
    variable = "redis_url"
    stop_signal = signal.SIGTERM

    def __init__(self, executable: Path, places: Places) -> None:
        self._executable = executable
        self._places = places
        self._folder = places.state / "valkey"
        self._socket = places.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """For redis-py and dramatiq."""
        return f"unix://{quote(str(self._socket))}?db=0"

    async def prepare(self, children: Children) -> None:
        """Makes its folder and clears the socket of a predecessor."""
        del children
        private_folder(self._folder, self._places.account)
        self._socket.unlink(missing_ok=True)

    def program(self) -> Program:
        """The command: no TCP port, no snapshots, and never an eviction, since it is a broker."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes" if self._places.mode == "dev" else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Program(
            role="server",
            argv=[self._executable, *flags],
            death_signal=self.stop_signal,
            log=self._places.log / "valkey.log",
            account=self._places.account,
        )

    async def is_ready(self, pid: int) -> bool:
        """Whether PING is answered by PONG; a server that still loads its file says otherwise."""
        del pid
        with contextlib.suppress(OSError, TimeoutError):
            return await asyncio.wait_for(self._ping(), _PING_TIMEOUT)
        return False

    async def _ping(self) -> bool:
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()
