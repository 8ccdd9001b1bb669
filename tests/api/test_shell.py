"""What holds for every request."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.types import Message, Receive, Scope, Send

from api.shell import shell
from tests.sample_api import client_of, sample_app

URL = "/api/orders/a"
ECHO = "/api/echo/x"


# ---------------------------------------------------------------- request ids and headers


async def test_a_request_id_is_kept_and_handlers_see_it() -> None:
    async with client_of(sample_app()) as client:
        reply = await client.post(ECHO, headers={"x-request-id": "trace-1.a_B"})

    assert reply.headers["x-request-id"] == "trace-1.a_B"
    assert reply.json()["id"] == "trace-1.a_B"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "{}", "ä"])
async def test_a_request_id_that_could_do_harm_is_replaced(given: str) -> None:
    async with client_of(sample_app()) as client:
        reply = await client.get(URL, headers=[(b"x-request-id", given.encode())])

    assert reply.headers["x-request-id"].startswith("req_")


async def test_request_ids_differ() -> None:
    async with client_of(sample_app()) as client:
        ids = {(await client.get(URL)).headers["x-request-id"] for _ in range(5)}

    assert len(ids) == 5


@pytest.mark.parametrize("url", [URL, "/nowhere", "/api/orders/boom"])
async def test_security_headers_are_on_every_answer(url: str) -> None:
    async with client_of(sample_app()) as client:
        headers = (await client.get(url)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "private, no-cache"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


async def test_a_handler_may_set_its_own_policies_but_no_banner() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [
            (b"Cache-Control", b"public, max-age=60"),
            (b"Content-Security-Policy", b"default-src 'self'"),
            (b"Server", b"secret/1.0"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})

    async with client_of(app) as client:
        headers = (await client.get("/")).headers

    assert headers["cache-control"] == "public, max-age=60"
    assert headers["content-security-policy"] == "default-src 'self'"
    assert "server" not in headers


# ---------------------------------------------------------------- methods


async def test_head_is_get_without_the_body() -> None:
    async with client_of(sample_app()) as client:
        got, head = await client.get(URL), await client.head(URL)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "content-type"):
        assert head.headers[name] == got.headers[name]


async def test_head_exists_only_where_get_does() -> None:
    async with client_of(sample_app()) as client:
        reply = await client.head(f"{URL}/ship")

    assert (reply.status_code, reply.content) == (405, b"")
    assert reply.headers["allow"] == "OPTIONS, POST"


async def test_head_of_a_stream_ends() -> None:
    async with client_of(sample_app()) as client:
        reply = await client.head("/api/ticks")

    assert (reply.status_code, reply.content) == (200, b"")


async def test_options_tells_all_methods() -> None:
    async with client_of(sample_app()) as client:
        known, unknown = await client.options(URL), await client.options("/nowhere")

    assert (known.status_code, known.content) == (204, b"")
    assert known.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert unknown.status_code == 404


# ---------------------------------------------------------------- conditional requests


@pytest.mark.parametrize("tags", ['"7"', 'W/"7"', '"1", "7"', "*"])
async def test_what_the_client_has_already_is_not_sent_again(tags: str) -> None:
    async with client_of(sample_app()) as client:
        got = await client.get(URL, headers={"if-none-match": tags})
        head = await client.head(URL, headers={"if-none-match": tags})

    assert (got.status_code, got.content, head.status_code) == (304, b"", 304)
    assert got.headers["etag"] == '"7"'
    assert "content-type" not in got.headers


@pytest.mark.parametrize("tags", ['"8"', "7", '""'])
async def test_what_has_changed_is_sent(tags: str) -> None:
    async with client_of(sample_app()) as client:
        reply = await client.get(URL, headers={"if-none-match": tags})

    assert reply.status_code == 200


async def test_only_reading_is_conditional() -> None:
    async with client_of(sample_app()) as client:
        reply = await client.post(
            "/api/orders", json={"customerId": "a"}, headers={"if-none-match": '"1"'}
        )
        none = await client.get("/api/orders", headers={"if-none-match": '"1"'})

    assert (reply.status_code, none.status_code) == (201, 200)


# ---------------------------------------------------------------- limits


async def test_a_body_up_to_the_limit_is_taken() -> None:
    async with client_of(sample_app(), max_body_bytes=100) as client:
        assert (await client.post(ECHO, content=b"x" * 100)).json()["size"] == 100


async def test_a_body_that_declares_too_much_is_refused_unread() -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError

    async with client_of(app, max_body_bytes=100) as client:
        for length in ("101", "9" * 5000):
            reply = await client.post("/", headers={"content-length": length}, content=b"")
            assert (reply.status_code, reply.json()["code"]) == (413, "content-too-large")
            assert reply.headers["connection"] == "close"


async def test_a_body_that_grows_too_large_is_refused_while_it_streams() -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 1000

    async with client_of(sample_app(), max_body_bytes=10_000) as client:
        reply = await client.post(ECHO, content=chunks())

    assert (reply.status_code, reply.json()["code"]) == (413, "content-too-large")
    assert sent < 20


@pytest.mark.parametrize("url", ["/api/orders/a%00b", "/api/orders?limit=%00", "/%00"])
async def test_nul_in_the_url_is_refused(url: str) -> None:
    async with client_of(sample_app()) as client:
        reply = await client.get(url)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid-text")


@pytest.mark.parametrize("query", ["limit=%ff", "%ff=%fe", "limit=%", "&&==", "a=%zz", "\xe9"])
async def test_a_query_that_is_not_utf_8_is_no_accident(query: str) -> None:
    status, _ = await exchange(
        sample_app(), scope_of("GET", "/api/orders", query.encode("latin-1"))
    )

    assert status in {200, 400}


# ---------------------------------------------------------------- accidents


def scope_of(method: str, path: str, query: bytes = b"", headers: Any = ()) -> Any:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


async def exchange(app: Any, scope: Any, *messages: Any) -> tuple[int, bytes]:
    waiting = [*messages, {"type": "http.disconnect"}]
    if not messages:
        waiting.insert(0, {"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await shell(app)(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_client_that_leaves_mid_body_is_no_error_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = [(b"content-type", b"application/json")]
    half = {"type": "http.request", "body": b'{"memo"', "more_body": True}

    status, body = await exchange(sample_app(), scope_of("POST", ECHO, headers=headers), half)

    assert (status, json.loads(body)["code"]) == (400, "incomplete-body")
    assert "Traceback" not in caplog.text


async def test_an_app_that_fails_outside_every_handler_is_answered_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("the secret")

    async with client_of(app) as client:
        reply = await client.get("/x", headers={"x-request-id": "abc"})

    assert (reply.status_code, reply.json()["code"]) == (500, "internal-error")
    assert "secret" not in reply.text
    assert caplog.text.count("Traceback") == 1
    assert "abc" in caplog.text


async def test_a_failure_after_the_start_of_the_answer_is_left_to_the_server() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await exchange(app, scope_of("GET", "/"))


async def test_other_protocols_pass_through() -> None:
    seen = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.set_result(scope)

    scope: Any = {"type": "lifespan"}
    await shell(app)(scope, lambda: seen, lambda _message: seen)
    assert seen.result() is scope


# ---------------------------------------------------------------- access log


async def test_every_request_is_one_json_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "daybook.access")
    async with client_of(sample_app()) as client:
        for method, url in (("HEAD", f"{URL}?secret=1"), ("GET", '/no"%0A{}')):
            await client.request(method, url, headers={"x-request-id": "abc"})

    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "daybook.access"]
    assert [line.pop("ms") >= 0 for line in lines] == [True, True]
    assert lines == [
        {"method": "HEAD", "path": URL, "status": 200, "requestId": "abc"},
        {"method": "GET", "path": '/no"\n{}', "status": 404, "requestId": "abc"},
    ]


async def test_the_access_log_can_be_turned_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "daybook.access")
    async with client_of(sample_app(), access_log=False) as client:
        await client.get(URL)

    assert not [record for record in caplog.records if record.name == "daybook.access"]
