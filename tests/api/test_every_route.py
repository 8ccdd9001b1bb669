"""Every route, from the route table, asked with and without the right to: none is forgotten."""

import re

import pytest

from store.books import Book, Books
from store.database import Pool
from store.keys import SCOPES, ApiKey, ParsedKey, create_key, find_key
from tests.api.everything import MARK, UNMADE, Owner, every_operation, guarded, operations

PUBLIC = {
    *("/healthz", "/readyz", "/metrics"),
    *("/api/docs", "/api/openapi.json", "/api/openapi-3.1.json", "/problems/{code}"),
}
"""What may be read without a key."""

SHARED = ("/api/event-types/", "/api/periods/", "/api/codes/{table}")
"""What every book has, under the same names. ``{table}`` is so, and not what is in it."""


def test_every_route_needs_a_scope_or_is_meant_to_be_public() -> None:
    assert {it.path for it in operations() if it.scope is None} == PUBLIC
    assert {it.scope for it in guarded()} <= set(SCOPES)
    assert len(guarded()) > 100


def test_every_transition_can_be_tried_out_first() -> None:
    transitions = [it for it in guarded() if it.method == "POST" and "If-Match" in it.parameters]
    assert [it.name for it in transitions if "dryRun" not in it.parameters] == []
    assert len(transitions) > 30


async def test_the_owner_may_do_everything(owner: Owner) -> None:
    key = owner.client.headers["Authorization"]
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, key)
        unmade = any(f"{{{it}}}" in operation.path for it in UNMADE)
        lost = answer.status_code == 404 and not unmade and operation.example is None
        if lost or answer.status_code in {401, 403, 405} or answer.status_code >= 500:
            wrong[operation.name] = answer.text
    assert wrong == {}


async def test_a_key_of_another_book_finds_and_changes_nothing(
    owner: Owner, books: Books, book: Book, stranger: str
) -> None:
    before = await books.head(book.book_id)
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, stranger)
        own = "{" not in operation.path or operation.path.startswith(SHARED[:2])
        own = own or operation.path == SHARED[2]
        found = answer.status_code != 404 and answer.json().get("items") != []
        if MARK in answer.text or (found and not own):
            wrong[operation.name] = f"{answer.status_code} {answer.text}"
    assert wrong == {}
    assert await books.head(book.book_id) == before


@pytest.mark.parametrize("key", [None, "Bearer dbk_test_wrong", "Basic YTpi"])
async def test_without_a_key_nothing_is_told(owner: Owner, key: str | None) -> None:
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, key)
        if answer.status_code != 401 or answer.json()["code"] != "not-authenticated":
            wrong[operation.name] = answer.text
    assert wrong == {}


async def test_whoever_may_not_call_is_told_so_before_what_they_sent_is_looked_at(
    owner: Owner, pool: Pool, book: Book
) -> None:
    """Neither of a body, nor of a RowVersion, nor of a parameter is anything said without it."""
    text, _ = await create_key(pool, book.book_id, name="powerless", scopes=[])
    wrong = {}
    for operation in [it for it in every_operation() if it.scope is not None]:
        for key, status in ((None, 401), ("Bearer a.b.c", 401), (f"Bearer {text}", 403)):
            for media_type, body in (("application/json", b'{"'), ("text/plain", b"\xff")):
                headers = {"Content-Type": media_type, "If-Match": "new", "Edit-Seq": "first"}
                answer = await owner.client.request(
                    operation.method,
                    re.sub(r"{\w+}", "1", operation.path),
                    params={"limit": "all", "asOf": "once", "version": "none"},
                    headers={**headers, "Authorization": key or ""},
                    content=body,
                )
                if answer.status_code != status:
                    wrong[f"{operation.name} {key}"] = answer.text
    assert wrong == {}
    assert len(every_operation()) > len(operations()) > 100


async def test_a_request_costs_one_question_for_its_key_and_none_if_that_is_malformed(
    owner: Owner, pool: Pool, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def counted(pool: Pool, parsed: ParsedKey) -> ApiKey | None:
        asked.append(parsed)
        return await find_key(pool, parsed)

    monkeypatch.setattr("api.caller.find_key", counted)
    text, _ = await create_key(pool, book.book_id, name="fresh")
    for key, questions in ((text[:-1], 0), (text, 1)):
        headers = {"Authorization": f"Bearer {key}"}
        await owner.client.post("/api/invoices", content=b"{", headers=headers)
        assert len(asked) == questions


async def test_a_key_without_the_scope_is_refused(owner: Owner, pool: Pool, book: Book) -> None:
    keys = {}
    for scope in SCOPES:
        others = [it for it in SCOPES if it != scope]
        text, _ = await create_key(pool, book.book_id, name=f"not {scope}", scopes=others)
        keys[scope] = f"Bearer {text}"
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, keys[operation.scope or ""])
        if answer.status_code != 403 or answer.json()["needed"] != operation.scope:
            wrong[operation.name] = answer.text
    assert wrong == {}


async def test_a_revoked_key_is_refused_everywhere_at_once(
    owner: Owner, pool: Pool, book: Book
) -> None:
    text, key = await create_key(pool, book.book_id, name="leaver")
    headers = {"Authorization": f"Bearer {text}"}
    assert (await owner.client.get("/api/settings", headers=headers)).status_code == 200
    revoked = await owner.client.delete(f"/api/api-keys/{key.key_id}")
    assert revoked.status_code in {200, 204}
    wrong = {}
    for operation in guarded():
        answer = await owner.ask(operation, headers["Authorization"])
        if answer.status_code != 401:
            wrong[operation.name] = answer.text
    assert wrong == {}
