import httpx

from tests.api.dealings import at, problems

SETTINGS = "/api/settings"


async def test_a_book_has_settings_before_anybody_changed_one(client: httpx.AsyncClient) -> None:
    answer = await client.get(SETTINGS)

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"0"')
    assert {"timeZone": "UTC", "paymentDays": 30, "rowVersion": 0}.items() <= answer.json().items()
    assert (await client.get(f"{SETTINGS}/events")).json() == {"items": [], "nextAfter": None}
    same = await client.patch(SETTINGS, json={"timeZone": "UTC"}, headers=at(0))
    assert (same.status_code, same.json()) == (200, answer.json())


async def test_settings_are_changed_one_by_one(client: httpx.AsyncClient) -> None:
    rule = {"type": "Sales", "format": "S-{year}-{number}", "branch": None, "yearly": True}
    body = {"timeZone": "Europe/Berlin", "currencies": ["EUR", "JPY"], "series": [rule]}

    first = await client.patch(SETTINGS, json={**body, "smallDifference": "0.10", "rowVersion": 0})
    missing = await client.patch(SETTINGS, json={"sellerName": "Glow"})
    stale = await client.patch(SETTINGS, json={"sellerName": "Glow"}, headers=at(0))
    second = await client.patch(SETTINGS, json={"sellerName": "Glow"}, headers=at(1))

    assert {**body, "smallDifference": "0.10", "rowVersion": 1}.items() <= first.json().items()
    assert missing.status_code == 428
    assert (stale.status_code, stale.json()["current"]) == (409, first.json())
    assert (second.json()["sellerName"], second.json()["series"]) == ("Glow", [rule])
    assert (await client.get(f"{SETTINGS}?asOf=1")).json() == first.json()
    events = (await client.get(f"{SETTINGS}/events")).json()["items"]
    assert [it["data"] for it in events][1] == {"sellerName": "Glow"}


async def test_all_settings_that_make_no_sense_are_named(client: httpx.AsyncClient) -> None:
    body = {
        "timeZone": "Mars/Olympus",
        "baseCurrency": "XYZ",
        "smallDifference": "-1",
        "series": [{"type": "Credit", "format": "C-{month}"}],
    }

    refused = await client.patch(SETTINGS, json=body, headers=at(0))

    assert {pointer for _, pointer in problems(refused)} == {
        *("/timeZone", "/baseCurrency", "/smallDifference", "/series/0/format")
    }
    assert (await client.get(SETTINGS)).json()["rowVersion"] == 0


async def test_a_dry_run_of_a_change_answers_the_settings_as_they_would_be(
    client: httpx.AsyncClient,
) -> None:
    tried = await client.patch(f"{SETTINGS}?dryRun=true", json={"voiding": False}, headers=at(0))

    assert (tried.json()["voiding"], tried.json()["rowVersion"]) == (False, 1)
    assert (await client.get(SETTINGS)).json()["voiding"] is True
