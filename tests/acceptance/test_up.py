"""What a newcomer does: start, try, stop, start again."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.acceptance.program import Program, alive, free_port, receiver, start, until, up


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One running program for the tests that only use it."""
    with up(tmp_path_factory.mktemp("up") / "home", free_port()) as program:
        yield program


def test_it_says_where_things_are_and_the_five_commands_work_when_pasted(
    program: Program,
) -> None:
    said = program.said()
    assert program.address in said
    assert re.search(r"Sandbox key +dbk_test_\w+", said)
    lines = [line for line in said.splitlines() if line.startswith(("INVOICE=$(curl", "curl "))]
    assert len(lines) == 5

    answers = subprocess.run(
        ["sh", "-c", "\n".join([lines[0], *(f"{line}; echo" for line in lines[1:])])],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert '"status":"Draft"' in answers.stderr
    patched, posted, conflict, history = answers.stdout.splitlines()
    assert '"poNumber":"PO 4711"' in patched
    assert '"status":"Posted"' in posted
    assert '"code":"row-version-conflict"' in conflict
    assert '"number":"INV-' in conflict
    assert '"type":"invoice.posted"' in history


def test_the_sandbox_book_has_data(program: Program) -> None:
    with program.client() as client:
        invoices = client.get("/api/invoices?status.eq=Posted&limit=200").json()["items"]
        customers = client.get("/api/customers?limit=200").json()["items"]
    assert len(invoices) >= 20
    assert len(customers) >= 10


def test_the_documentation_is_served(program: Program) -> None:
    page = httpx.get(f"{program.address}/api/docs", timeout=60)
    contract = httpx.get(f"{program.address}/api/openapi.json", timeout=60).json()
    assert page.status_code == 200
    assert "http" not in re.sub(
        re.escape(program.address), "", "".join(re.findall(r'src="([^"]*)', page.text))
    )
    assert contract["openapi"] == "3.0.3"
    assert "/api/invoices/{invoice_id}/post" in contract["paths"]


def test_a_posted_invoice_reaches_a_subscribed_receiver_signed_and_on_record(
    program: Program,
) -> None:
    with receiver() as (url, received), program.client() as client:
        body = {"url": url, "events": ["invoice.posted"]}
        endpoint = client.post("/api/webhook-endpoints", json=body).json()
        draft = client.post("/api/invoices", json=ready_to_post()).json()
        client.post(f"/api/invoices/{draft['id']}/post", headers={"If-Match": '"2"'})
        until(lambda: received, 120, program.said)
        headers, content = received[0]
        deliveries = f"/api/webhook-endpoints/{endpoint['id']}/deliveries"
        until(lambda: client.get(deliveries).json()["items"][0]["state"] == "delivered", 120)
        position = client.get(deliveries).json()["items"][0]["position"]
        attempts = client.get(f"{deliveries}/{position}/attempts").json()["items"]
        listed = client.get("/api/webhook-endpoints").json()["items"]

    event = Webhook(endpoint["secret"]).verify(content, headers)
    assert event["type"] == "invoice.posted"
    assert event["aggregate"] == {"type": "invoice", "id": draft["id"]}
    assert (event["rowVersion"], event["previousRowVersion"]) == (3, 2)
    assert event["data"]["totals"]["gross"] == "1190.00"
    assert [(it["number"], it["status"]) for it in attempts] == [(1, 204)]
    assert [it["id"] for it in listed] == [endpoint["id"]]


def ready_to_post() -> dict[str, object]:
    line = {"description": "Stove", "quantity": "1", "unitPrice": "1000", "taxRate": "19"}
    return {"customerId": "1", "currency": "EUR", "lines": [line]}


def test_a_second_start_in_the_same_folder_says_that_one_is_running(
    program: Program, tmp_path: Path
) -> None:
    log = tmp_path / "second.log"
    second = start(program.home, free_port(), log)
    assert second.wait(30) == 1
    assert "running" in log.read_text()
    assert not alive(program.pids()).keys() ^ program.pids().keys()


def test_a_start_on_a_taken_port_says_so(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "taken.log"
    port = int(program.address.rpartition(":")[2])
    second = start(tmp_path / "home", port, log)
    assert second.wait(30) == 1
    assert "DAYBOOK_PORT" in log.read_text()


def test_ctrl_c_stops_everything_within_five_seconds_and_the_data_is_there_again(
    tmp_path: Path,
) -> None:
    home, port = tmp_path / "home", free_port()
    with up(home, port) as first:
        with first.client() as client:
            created = client.post("/api/invoices", json={"memo": "kept"}).json()
        pids = first.pids()
        seconds = first.stop()
        assert seconds < 5
        assert alive(pids) == {}
    with up(home, port) as second, second.client() as client:
        assert client.get(f"/api/invoices/{created['id']}").json() == created


def test_killing_postgres_and_then_the_program_loses_no_acknowledged_command(
    tmp_path: Path,
) -> None:
    home, port = tmp_path / "home", free_port()
    acknowledged: list[str] = []
    unknown: list[str] = []
    with up(home, port) as program:
        writers = [
            threading.Thread(target=_write, args=(program, acknowledged, unknown)) for _ in range(4)
        ]
        for writer in writers:
            writer.start()
        until(lambda: len(acknowledged) > 200, 120)
        os.kill(program.pids()["postgres"], signal.SIGKILL)
        reached = len(acknowledged)
        until(lambda: len(acknowledged) > reached + 200, 120, program.said)
        pids = program.pids()
        program.process.kill()
        program.process.wait(10)
        until(lambda: not alive(pids), 60, lambda: f"still there: {alive(pids)}")
        for writer in writers:
            writer.join(30)
    with up(home, port) as program, program.client() as client:
        listed = _all_memos(client)
    assert set(acknowledged) <= listed.keys()
    assert listed.keys() <= {*acknowledged, *unknown}
    assert set(listed.values()) == {1}, "no command ran twice"


def _write(program: Program, acknowledged: list[str], unknown: list[str]) -> None:
    """Open drafts, one after the other, until the program is gone."""
    with program.client() as client:
        number = 0
        while program.process.poll() is None:
            number += 1
            memo = f"{threading.get_ident()}-{number}"
            unknown.append(memo)
            try:
                answer = client.post("/api/invoices", json={"reference": memo})
            except httpx.TransportError:
                continue
            assert answer.status_code in {201, 503}, answer.text
            if answer.status_code == 201:
                acknowledged.append(memo)


def _all_memos(client: httpx.Client) -> dict[str, int]:
    """How many invoices carry each reference that the writers gave."""
    found: dict[str, int] = {}
    url: str | None = "/api/invoices?status.eq=Draft&limit=200&sort=createdAt"
    while url:
        page = client.get(url)
        for item in page.json()["items"]:
            if item["reference"] and "-" in item["reference"] and item["customerId"] is None:
                found[item["reference"]] = found.get(item["reference"], 0) + 1
        url = page.links.get("next", {}).get("url")
    return found
