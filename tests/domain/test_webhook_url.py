from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.webhook_url import address_problem, url_problem

PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]
PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.5", "100.64.0.1", "100.100.100.200", "127.0.0.1"),  # noqa: S104 - refused
    *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1"),
    *("192.0.0.192", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1"),
    *("2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "3fff::1", "5f00::1"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2606::1%1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert address_problem(ip_address(address)) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert address_problem(ip_address(address)) is not None


@given(st.ip_addresses(v=4).map(str))
def test_an_ipv4_address_in_ipv6_clothes_is_judged_as_itself(address: str) -> None:
    plain = address_problem(ip_address(address))
    assert address_problem(ip_address(f"::ffff:{address}")) == plain


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_allowed_only_on_request(address: str) -> None:
    assert address_problem(ip_address(address)) is not None
    assert address_problem(ip_address(address), loopback=True) is None


def test_allowing_loopback_allows_nothing_else() -> None:
    for address in PRIVATE:
        parsed = ip_address(address)
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        if not mapped.is_loopback:
            assert address_problem(parsed, loopback=True) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks?a=1&b=%20",
        "https://example.com:8443/hooks",
        "https://example.com:443",
        "HTTPS://Example.COM/x",
        "https://xn--bcher-kva.example/",
        "https://1.1.1.1/x",
        "https://[2606:4700::1111]:8443/x",
        "https://my_host.example.com/",
    ],
)
def test_a_public_https_url_is_allowed(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https:example.com",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https://example.com#frag",
        "https://example.com/#",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:/x",
        "https://example.com:99999999999/",
        "https://bücher.example/",
        "https://example.com\\@10.0.0.1/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: x",
        "https://example.com\n",
        "https://example.com./",
        "https://-example.com/",
        "https://exa..mple.com/",
        "https://localhost/",
        "https://app.localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://10.0.0.5/",
        "https://167772165/",
        "https://0xa000005/",
        "https://0x7f.1/",
        "https://010.0.0.5/",
        "https://127.1/",
        "https://example.0x1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[1.1.1.1]/",
        "https://[::1]evil.com/",
        "https://169.254.169.254/latest/meta-data",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_a_url_that_could_reach_something_else_is_refused(url: str) -> None:
    assert url_problem(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/x",
        "http://localhost:9000",
        "https://[::1]:9443/",
        "http://a.localhost",
    ],
)
def test_loopback_urls_are_allowed_on_request_even_without_tls(url: str) -> None:
    assert url_problem(url) is not None
    assert url_problem(url, loopback=True) is None


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://10.0.0.5/", "http://1.1.1.1:8080/"]
)
def test_allowing_loopback_changes_nothing_for_other_hosts(url: str) -> None:
    assert url_problem(url, loopback=True) == url_problem(url)


@given(st.text())
def test_no_text_makes_the_rule_stumble(text: str) -> None:
    assert url_problem("https://" + text) is None or url_problem("https://" + text)
