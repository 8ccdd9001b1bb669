"""Tokens of the XAPI: signed, short-lived, bound to an API key.

A token (JWT, RFC 7519, signed with HS256) names its key by the hash that the store keeps of it. The
key is looked up whenever a token is used, so that revoking the key ends all of its tokens.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
import msgspec

from api.problems import Problem
from store.keys import ParsedKey

ACCESS = timedelta(minutes=15)
SESSION = timedelta(hours=12)
"""How long a client that has logged in may go on before it must log in again."""

_ALGORITHM = "HS256"
_AUDIENCE = "daybook-xapi"
_REQUIRED = ("aud", "exp", "iat", "use", "book", "key")

Use = Literal["access", "refresh"]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who has logged in, by which key, and what counts where a call does not say otherwise.

    ``name`` is the UserId as it was sent; ``ends`` is when the client must log in again.
    """

    key: ParsedKey
    name: str
    ends: datetime
    branch: str | None = None
    terminal: str | None = None


class Issued(msgspec.Struct, frozen=True):
    """A token, and until when it is good."""

    text: str
    expires: datetime


class Tokens:
    """Signs tokens with the newest key; one that any of the keys has signed is good."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """``keys``: of 32 bytes at least, the newest first."""
        self._keys = tuple(keys)

    def issue(self, session: Session, use: Use, now: datetime) -> Issued:
        """A token of the session: to call with, or to get another one with."""
        until = min(now + ACCESS, session.ends) if use == "access" else session.ends
        until = until.replace(microsecond=0)
        claims = {
            "aud": _AUDIENCE,
            "iat": now,
            "exp": until,
            "use": use,
            "book": session.key.book_id,
            "key": session.key.hash.hex(),
            "name": session.name,
            "ends": int(session.ends.timestamp()),
            "branch": session.branch,
            "terminal": session.terminal,
        }
        return Issued(jwt.encode(claims, self._keys[0], algorithm=_ALGORITHM), until)

    def read(self, text: str, use: Use) -> Session:
        """The session of a token.

        Raises:
            Problem: 401, the token is not one of ours, is over, or is for another use.
        """
        claims = self._claims(text)
        if claims.get("use") != use:
            raise Problem("not-authenticated", f"This token is not an {use} token.")
        return Session(
            key=ParsedKey(claims["book"], bytes.fromhex(claims["key"])),
            name=claims["name"],
            ends=datetime.fromtimestamp(claims["ends"], UTC),
            branch=claims["branch"],
            terminal=claims["terminal"],
        )

    def _claims(self, text: str) -> dict[str, Any]:
        for key in self._keys:
            try:
                claims: dict[str, Any] = jwt.decode(
                    text,
                    key,
                    algorithms=[_ALGORITHM],
                    audience=_AUDIENCE,
                    options={"require": list(_REQUIRED)},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError as error:
                detail = "The token is over: refresh it, or log in again."
                raise Problem("not-authenticated", detail) from error
            except jwt.InvalidTokenError as error:
                raise Problem("not-authenticated", _UNKNOWN) from error
            else:
                return claims
        raise Problem("not-authenticated", _UNKNOWN)


_UNKNOWN = "This token was not issued here: log in, and send the token as it comes."
