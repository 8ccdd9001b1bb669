"""Connections that are only ever made to an address that was checked.

A name is resolved here and every address of it is judged; the very address that was judged is then
connected to, so a name that answers differently the next time gains nothing. Literal addresses are
never resolved: the socket is the second gate, and nothing passes around it.
"""

import socket
from ipaddress import ip_address

from aiohttp import AddrInfoType, SocketFactoryType
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from domain.webhook_url import address_problem


class AddressRefused(OSError):
    """The host leads to an address that webhooks must not reach."""


class CheckedResolver(AbstractResolver):
    """Another resolver, whose answer is refused whole when one address of it is."""

    def __init__(self, inner: AbstractResolver, *, loopback: bool) -> None:
        self._inner = inner
        self._loopback = loopback

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of the host. Raises ``AddressRefused``."""
        results = await self._inner.resolve(host, port, family)
        for result in results:
            refuse_unsafe(result["host"], loopback=self._loopback)
        return results

    @override
    async def close(self) -> None:
        await self._inner.close()


def refuse_unsafe(host: str, *, loopback: bool) -> None:
    """Raise ``AddressRefused`` unless webhooks may go to this address.

    The message does not say which address it was: that would let a caller explore our network.
    """
    try:
        problem = address_problem(ip_address(host), loopback=loopback)
    except ValueError:
        problem = "not an address"
    if problem:
        raise AddressRefused("The host leads to an address that is not on the public Internet.")


def checked_sockets(*, loopback: bool) -> SocketFactoryType:
    """A maker of sockets that refuses to make one for an address webhooks must not reach."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        refuse_unsafe(str(address[0]), loopback=loopback)
        return socket.socket(family, kind, protocol)

    return make
