"""Files at invoices: what goes in comes out, and nothing else."""

import hashlib
from typing import Any

import httpx
import pytest

from store.database import Pool
from tests.api.dealings import at

PDF = b"%PDF-1.7 \x00\xff not really"


async def attached(
    client: httpx.AsyncClient, content: bytes = PDF, name: str = "quote.pdf", **headers: str
) -> dict[str, Any]:
    draft = (await client.post("/api/invoices", json={})).json()
    answer = await client.post(
        f"/api/invoices/{draft['id']}/attachments",
        params={"fileName": name, "description": "The signed quote", "embed": "true"},
        content=content,
        headers={"Content-Type": "application/pdf", **at(1), **headers},
    )
    assert answer.status_code == 201, answer.text
    invoice: dict[str, Any] = answer.json()
    return invoice


async def test_a_file_comes_back_as_it_was_attached(client: httpx.AsyncClient) -> None:
    invoice = await attached(client)

    [file] = invoice["attachments"]
    assert file["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (file["fileName"], file["mediaType"]) == ("quote.pdf", "application/pdf")
    assert (file["size"], file["embed"]) == (len(PDF), True)
    path = f"/api/invoices/{invoice['id']}/attachments/{file['id']}"
    answer = await client.get(path)
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["etag"] == f'"{file["sha256"]}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    known = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_a_name_cannot_break_out_of_its_header(client: httpx.AsyncClient) -> None:
    invoice = await attached(client, name='Rechnung "März"; x=y.html')

    path = f"/api/invoices/{invoice['id']}/attachments/{invoice['attachments'][0]['id']}"
    header = (await client.get(path)).headers["content-disposition"]

    assert header == (
        'attachment; filename="Rechnung _M_rz__ x_y.html"; '
        "filename*=UTF-8''Rechnung%20%22M%C3%A4rz%22%3B%20x%3Dy.html"
    )


async def test_the_same_bytes_are_kept_once(client: httpx.AsyncClient, pool: Pool) -> None:
    first = await attached(client, name="a.pdf")
    second = await attached(client, name="b.pdf")

    assert await pool.fetchval("select count(*) from store.attachments") == 1
    file = first["attachments"][0]["id"]
    gone = await client.delete(
        f"/api/invoices/{first['id']}/attachments/{file}", headers=at(first["rowVersion"])
    )
    assert (gone.status_code, gone.json()["attachments"]) == (200, [])
    assert (await client.get(f"/api/invoices/{first['id']}/attachments/{file}")).status_code == 404
    other = second["attachments"][0]["id"]
    assert (await client.get(f"/api/invoices/{second['id']}/attachments/{other}")).content == PDF


async def test_a_repeated_upload_with_one_key_attaches_one_file(client: httpx.AsyncClient) -> None:
    draft = (await client.post("/api/invoices", json={})).json()
    send: dict[str, Any] = {
        "url": f"/api/invoices/{draft['id']}/attachments?fileName=a.bin",
        "content": PDF,
        "headers": {**at(1), "Idempotency-Key": "file-1"},
    }

    first, again = await client.post(**send), await client.post(**send)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_dry_run_keeps_nothing(client: httpx.AsyncClient, pool: Pool) -> None:
    draft = (await client.post("/api/invoices", json={})).json()

    answer = await client.post(
        f"/api/invoices/{draft['id']}/attachments?fileName=a.bin&dryRun=true",
        content=PDF,
        headers=at(1),
    )

    assert (answer.status_code, len(answer.json()["attachments"])) == (200, 1)
    assert await pool.fetchval("select count(*) from store.attachments") == 0


@pytest.mark.parametrize(
    ("query", "headers", "size", "status"),
    [
        ("", {}, 5, 400),
        ("?fileName=", {}, 5, 400),
        ("?fileName=a%2Fb", {}, 5, 400),
        ("?fileName=a%0Ab", {}, 5, 400),
        ("?fileName=" + "x" * 201, {}, 5, 400),
        ("?fileName=a", {"Content-Type": "pdf"}, 5, 415),
        ("?fileName=a", {"Content-Encoding": "gzip"}, 5, 415),
        ("?fileName=a", {"If-Match": "seven"}, 5, 400),
        ("?fileName=a", {"If-Match": '"9"'}, 5, 409),
        ("?fileName=a", {}, 10 * 1024 * 1024 + 1, 413),
        ("?fileName=a&embed=maybe", {}, 5, 400),
    ],
)
async def test_a_wrong_upload_is_refused(
    client: httpx.AsyncClient, query: str, headers: dict[str, str], size: int, status: int
) -> None:
    draft = (await client.post("/api/invoices", json={})).json()

    answer = await client.post(
        f"/api/invoices/{draft['id']}/attachments{query}",
        content=b"x" * size,
        headers={**at(1), **headers},
    )

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refused_upload_leaves_nothing(client: httpx.AsyncClient, pool: Pool) -> None:
    invoice = await attached(client, b"attached before")
    draft = (await client.post("/api/invoices", json={})).json()

    for place, content, status in (
        (draft["id"], PDF, 409),
        ("inv_none", PDF, 404),
        (draft["id"], b"attached before", 409),
    ):
        refused = await client.post(
            f"/api/invoices/{place}/attachments?fileName=a.bin", content=content, headers=at(9)
        )
        assert refused.status_code == status, refused.text

    kept = await pool.fetch("select sha256 from store.attachments")
    assert [it["sha256"].hex() for it in kept] == [invoice["attachments"][0]["sha256"]]


async def test_a_file_of_another_book_is_not_found(
    client: httpx.AsyncClient, stranger: str
) -> None:
    invoice = await attached(client)
    path = f"/api/invoices/{invoice['id']}/attachments/{invoice['attachments'][0]['id']}"

    answer = await client.get(path, headers={"Authorization": stranger})

    assert answer.status_code == 404
