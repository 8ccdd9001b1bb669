"""Logging in: tokens in the shape that clients of the XAPI know, bound to an API key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from api.xapi.tokens import Session, Tokens
from store.books import Book, Books
from store.database import Pool
from store.keys import create_key, end_key, parse_key
from tests.api.conftest import serving
from tests.api.xapi.calls import draft, envelope

LOGIN = "/api/v1/authentication/login"
REFRESH = "/api/v1/authentication/tokenrefresh"
ADD = "/api/v1/invoicing/invoice/add"

KEY = b"t" * 32
"""What signs tokens in tests."""


@pytest.fixture
async def key(pool: Pool, book: Book) -> tuple[str, str]:
    """The text and the id of an API key."""
    text, made = await create_key(pool, book.book_id, name="dealer")
    return text, made.key_id


@pytest.fixture
async def nobody(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that sends no key."""
    del client.headers["Authorization"]
    return client


async def log_in(client: httpx.AsyncClient, key: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(LOGIN, json={"UserId": "dealer", "Password": key, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_key_gets_tokens(
    nobody: httpx.AsyncClient, key: tuple[str, str], book: Book
) -> None:
    found = await log_in(nobody, key[0], OrganizationId=book.book_id, ApplicationName="Dealer")

    assert found["successful"] is True
    assert found["additionalMessages"] == []
    expiry, end = (datetime.fromisoformat(found[it]) for it in ("tokenExpiry", "refreshExpiry"))
    now = datetime.now(UTC)
    assert timedelta(minutes=14) < expiry - now < timedelta(minutes=15)
    assert timedelta(hours=11) < end - now < timedelta(hours=12)
    answer = await nobody.post(ADD, json={}, headers=bearer(found["token"]))
    assert envelope(answer, 201)


@pytest.mark.parametrize(
    "body",
    [
        {"password": "dbk_test_nonsense"},
        {"organizationId": "bok_another"},
    ],
)
async def test_a_wrong_login_gets_no_token(
    nobody: httpx.AsyncClient, key: tuple[str, str], body: dict[str, str]
) -> None:
    answer = await nobody.post(LOGIN, json={"userId": "dealer", "password": key[0], **body})

    assert "token" not in envelope(answer, 401)


async def test_what_was_done_is_known_by_the_key(
    nobody: httpx.AsyncClient, pool: Pool, key: tuple[str, str]
) -> None:
    found = await log_in(nobody, key[0])
    nobody.headers.update(bearer(found["token"]))
    await draft(nobody)

    assert await pool.fetchval("select metadata->>'actor' from store.events") == key[1]


async def test_a_token_is_good_below_v1_only(
    nobody: httpx.AsyncClient, key: tuple[str, str]
) -> None:
    token = (await log_in(nobody, key[0]))["token"]

    answer = await nobody.get("/api/invoices", headers=bearer(token))

    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


async def test_a_token_ends_with_its_key(
    nobody: httpx.AsyncClient, pool: Pool, book: Book, key: tuple[str, str]
) -> None:
    found = await log_in(nobody, key[0])
    assert envelope(await nobody.post(ADD, json={}, headers=bearer(found["token"])), 201)

    await end_key(pool, book.book_id, key[1])

    refused = await nobody.post(ADD, json={}, headers=bearer(found["token"]))
    assert "was revoked" in envelope(refused, 401)["generalMessage"]
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    refresh = await nobody.put(REFRESH, json={"refreshToken": found["refreshToken"]})
    assert envelope(refresh, 401)


async def test_a_token_is_refreshed_until_the_session_ends(
    nobody: httpx.AsyncClient, key: tuple[str, str]
) -> None:
    found = await log_in(nobody, key[0])

    body = {"Token": found["token"], "RefreshToken": found["refreshToken"]}
    fresh = (await nobody.put(REFRESH, json=body)).json()
    wrong = await nobody.put(REFRESH, json={"RefreshToken": found["token"]})
    other = await nobody.post(ADD, json={}, headers=bearer(found["refreshToken"]))

    assert fresh.keys() == found.keys()
    assert fresh["refreshExpiry"] == found["refreshExpiry"]
    assert envelope(await nobody.post(ADD, json={}, headers=bearer(fresh["token"])), 201)
    assert "is not an access token" in envelope(other, 401)["generalMessage"]
    assert "refresh token" in envelope(wrong, 401)["generalMessage"]


async def test_a_key_may_do_no_more_by_its_token(
    nobody: httpx.AsyncClient, pool: Pool, book: Book
) -> None:
    text, _ = await create_key(pool, book.book_id, name="reader", scopes=["read"])
    token = (await log_in(nobody, text))["token"]

    sample = await nobody.get(f"{ADD}/getrequest", headers=bearer(token))
    answer = await nobody.post(ADD, json={}, headers=bearer(token))

    assert sample.status_code == 200
    assert "needs 'commands'" in envelope(answer, 403)["generalMessage"]


async def test_branch_and_terminal_of_the_login_count_where_a_call_says_none(
    nobody: httpx.AsyncClient, pool: Pool, key: tuple[str, str]
) -> None:
    found = await log_in(nobody, key[0], BranchCode="NORTH", TerminalCode="T1")
    nobody.headers.update(bearer(found["token"]))

    await draft(nobody)
    await draft(nobody, branchCode="SOUTH")

    states = await pool.fetch("select state->>'branch' b, state->>'terminal' t from store.events")
    assert [(it["b"], it["t"]) for it in states] == [("NORTH", "T1"), ("SOUTH", "T1")]


async def test_a_key_itself_is_as_good_as_a_token(client: httpx.AsyncClient) -> None:
    assert await draft(client)


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer a.b.c", "Bearer dbk_test_x"])
async def test_without_key_or_token_nothing_is_done(nobody: httpx.AsyncClient, header: str) -> None:
    answer = await nobody.post(ADD, json={}, headers={"Authorization": header} if header else {})

    assert envelope(answer, 401)


# ---------------------------------------------------------------- tokens themselves


def session(key: str = "dbk_test_") -> Session:
    parsed = parse_key(key)
    assert parsed is not None
    return Session(key=parsed, name="dealer", ends=datetime.now(UTC) + timedelta(hours=1))


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1},
        {"aud": "another"},
        {"use": "refresh"},
        {"use": None},
    ],
)
async def test_a_token_that_is_not_ours_or_over_is_refused(
    nobody: httpx.AsyncClient, key: tuple[str, str], change: dict[str, Any]
) -> None:
    good = Tokens([KEY]).issue(session(key[0]), "access", datetime.now(UTC))
    claims = jwt.decode(good.text, KEY, algorithms=["HS256"], audience="daybook-xapi")

    text = jwt.encode({**claims, **change}, KEY, algorithm="HS256")

    assert envelope(await nobody.post(ADD, json={}, headers=bearer(good.text)), 201)
    assert envelope(await nobody.post(ADD, json={}, headers=bearer(text)), 401)


async def test_a_token_must_be_signed_by_one_of_our_keys(
    nobody: httpx.AsyncClient, key: tuple[str, str]
) -> None:
    forged = Tokens([b"f" * 32]).issue(session(key[0]), "access", datetime.now(UTC))
    claims = jwt.decode(forged.text, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")

    for text in (forged.text, unsigned):
        assert envelope(await nobody.post(ADD, json={}, headers=bearer(text)), 401)


async def test_every_key_of_the_ring_verifies_and_the_newest_signs(
    pool: Pool, books: Books, key: tuple[str, str]
) -> None:
    old, ring = Tokens([KEY]), Tokens([b"n" * 32, KEY])
    now = datetime.now(UTC)

    signed = ring.issue(session(key[0]), "access", now)

    assert ring.read(old.issue(session(key[0]), "access", now).text, "access").name == "dealer"
    assert jwt.decode(signed.text, b"n" * 32, algorithms=["HS256"], audience="daybook-xapi")
    async with serving(pool, books) as client:
        answer = await client.post(ADD, json={}, headers=bearer(signed.text))
        assert envelope(answer, 401)
