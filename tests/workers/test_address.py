import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override
from yarl import URL

from domain.webhook_url import url_problem
from workers.address import AddressRefused, CheckedResolver, checked_sockets


class Answers(AbstractResolver):
    """A resolver that answers every name with these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    @override
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    @override
    async def close(self) -> None:
        pass


async def test_a_name_with_public_addresses_only_resolves_to_them() -> None:
    resolver = CheckedResolver(Answers("1.1.1.1", "2606:4700::1111"), loopback=False)
    assert [result["host"] for result in await resolver.resolve("example.com", 443)] == [
        "1.1.1.1",
        "2606:4700::1111",
    ]


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "127.0.0.1", "::1", "169.254.169.254", "fe80::1%1"]
)
async def test_one_private_address_among_public_ones_refuses_the_name(address: str) -> None:
    resolver = CheckedResolver(Answers("1.1.1.1", address), loopback=False)
    with pytest.raises(AddressRefused) as refusal:
        await resolver.resolve("example.com", 443)
    assert address not in str(refusal.value), "the answer would let a caller explore our network"


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "0.0.0.0", "167772165", "010.0.0.5"])  # noqa: S104 - refused
def test_no_socket_is_made_for_a_literal_private_address(address: str) -> None:
    make = checked_sockets(loopback=False)
    with pytest.raises(AddressRefused):
        make((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 443)))


def test_a_socket_is_made_for_loopback_on_request() -> None:
    make = checked_sockets(loopback=True)
    made = make((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 443)))
    made.close()


@given(st.from_regex(r"https://[a-z0-9.@:\[\]\\/%#?-]{1,30}", fullmatch=True))
def test_the_client_reads_the_same_host_and_port_from_a_url_as_the_rule_does(url: str) -> None:
    if url_problem(url) is None:
        parsed = URL(url)
        assert parsed.user is None
        authority = url.removeprefix("https://").split("/")[0].split("?")[0]
        host, _, port = authority.rpartition(":") if authority[-1] != "]" else (authority, "", "")
        assert parsed.host == (host or port).strip("[]") or parsed.host == authority.strip("[]")
        assert parsed.port == (int(port) if host and port.isdecimal() else 443)
