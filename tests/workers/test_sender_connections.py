"""When a connection is used again, and when that would mix up two answers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.workers.receiver import Behaviour, Received, Receiver, receiving, reply
from workers.sender import MAX_RESPONSE, Answer, Request, Sender, open_sender


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with open_sender(loopback=True) as sender:
        yield sender


async def send(
    sender: Sender,
    url: str,
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    *,
    seconds: float = 5.0,
) -> Answer:
    request = Request(url=url, body=body, headers=headers or {}, sandbox=True)
    return await sender.send(request, timeout=seconds)


def writing(answer: bytes, *, close: bool = False) -> Behaviour:
    """Answer with these bytes, and maybe hang up then."""

    async def behave(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if close:
            writer.close()

    return behave


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(
    sender: Sender, receiver: Receiver
) -> None:
    late = asyncio.Event()

    async def hesitates(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.path == "/first":
            await late.wait()
        await reply(200, request.path.encode())(request, writer)

    receiver.behave = hesitates
    url = f"http://127.0.0.1:{receiver.port}"
    first = await send(sender, f"{url}/first", seconds=0.2)
    assert (first.status, first.peer) == (None, "127.0.0.1")
    late.set()
    second = await send(sender, f"{url}/second")
    assert (second.status, second.body) == (200, b"/second")
    assert receiver.connections == 2


async def test_after_an_answer_that_was_not_read_to_its_end_a_new_connection_is_made(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.behave = reply(200, b"x" * (MAX_RESPONSE + 200_000))
    assert (await send(sender, receiver.url)).body == b"x" * MAX_RESPONSE
    receiver.behave = reply(200, b"y")
    assert (await send(sender, receiver.url)).body == b"y"
    assert receiver.connections == 2


async def test_after_an_answer_to_half_a_request_a_new_connection_is_made(sender: Sender) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 X\r\ncontent-length: 0\r\n\r\n")
        connections.append(writer)

    connections: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for _ in range(2):
            assert (await send(sender, url, body=bytes(20_000_000))).status == 413
        for writer in connections:
            writer.close()
    assert len(connections) == 2


async def test_a_host_that_wants_to_hang_up_gets_a_new_connection_next_time(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.behave = reply(200, b"ok", connection="close")
    for _ in range(2):
        assert (await send(sender, receiver.url)).accepted
    assert receiver.connections == 2


async def test_an_answer_may_end_with_the_connection(sender: Sender, receiver: Receiver) -> None:
    receiver.behave = writing(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True)
    answer = await send(sender, receiver.url)
    assert (answer.status, answer.body) == (200, b"all of it")


async def test_what_is_said_before_the_answer_is_passed_over(
    sender: Sender, receiver: Receiver
) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    receiver.behave = writing(early + b"HTTP/1.1 204 No Content\r\n\r\n")
    for _ in range(2):
        assert (await send(sender, receiver.url)).status == 204
    assert receiver.connections == 1


async def test_a_protocol_that_is_switched_to_is_not_spoken(
    sender: Sender, receiver: Receiver
) -> None:
    switching = b"HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
    receiver.behave = writing(switching)
    for _ in range(2):
        answer = await send(sender, receiver.url)
        assert (answer.status, answer.accepted) == (101, False)
    assert receiver.connections == 2


@pytest.mark.parametrize("name", ["x-key\r\nx-more", "x-key\n", "x\rkey"])
async def test_a_header_never_becomes_two(sender: Sender, receiver: Receiver, name: str) -> None:
    for headers in ({name: "value"}, {"x-key": name}):
        answer = await send(sender, receiver.url, headers=headers)
        assert answer.error
        assert "one line" in answer.error
    assert receiver.requests == []


async def test_host_path_and_query_are_those_of_the_url(sender: Sender, receiver: Receiver) -> None:
    path = "/hooks/a%20b?c=d%26e&f"
    await send(sender, f"http://127.0.0.1:{receiver.port}{path}")
    [request] = receiver.requests
    assert request.path == path
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
