"""Who calls on the XAPI: a client that has logged in, or one that sends an API key itself."""

from collections.abc import Mapping
from typing import Any

from litestar import Request

from api.caller import Doors, admit, authenticate
from api.problems import Problem
from api.xapi.tokens import Session
from store.keys import ApiKey, find_key

_DOTS = 2
_STATE = "xapi_session"


async def authenticate_session(request: Request[Any, Any, Any]) -> None:
    """As ``authenticate``, and with a token of ``/authentication/login`` as well."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    is_public = "scope" not in request.route_handler.opt
    if is_public or scheme.lower() != "bearer" or text.count(".") != _DOTS:
        await authenticate(request)
        return
    doors: Doors = request.app.state.doors
    session = doors.tokens.read(text.strip(), "access")
    key = await live_key(doors, session)
    request.scope["state"][_STATE] = session
    await admit(request, doors, key)


async def live_key(doors: Doors, session: Session) -> ApiKey:
    """The key behind a session, asked for every time.

    Raises:
        Problem: 401, it has been revoked.
    """
    key = await find_key(doors.pool, session.key)
    if key is None:
        detail = "The API key that this token stands for was revoked: log in with another one."
        raise Problem("not-authenticated", detail)
    return key


def usual_of(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """Branch and terminal of the session, for what a call does not say otherwise."""
    session: Session | None = request.scope["state"].get(_STATE)
    if session is None:
        return {}
    named = {"branch": session.branch, "terminal": session.terminal}
    return {name: value for name, value in named.items() if value is not None}
