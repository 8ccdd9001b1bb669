"""Logging in on the XAPI: an API key as password, tokens in return."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta

from api.caller import Doors
from api.problems import Problem
from api.wire import Code, Reply, ShortText, Wire
from api.xapi.session import live_key
from api.xapi.tokens import SESSION, Session, Tokens
from store.keys import parse_key

_PUBLIC = {"envelope": True, "problems": ("not-authenticated", "unavailable")}
_TOKEN = Annotated[
    str, Meta(min_length=1, max_length=4000, examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"])
]


class LoginIn(Wire, kw_only=True):
    """Who logs in. ``password`` is the text of an API key; the key names the book.

    ``userId`` is a name of your own for whoever calls. ``organizationId``, if sent, must be the
    book's id. ``branchCode`` and ``terminalCode`` count for calls that name none.
    """

    user_id: Annotated[ShortText, Meta(min_length=1, examples=["dealer-7"])]
    password: Annotated[str, Meta(min_length=1, max_length=200, examples=["dbk_test_..."])]
    organization_id: ShortText | None = None
    application_name: ShortText | None = None
    branch_code: Code | None = None
    terminal_code: Code | None = None


class RefreshIn(Wire, kw_only=True):
    """The refresh token of the login. The access token may be sent along, and does not matter."""

    refresh_token: _TOKEN
    token: _TOKEN | None = None


class LoginOut(Reply, kw_only=True):
    """Tokens. Send ``token`` as ``Authorization: Bearer``, below ``/api/v1`` only."""

    successful: bool
    token: str
    token_expiry: datetime
    additional_messages: list[str]
    refresh_token: str
    refresh_expiry: datetime


@post(
    "/authentication/login",
    operation_id="xapiLogin",
    summary="Log in",
    tags=["XAPI"],
    opt=_PUBLIC,
    status_code=200,
)
async def log_in(request: Request[Any, Any, Any], data: JSONBody[LoginIn]) -> LoginOut:
    """Get tokens for an API key. They end with the key, and twelve hours after the login."""
    doors: Doors = request.app.state.doors
    text = data.password.strip()
    key, parsed = await doors.keys.find(text), parse_key(text)
    if key is None or parsed is None:
        detail = "The Password is the text of an API key: this one is unknown, mistyped or revoked."
        raise Problem("not-authenticated", detail)
    if data.organization_id and data.organization_id != key.book_id:
        detail = "The OrganizationId is not the id of the book that this API key opens."
        raise Problem("not-authenticated", detail)
    now = datetime.now(UTC)
    session = Session(
        key=parsed,
        name=data.user_id,
        ends=(now + SESSION).replace(microsecond=0),
        branch=data.branch_code,
        terminal=data.terminal_code,
    )
    return _tokens(doors.tokens, session, now)


@put(
    "/authentication/tokenrefresh",
    operation_id="xapiRefreshToken",
    summary="Refresh the token",
    tags=["XAPI"],
    opt=_PUBLIC,
)
async def refresh_token(request: Request[Any, Any, Any], data: JSONBody[RefreshIn]) -> LoginOut:
    """Get another token for the rest of the session, without the password."""
    doors: Doors = request.app.state.doors
    session = doors.tokens.read(data.refresh_token, "refresh")
    await live_key(doors, session)
    return _tokens(doors.tokens, session, datetime.now(UTC))


LOGIN: tuple[HTTPRouteHandler, ...] = (log_in, refresh_token)


def _tokens(tokens: Tokens, session: Session, now: datetime) -> LoginOut:
    access, refresh = tokens.issue(session, "access", now), tokens.issue(session, "refresh", now)
    return LoginOut(
        successful=True,
        token=access.text,
        token_expiry=access.expires,
        additional_messages=[],
        refresh_token=refresh.text,
        refresh_expiry=refresh.expires,
    )
