"""Every object: its sample, its schema, and what happens when something is missing."""

from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.xapi.objects import OBJECTS
from tests.api.xapi.bodies import bodies
from tests.api.xapi.calls import BY_TABLE, TABLES, call, envelope, path_of, rows

ALL = ("Invoice", *TABLES)

REQUIRED = {
    (it.table, key)
    for it in OBJECTS
    for key in it.schema()["$defs"][it.body.__name__].get("required", ())
}


async def sample(client: httpx.AsyncClient, table: str, invoice_id: str) -> dict[str, Any]:
    answer = await client.get(path_of(table, "add/getrequest"), params={"invoiceId": invoice_id})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def schema(client: httpx.AsyncClient, table: str) -> dict[str, Any]:
    answer = await client.get(path_of(table, "getschema"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_there_are_fifteen_objects() -> None:
    assert len(ALL) == 15
    assert set(ALL) == {
        "Invoice",
        *(f"Invoice{it}" for it in "Address Note Model Serial Tax Item Package".split()),
        *(f"Invoice{it}" for it in "Table1 Table2 Misc Warranty Labor Comment Payment".split()),
    }


@pytest.mark.parametrize("table", ALL)
async def test_the_sample_has_every_key_is_valid_and_is_accepted(
    client: httpx.AsyncClient, invoice_id: str, table: str
) -> None:
    body, found = await sample(client, table, invoice_id), await schema(client, table)

    jsonschema.Draft202012Validator.check_schema(found)
    jsonschema.validate(body, found)
    assert body.keys() == found["$defs"][BY_TABLE[table].body.__name__]["properties"].keys()
    answer = envelope(await call(client, table, **body), 201)
    assert rows(answer, table)[0]["key"]


@pytest.mark.parametrize("table", ALL)
async def test_the_sample_is_accepted_with_capital_letters_too(
    client: httpx.AsyncClient, invoice_id: str, table: str
) -> None:
    body = await sample(client, table, invoice_id)

    capital = {name[:1].upper() + name[1:]: value for name, value in body.items()}

    envelope(await call(client, table, **capital), 201)


@pytest.mark.parametrize(("table", "key"), sorted(REQUIRED))
async def test_a_required_key_that_is_missing_is_named(
    client: httpx.AsyncClient, invoice_id: str, table: str, key: str
) -> None:
    body = await sample(client, table, invoice_id)
    del body[key]

    answer = envelope(await call(client, table, **body), 422)

    assert answer["exceptionMessage"] == f"/{key}: This field is required. (required)"
    with pytest.raises(jsonschema.ValidationError, match=key):
        jsonschema.validate(body, await schema(client, table))


def test_what_every_child_needs_is_its_invoice() -> None:
    assert {table for table, key in REQUIRED if key == "invoiceId"} == set(TABLES)


@pytest.mark.parametrize("table", ALL)
async def test_a_key_that_does_not_exist_is_refused(
    client: httpx.AsyncClient, invoice_id: str, table: str
) -> None:
    body = await sample(client, table, invoice_id)

    answer = envelope(await call(client, table, **body, Colour="red"), 422)

    assert "/colour: There is no field 'colour' here." in answer["exceptionMessage"]


@pytest.mark.parametrize("table", ALL)
async def test_schemas_have_versions(client: httpx.AsyncClient, table: str) -> None:
    first = await client.get(path_of(table, "getschema"), params={"version": 1})
    none = await client.get(path_of(table, "getschema"), params={"version": 7})
    bad = await client.get(path_of(table, "getschema"), params={"version": "new"})

    assert first.json() == await schema(client, table)
    assert (first.json()["title"], first.json()["version"]) == (table, 1)
    message = envelope(none, 404)["generalMessage"]
    assert message == f"There is no version 7 of {table}. There are: 1."
    assert "version" in envelope(bad, 400)["exceptionMessage"]


@pytest.mark.parametrize("table", ALL)
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choice=st.data())
async def test_no_body_that_the_schema_allows_upsets_the_server(
    client: httpx.AsyncClient, invoice_id: str, table: str, choice: st.DataObject
) -> None:
    found = BY_TABLE[table].schema()
    body = choice.draw(bodies(found))
    jsonschema.validate(body, found)
    if "invoiceId" in body and choice.draw(st.integers(0, 9)):
        body["invoiceId"] = invoice_id

    answer = await call(client, table, **body)

    assert answer.status_code in {201, 404, 409, 422}, (answer.text, body)
    envelope(answer, answer.status_code)
