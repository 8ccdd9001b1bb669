"""What reports refuse, and what no report does to a spreadsheet."""

import csv
import io

import httpx
import pytest

from api.csv_text import csv_of
from api.wire import Reply


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("ageing?asOf=yesterday", "asOf"),
        ("ageing?asOf=2026-02-30", "asOf"),
        ("ageing?knownAt=now", "knownAt"),
        ("ageing?knownAt=2026-04-02T00:00:00", "knownAt"),
        ("ageing?knownAt=-1", "knownAt"),
        ("ageing?cursor=x", "cursor"),
        ("ageing?cursor=WzEsMl0", "cursor"),
        ("balances?limit=0", "limit"),
        ("balances?limit=1001", "limit"),
        ("tax?from=2026-02-01&to=2026-01-31", "to"),
        ("sales?by=colour", "by"),
        ("sales?offset=-1", "offset"),
        ("sales?format=xlsx", "format"),
        ("statements/A?cursor=e30", "cursor"),
        ("audit-trail?from=yesterday", "from"),
        ("audit-trail?name.eq=1", "name.eq"),
    ],
)
async def test_what_cannot_be_understood_is_refused(
    client: httpx.AsyncClient, query: str, parameter: str
) -> None:
    created = await client.post("/api/customers", json={"id": "A"})
    assert created.status_code == 201

    answer = await client.get(f"/api/reports/{query}")

    assert answer.status_code == 400, answer.text
    assert [it["parameter"] for it in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    "query",
    [
        "ageing?asOf=0001-01-01",
        "ageing?asOf=9999-12-31&knownAt=0",
        "balances?knownAt=999999999999999",
        "balances?knownAt=0001-01-01T00:00:00Z",
        "tax?from=0001-01-01&to=9999-12-31",
        "sales?to=0001-01-01&from=0001-01-01&by=product",
        "sales?by=customer&knownAt=3&offset=9",
        "audit-trail?from=9999-12-31T23:59:59Z&to=0001-01-02T00:00:00Z",
    ],
)
async def test_the_ends_of_time_are_no_errors(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/reports/{query}")

    assert answer.status_code in {200, 400}, answer.text


class Named(Reply):
    name: str | None


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("-12.50", "-12.50"),
        ('say "hi", then\ngo', 'say "hi", then\ngo'),
        (None, ""),
    ],
)
def test_no_cell_is_taken_for_a_formula(text: str | None, cell: str) -> None:
    file = csv_of(Named, [Named(name=text)]).decode()

    assert [*csv.reader(io.StringIO(file, newline=""))] == [["name"], [cell]]


async def test_the_audit_trail_waits_as_lists_do(client: httpx.AsyncClient) -> None:
    path = "/api/reports/audit-trail"
    for headers in ({"Read-After": ""}, {"Read-After": "soon"}):
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 400, answer.text
    for asked in ("?consistency=eventual", "?consistency=latest", ""):
        assert (await client.get(path + asked, headers={"Read-After": "0"})).status_code == 200
