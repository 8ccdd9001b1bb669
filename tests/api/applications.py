"""Applications that serve one test after another: making one takes longer than most tests."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

from litestar.types import ASGIApp

from api.app import OpenDoors, create_app
from api.caller import Doors


class _Application:
    """An application of which every start opens the doors that were set last."""

    def __init__(self, cors_origins: tuple[str, ...]) -> None:
        self.open_doors: OpenDoors
        self.app = create_app(
            self._open,
            version="0",
            max_body_bytes=1_048_576,
            access_log=False,
            cors_origins=cors_origins,
        )

    def _open(self) -> AbstractAsyncContextManager[Doors]:
        return self.open_doors()


@asynccontextmanager
async def application(
    open_doors: OpenDoors, *, cors_origins: tuple[str, ...] = ()
) -> AsyncIterator[ASGIApp]:
    """An application that nobody else uses meanwhile.

    What it keeps from one start to the next are its routes and what it counted for its metrics.
    One that did not stop in order is not used again.
    """
    idle = _idle(cors_origins)
    found = idle.pop() if idle else _Application(cors_origins)
    found.open_doors = open_doors
    yield found.app
    idle.append(found)


@cache
def _idle(cors_origins: tuple[str, ...]) -> list[_Application]:
    """Those of this process that wait for a test."""
    del cors_origins
    return []
