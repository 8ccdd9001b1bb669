"""Is the process alive, and can it serve?"""

from typing import Any

from litestar import Request, get

from api.caller import Doors
from api.problems import Problem
from api.wire import Reply
from store.database import DATABASE_ERRORS, ping


class Health(Reply):
    """``ok``."""

    status: str


@get("/healthz", operation_id="getHealth", summary="Alive?", tags=["Operation"])
async def healthz() -> Health:
    """The process is alive. It says nothing about the database."""
    return Health(status="ok")


@get(
    "/readyz",
    operation_id="getReadiness",
    summary="Ready?",
    tags=["Operation"],
    opt={"problems": ("unavailable",)},
)
async def readyz(request: Request[Any, Any, Any]) -> Health:
    """The process can serve: the database answers. 503 otherwise."""
    doors: Doors = request.app.state.doors
    try:
        await ping(doors.pool)
    except DATABASE_ERRORS as error:
        raise Problem("unavailable", "The database does not answer.") from error
    return Health(status="ok")
