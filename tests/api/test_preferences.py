"""``Prefer: return=minimal`` (RFC 7240): whoever knows what it sent hears the RowVersion alone."""

from typing import Any

import httpx
import pytest

from tests.api.everything import Owner, guarded
from tests.api.test_webhook_endpoints import BODY, ENDPOINTS, at, create

INVOICES = "/api/invoices"
MINIMAL = {"Prefer": "return=minimal"}


@pytest.fixture
async def draft(client: httpx.AsyncClient) -> dict[str, Any]:
    created: dict[str, Any] = (await client.post(INVOICES, json={"memo": "a"})).json()
    return created


async def test_a_change_is_answered_by_its_row_version_alone(
    client: httpx.AsyncClient, draft: dict[str, Any]
) -> None:
    path = f"{INVOICES}/{draft['id']}"

    answer = await client.patch(path, json={"memo": "b"}, headers={**MINIMAL, **at(1)})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (204, b"", '"2"')
    assert answer.headers["preference-applied"] == "return=minimal"
    assert not {"content-type", "content-length"} & answer.headers.keys()
    assert (await client.get(path)).json()["memo"] == "b"


async def test_a_creation_is_answered_by_its_place_and_runs_once_all_the_same(
    client: httpx.AsyncClient,
) -> None:
    headers = {**MINIMAL, "Idempotency-Key": "k"}

    first = await client.post(INVOICES, json={"memo": "a"}, headers=headers)
    again = await client.post(INVOICES, json={"memo": "a"}, headers=headers)

    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, b"")
    assert (first.headers["etag"], first.headers["content-length"]) == ('"1"', "0")
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert (await client.get(first.headers["location"])).json()["memo"] == "a"


async def test_what_was_done_over_the_changes_of_others_says_both(
    client: httpx.AsyncClient, draft: dict[str, Any]
) -> None:
    path = f"{INVOICES}/{draft['id']}"
    await client.patch(path, json={"memo": "theirs"}, headers=at(1))
    headers = {**at(1), "Prefer": "conflict=rebase, return=minimal;x=1"}

    answer = await client.patch(path, json={"poNumber": "mine"}, headers=headers)

    assert (answer.status_code, answer.headers["etag"]) == (204, '"3"')
    assert answer.headers["preference-applied"] == "conflict=rebase, return=minimal"


async def test_preferences_may_stand_in_headers_of_their_own(
    client: httpx.AsyncClient, draft: dict[str, Any]
) -> None:
    headers = [("Prefer", "respond-async"), ("Prefer", "return=minimal"), ("If-Match", '"1"')]
    answer = await client.patch(f"{INVOICES}/{draft['id']}", json={"memo": "b"}, headers=headers)
    assert answer.status_code == 204


@pytest.mark.parametrize("prefer", ["return=representation", "return", "minimal", ""])
async def test_other_preferences_are_ignored(
    client: httpx.AsyncClient, draft: dict[str, Any], prefer: str
) -> None:
    headers = {**at(1), "Prefer": prefer}
    answer = await client.patch(f"{INVOICES}/{draft['id']}", json={"memo": "b"}, headers=headers)
    assert (answer.status_code, answer.json()["memo"]) == (200, "b")
    assert "preference-applied" not in answer.headers


async def test_a_problem_and_a_dry_run_are_told_in_full(
    client: httpx.AsyncClient, draft: dict[str, Any]
) -> None:
    path = f"{INVOICES}/{draft['id']}"

    stale = await client.patch(path, json={"memo": "b"}, headers={**MINIMAL, **at(7)})
    tried = await client.patch(
        f"{path}?dryRun=true", json={"memo": "b"}, headers={**MINIMAL, **at(1)}
    )

    assert stale.json()["current"]["rowVersion"] == 1
    assert (tried.status_code, tried.json()["memo"]) == (200, "b")


async def test_a_secret_that_is_shown_once_is_shown(client: httpx.AsyncClient) -> None:
    made = await client.post(ENDPOINTS, json=BODY, headers=MINIMAL)
    path = f"{ENDPOINTS}/{(await create(client))['id']}"
    rotated = await client.post(f"{path}/rotate-secret", headers={**MINIMAL, **at(1)})
    disabled = await client.post(
        f"{path}/disable", json={"reason": "moving"}, headers={**MINIMAL, **at(2)}
    )
    assert (made.status_code, rotated.status_code, disabled.status_code) == (201, 200, 204)
    assert {made.json()["secret"][:6], rotated.json()["secret"][:6]} == {"whsec_"}


async def test_what_the_contract_says_of_it_is_so_for_every_route(owner: Owner) -> None:
    wrong, done = {}, 0
    for operation in guarded():
        answer = await owner.ask(operation, headers=MINIMAL)
        applied = answer.headers.get("preference-applied") == "return=minimal"
        asked_in_vain = operation.method == "GET" or "Prefer" not in operation.parameters
        entity = answer.is_success and "etag" in answer.headers
        as_told = str(answer.status_code) in operation.statuses
        if applied is not (entity and not asked_in_vain) or (applied and answer.content):
            wrong[operation.name] = f"{answer.status_code} {answer.headers} {answer.text}"
        elif not as_told:
            wrong[operation.name] = f"{answer.status_code} is none of {operation.statuses}"
        done += applied
    assert wrong == {}
    assert done > 15
