"""Where a webhook may go: the rules against requests that are aimed at our own network (SSRF).

The same rules are applied twice: to the text of a URL when an endpoint is registered, and to every
address that is about to be connected to, because a name may mean another address by then.

``ipaddress.is_global`` is no such rule: depending on the Python version it lets multicast,
IPv4-compatible, 6to4 and NAT64 addresses pass, which reach private ones.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

MAX_URL = 2048
FIRST_FREE_PORT = 1024
LAST_PORT = 65535

# IANA's special-purpose registry (RFC 6890 and its successors), multicast, and one public address
# that is nevertheless a cloud's own: the host agent of Azure.
_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",
    )
)

# Of IPv6 only what IANA has given out for use is allowed, minus protocol assignments (Teredo and
# such), documentation, and 6to4, which wraps any IPv4 address.
_ALLOWED_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

# A strict subset of RFC 3986, so that no two parsers can disagree about the host.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][a-z0-9\-._~!$&'()*+,;=:@/?%]*)?",
    re.IGNORECASE,
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.IGNORECASE)
_MAX_NAME = 253

_FORM = (
    f"Write the URL as https://host/path or https://host:port/path, in at most {MAX_URL} "
    "characters, without a user name or a fragment; percent-encode other characters, and write "
    "an international host name in its xn-- form."
)


def url_problem(url: str, *, loopback: bool = False) -> str | None:
    """Why no webhook may go to this URL, as a sentence; ``None`` when one may.

    ``loopback`` also allows this machine itself, and plain http to it: for trying things out.
    """
    found = _URL.fullmatch(url) if len(url) <= MAX_URL else None
    if found is None:
        return _FORM
    host = found["host"].lower()
    if host.startswith("["):
        host = host.strip("[]")
        if ":" not in host:
            return _FORM
    local = loopback and _is_loopback(host)
    if found["scheme"].lower() != "https" and not local:
        return "Use https: over plain http anybody on the way could read the webhook."
    if not _port_allowed(found["port"]):
        return f"Use port 443, 80, or one from {FIRST_FREE_PORT} to {LAST_PORT}."
    if local:
        return None
    return _host_problem(host)


def address_problem(address: Address, *, loopback: bool = False) -> str | None:
    """Why no webhook may go to this address, as a sentence; ``None`` when one may."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if loopback and address.is_loopback:
        return None
    if isinstance(address, IPv4Address):
        public = not any(address in network for network in _REFUSED_V4)
    else:
        public = (
            address in _ALLOWED_V6
            and address.scope_id is None
            and not any(address in network for network in _REFUSED_V6)
        )
    return None if public else f"The address {address} is not on the public Internet."


def _port_allowed(port: str | None) -> bool:
    number = int(port or 443)
    return number in {80, 443} or FIRST_FREE_PORT <= number <= LAST_PORT


def _is_loopback(host: str) -> bool:
    address = _literal(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address_problem(address, loopback=True) is None and address_problem(address) is not None


def _host_problem(host: str) -> str | None:
    address = _literal(host)
    if address is not None:
        return address_problem(address)
    if _NUMERIC.fullmatch(host):
        return "Write an IPv4 address as four decimal numbers without leading zeros."
    if not _NAME.fullmatch(host) or len(host) > _MAX_NAME:
        return f"{host!r} is neither the name of a host nor an IP address."
    if "." not in host or host.endswith(".localhost"):
        return f"The host {host!r} is not on the public Internet: give its full name."
    return None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
