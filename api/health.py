"""Is the process alive, and can it serve?"""

from typing import Any

from litestar import Request, Response, get

from api.caller import Doors
from api.wire import Reply
from store.database import DATABASE_ERRORS, ping


class Health(Reply):
    """``ok``, or what is missing."""

    status: str


@get("/healthz", operation_id="getHealth", summary="Alive?", tags=["Operation"])
async def healthz() -> Health:
    """The process is alive. It says nothing about the database."""
    return Health(status="ok")


@get("/readyz", operation_id="getReadiness", summary="Ready?", tags=["Operation"])
async def readyz(request: Request[Any, Any, Any]) -> Response[Health]:
    """The process can serve: the database answers. 503 otherwise."""
    doors: Doors = request.app.state.doors
    try:
        await ping(doors.pool)
    except DATABASE_ERRORS:
        return Response(Health(status="the database does not answer"), status_code=503)
    return Response(Health(status="ok"))
