import asyncio
from typing import Any

import httpx
import pytest

LINE = {"description": "Stove", "quantity": "2", "unitPrice": "99.95", "taxRate": "19"}


async def create(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/api/invoices", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


ACME = {"id": "ACME", "name": "Acme Ltd", "country": "DE"}


@pytest.fixture
async def ready(client: httpx.AsyncClient, seller: None) -> dict[str, Any]:  # noqa: ARG001 - it makes posting possible
    """A draft that can be posted."""
    await client.post("/api/customers", json=ACME)
    return await create(client, customerId="ACME", currency="EUR", lines=[LINE])


def tax(**given: str) -> dict[str, str | None]:
    return {"exemptionCode": None, "exemptionText": None, "override": None, **given}


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


async def test_a_draft_accepts_any_partial_state(client: httpx.AsyncClient) -> None:
    created = await create(client)

    assert next(iter(created)) == "id"
    assert created["status"] == "Draft"
    assert created["rowVersion"] == 1
    assert created["totals"]["gross"] == "0.00"
    answer = await client.get(f"/api/invoices/{created['id']}")
    assert answer.json() == created
    assert answer.headers["ETag"] == '"1"'


async def test_a_draft_and_its_lines_are_created_in_one_transaction(
    client: httpx.AsyncClient,
) -> None:
    created = await create(client, currency="EUR", lines=[LINE, {"description": "Pipe"}])

    assert created["rowVersion"] == 3
    assert created["totals"] == {
        "lines": "199.90",
        "discount": "0.00",
        "charge": "0.00",
        "net": "199.90",
        "tax": "37.98",
        "gross": "237.88",
        "taxes": [
            tax(category="Z", rate="0", base="0.00", amount="0.00"),
            tax(category="S", rate="19", base="199.90", amount="37.98"),
        ],
        "base": None,
    }


async def test_a_bare_rate_means_one_tax_and_is_shown_back(client: httpx.AsyncClient) -> None:
    created = await create(client, lines=[LINE, {**LINE, "kind": "labor", "taxRate": "0"}])

    stove, work = created["lines"]
    assert (stove["kind"], stove["taxRate"]) == ("item", "19")
    [only] = stove["taxes"]
    assert (only["rate"], only["category"], only["code"]) == ("19", "S", None)
    assert (work["kind"], work["uom"], work["taxRate"]) == ("labor", "HUR", "0")
    assert [(it["rate"], it["category"]) for it in work["taxes"]] == [("0", "Z")]
    path = f"/api/invoices/{created['id']}/lines/{stove['id']}"
    cleared = (await client.patch(path, json={"taxRate": None}, headers=at(3))).json()
    assert (cleared["lines"][0]["taxRate"], cleared["lines"][0]["taxes"]) == (None, [])


async def test_a_patch_changes_what_it_names_and_chains_the_row_version(
    client: httpx.AsyncClient,
) -> None:
    created = await create(client, memo="old", poNumber="PO 1")
    path = f"/api/invoices/{created['id']}"

    first = await client.patch(path, json={"memo": None}, headers=at(1))
    second = await client.patch(path, json={"currency": "EUR", "rowVersion": 2})

    assert first.json()["memo"] is None
    assert first.json()["poNumber"] == "PO 1"
    assert (second.json()["currency"], second.json()["rowVersion"]) == ("EUR", 3)
    assert second.headers["ETag"] == '"3"'


async def test_a_patch_that_changes_nothing_makes_no_row_version(
    client: httpx.AsyncClient,
) -> None:
    created = await create(client, memo="same")

    answer = await client.patch(
        f"/api/invoices/{created['id']}", json={"memo": "same"}, headers=at(1)
    )

    assert (answer.status_code, answer.json()["rowVersion"]) == (200, 1)


async def test_a_stale_row_version_gets_the_current_state_and_what_happened_since(
    client: httpx.AsyncClient,
) -> None:
    created = await create(client, memo="base")
    path = f"/api/invoices/{created['id']}"
    await client.patch(path, json={"memo": "theirs"}, headers=at(1))

    answer = await client.patch(path, json={"memo": "mine"}, headers=at(1))

    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "row-version-conflict"
    assert problem["current"] == (await client.get(path)).json()
    assert [(c["rowVersion"], c["data"]) for c in problem["changes"]] == [(2, {"memo": "theirs"})]


async def test_a_change_without_a_row_version_is_refused(client: httpx.AsyncClient) -> None:
    created = await create(client)

    answer = await client.patch(f"/api/invoices/{created['id']}", json={"memo": "x"})

    assert (answer.status_code, answer.json()["code"]) == (428, "row-version-required")


async def test_if_match_star_overwrites_on_purpose(client: httpx.AsyncClient) -> None:
    created = await create(client)
    path = f"/api/invoices/{created['id']}"
    await client.patch(path, json={"memo": "theirs"}, headers=at(1))

    answer = await client.patch(path, json={"memo": "mine"}, headers={"If-Match": "*"})

    assert answer.json()["rowVersion"] == 3


async def test_lines_are_added_changed_and_removed_under_the_invoices_row_version(
    client: httpx.AsyncClient,
) -> None:
    created = await create(client, currency="EUR")
    path = f"/api/invoices/{created['id']}/lines"

    added = (await client.post(path, json=LINE, headers=at(1))).json()
    line = f"{path}/{added['lines'][0]['id']}"
    changed = (await client.patch(line, json={"quantity": "3"}, headers=at(2))).json()
    removed = (await client.delete(line, headers=at(3))).json()

    assert added["totals"]["net"] == "199.90"
    assert changed["totals"]["net"] == "299.85"
    assert (removed["lines"], removed["rowVersion"]) == ([], 4)


async def test_posting_numbers_and_freezes_the_invoice(
    client: httpx.AsyncClient, ready: dict[str, Any]
) -> None:
    path = f"/api/invoices/{ready['id']}"

    answer = await client.post(
        f"{path}/post", json={"expectedTotal": "237.88"}, headers=at(ready["rowVersion"])
    )

    posted = answer.json()
    assert answer.status_code == 200
    assert posted["status"] == "Posted"
    assert posted["number"].endswith("-000001")
    assert posted["buyer"]["name"] == "Acme Ltd"
    assert (posted["settlement"], posted["balance"]) == ("Unpaid", "237.88")
    assert posted["overdue"] is False
    assert {"edit", "release", "void", "credit", "apply"} <= {*posted["availableActions"]}
    assert not {"post", "delete", "addLine", "reopen"} & {*posted["availableActions"]}
    frozen = await client.patch(path, json={"currency": "USD"}, headers=at(posted["rowVersion"]))
    assert (frozen.status_code, frozen.json()["code"]) == (409, "field-frozen")
    again = await client.post(f"{path}/post", json={}, headers=at(posted["rowVersion"]))
    assert (again.status_code, again.json()["code"]) == (409, "invalid-transition")
    assert again.json()["current"] == posted


@pytest.mark.usefixtures("seller")
async def test_posting_answers_every_broken_rule_at_once(client: httpx.AsyncClient) -> None:
    created = await create(client, lines=[{"quantity": "0", "unitPrice": "-1"}])

    answer = await client.post(
        f"/api/invoices/{created['id']}/post", json={"expectedTotal": "5"}, headers=at(2)
    )

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "rule-broken")
    assert {(e["code"], e["pointer"]) for e in problem["errors"]} == {
        ("P04", "/customerId"),
        ("P07", "/currency"),
        ("P21", "/lines/0/description"),
        ("P22", "/lines/0/unitPrice"),
        ("P23", "/lines/0/quantity"),
        ("P27", "/lines/0/taxes"),
        ("P52", "/totals/gross"),
    }
    assert (await client.get(f"/api/invoices/{created['id']}")).json() == created


@pytest.mark.usefixtures("seller")
async def test_sixty_four_concurrent_posts_take_consecutive_numbers(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/api/customers", json=ACME)
    body = {"customerId": "ACME", "currency": "EUR", "lines": [LINE]}
    drafts = [await create(client, **body) for _ in range(64)]

    answers = await asyncio.gather(
        *(
            client.post(f"/api/invoices/{draft['id']}/post", json={}, headers=at(2))
            for draft in drafts
        )
    )

    assert [answer.status_code for answer in answers] == [200] * 64
    numbers = sorted(int(answer.json()["number"][-6:]) for answer in answers)
    assert numbers == list(range(1, 65))


async def test_voiding_keeps_the_number_and_the_amounts(
    client: httpx.AsyncClient, ready: dict[str, Any]
) -> None:
    path = f"/api/invoices/{ready['id']}"
    posted = (await client.post(f"{path}/post", json={}, headers=at(2))).json()

    voided = (await client.post(f"{path}/void", json={"reason": "twice"}, headers=at(3))).json()

    assert (voided["status"], voided["balance"]) == ("Voided", "0.00")
    assert (voided["number"], voided["totals"]) == (posted["number"], posted["totals"])


async def test_a_deleted_draft_is_gone_but_its_history_stays(client: httpx.AsyncClient) -> None:
    created = await create(client, memo="x")
    path = f"/api/invoices/{created['id']}"

    assert (await client.delete(path, headers=at(1))).status_code == 204

    assert (await client.get(path)).status_code == 404
    events = (await client.get(f"{path}/events")).json()["items"]
    assert [event["type"] for event in events] == ["invoice.drafted", "invoice.draft_deleted"]
    assert (await client.get(f"{path}?asOf=1")).json()["memo"] == "x"


async def test_a_list_shows_what_was_just_written_filtered_sorted_and_paged(
    client: httpx.AsyncClient,
) -> None:
    for number in range(5):
        await create(client, currency="EUR", memo=str(number), poNumber=f"PO {number}")

    first = await client.get("/api/invoices?status.in=Draft,Posted&sort=createdAt&limit=3")
    second = await client.get(first.links["next"]["url"])

    numbers = [item["poNumber"] for page in (first, second) for item in page.json()["items"]]
    assert numbers == [f"PO {number}" for number in range(5)]
    assert first.json()["asOf"] == 5
    assert second.json()["nextCursor"] is None
    none = await client.get("/api/invoices?status.eq=Posted")
    assert none.json()["items"] == []


async def test_a_repeated_post_with_one_idempotency_key_creates_one_invoice(
    client: httpx.AsyncClient,
) -> None:
    key = {"Idempotency-Key": "a-1"}

    first = await client.post("/api/invoices", json={"memo": "x"}, headers=key)
    again = await client.post("/api/invoices", json={"memo": "x"}, headers=key)
    other = await client.post("/api/invoices", json={"memo": "y"}, headers=key)

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len((await client.get("/api/invoices")).json()["items"]) == 1


async def test_history_pages_through_every_event(client: httpx.AsyncClient) -> None:
    created = await create(client)
    path = f"/api/invoices/{created['id']}"
    for version in range(1, 5):
        await client.patch(path, json={"memo": f"{version}"}, headers=at(version))

    first = (await client.get(f"{path}/events?limit=2")).json()
    rest = (await client.get(f"{path}/events?after={first['nextAfter']}")).json()

    versions = [event["rowVersion"] for event in (*first["items"], *rest["items"])]
    assert versions == [1, 2, 3, 4, 5]
    assert rest["nextAfter"] is None
    assert rest["items"][-1]["data"] == {"memo": "4"}
