"""Requests that are aimed at our own network: a canary on every loopback address hears nothing."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from domain.webhook_url import url_problem
from tests.workers.receiver import Received, receiving, reply
from workers.sender import MAX_RESPONSE, Answer, Request, Sender, open_sender

HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}

# Ways to write, or to wrap, addresses that are not for everybody.
HOSTS = (
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0", "0x7f000001"),  # noqa: S104 - refused
    *("2130706433", "017700000001", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.1.", "00000177.1"),
    *("10.0.0.5", "167772165", "010.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.170.2", "100.64.0.1"),
    *("100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("192.88.99.1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"),
    *("[::ffff:7f00:1]", "[::ffff:10.0.0.5]", "[::ffff:169.254.169.254]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001::1]", "[2001:db8::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%251]"),
    *("[fec0::1]", "[ff02::1]", "[3fff::1]", "[5f00::1]", "[100::1]", "localhost", "LOCALHOST"),
    *("app.localhost", "localhost.", "intranet", "user@127.0.0.1", "a:b@[::1]"),
    *("example.com@127.0.0.1", "127.0.0.1#@example.com", "127.0.0.1\\@example.com"),
)


@dataclass
class Canary:
    """Listens on both loopback addresses; whoever connects is heard."""

    port: int
    heard: int = 0


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    it = Canary(0)

    async def hear(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        it.heard += 1
        writer.close()

    four = await asyncio.start_server(hear, "127.0.0.1", 0)
    it.port = four.sockets[0].getsockname()[1]
    six = await asyncio.start_server(hear, "::1", it.port) if socket.has_ipv6 else None
    yield it
    four.close()
    if six:
        six.close()


class Rebinding(AbstractResolver):
    """A name that means something else each time it is asked for; the last answer stays."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    @override
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
        ]

    @override
    async def close(self) -> None:
        pass


async def send(sender: Sender, url: str, *, sandbox: bool = False, seconds: float = 2.0) -> Answer:
    request = Request(url=url, body=b"{}", headers=HEADERS, sandbox=sandbox)
    return await sender.send(request, timeout=seconds)


def allow_every_url(sender: Sender) -> None:
    """Take the check of the text away, so that only that of the connection is left."""
    sender._url_problem = Mock(return_value=None)


@pytest.mark.parametrize("checked", [True, False], ids=["by the URL", "by the connection alone"])
async def test_no_way_to_write_a_private_address_leads_there(
    canary: Canary, *, checked: bool
) -> None:
    async with open_sender(loopback=True, resolver=Rebinding("127.0.0.1")) as sender:
        if not checked:
            allow_every_url(sender)
        for scheme in ("https", "http"):
            for host in HOSTS:
                url = f"{scheme}://{host}:{canary.port}/hook"
                assert (url_problem(url) is None) is False, url
                answer = await send(sender, url)
                assert answer.status is None, url
                assert answer.error, url
    assert canary.heard == 0


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 110, 445, 1023, 65536])
async def test_ports_of_other_protocols_are_refused(port: int) -> None:
    async with open_sender(loopback=True) as sender:
        answer = await send(sender, f"http://127.0.0.1:{port}/", sandbox=True)
    assert answer.status is None
    assert answer.error


@pytest.mark.parametrize("private", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_name_that_rebinds_is_refused_and_what_was_public_is_all_that_is_connected_to(
    canary: Canary, private: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []

    async def connect(_socket: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError("No test reaches the network.")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    resolver = Rebinding("1.1.1.1", private)
    async with open_sender(loopback=True, resolver=resolver) as sender:
        for number in range(4):
            # A name of its own each time, so that no answer is remembered.
            answer = await send(sender, f"https://{number}.rebinding.example.com:{canary.port}/")
            assert answer.status is None
            if number:
                assert answer.error == (
                    "The host leads to an address that is not on the public Internet."
                )
    assert connected == ["1.1.1.1"]
    assert canary.heard == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_us_is_not_followed(canary: Canary, status: int) -> None:
    async with receiving() as receiver, open_sender(loopback=True) as sender:
        receiver.behave = reply(status, location=f"http://127.0.0.1:{canary.port}/")
        assert (await send(sender, receiver.url, sandbox=True)).status == status
    assert canary.heard == 0


async def test_a_proxy_of_the_environment_is_not_asked(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    async with receiving() as receiver, open_sender(loopback=True) as sender:
        assert (await send(sender, receiver.url, sandbox=True)).accepted
    assert canary.heard == 0


async def test_a_gigabyte_leaves_memory_flat() -> None:
    async def floods(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\ncontent-encoding: gzip\r\n\r\n"
        )
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    async with receiving() as receiver, open_sender(loopback=True) as sender:
        receiver.behave = floods
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answers = await asyncio.gather(
            *(send(sender, receiver.url, sandbox=True, seconds=10) for _ in range(20))
        )
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert all(answer.status == 200 for answer in answers)
    assert all(len(answer.body) == MAX_RESPONSE for answer in answers)
    assert grown < 40 * 1024, "kilobytes, of 20 gigabytes that were on offer"


async def test_a_body_that_drips_ends_with_the_time_and_counts_as_it_began() -> None:
    async def drips(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with receiving() as receiver, open_sender(loopback=True) as sender:
        receiver.behave = drips
        answer = await send(sender, receiver.url, sandbox=True, seconds=0.3)
    assert answer.status == 200
    assert 0 < len(answer.body) < 100
    assert answer.duration_ms < 2000
