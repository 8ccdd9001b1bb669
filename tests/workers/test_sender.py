import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.workers.receiver import Received, Receiver, receiving, reply
from workers.sender import MAX_RESPONSE, Answer, Request, Sender, open_sender

HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with open_sender(loopback=True) as sender:
        yield sender


async def send(sender: Sender, url: str, *, timeout: float = 5.0) -> Answer:  # noqa: ASYNC109 - as in Sender.send
    request = Request(url=url, body=b'{"a":1}', headers=HEADERS, sandbox=True)
    return await sender.send(request, timeout=timeout)


async def test_body_and_headers_arrive_as_they_are(sender: Sender, receiver: Receiver) -> None:
    receiver.behave = reply(202, b"thanks")
    answer = await send(sender, receiver.url)
    assert (answer.status, answer.body, answer.error) == (202, b"thanks", None)
    assert answer.accepted
    assert answer.peer == "127.0.0.1"
    assert answer.duration_ms >= 0
    [request] = receiver.requests
    assert request.body == b'{"a":1}'
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Daybook"
    assert HEADERS.items() <= request.headers.items()
    assert "accept-encoding" not in request.headers


async def test_connections_are_kept_alive_and_carry_no_cookies(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.behave = reply(200, b"ok", set_cookie="a=b")
    for _ in range(3):
        assert (await send(sender, receiver.url)).accepted
    assert receiver.connections == 1
    assert all("cookie" not in request.headers for request in receiver.requests)


async def test_a_redirect_is_an_answer_and_is_not_followed(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.behave = reply(302, location=receiver.url + "/elsewhere")
    answer = await send(sender, receiver.url)
    assert answer.status == 302
    assert not answer.accepted
    assert [request.path for request in receiver.requests] == ["/hook"]


async def test_retry_after_is_handed_on(sender: Sender, receiver: Receiver) -> None:
    receiver.behave = reply(503, retry_after="120")
    assert (await send(sender, receiver.url)).retry_after == "120"


async def test_only_the_first_bytes_of_an_endless_answer_are_read(
    sender: Sender, receiver: Receiver
) -> None:
    written = 0

    async def endless(_request: Received, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    receiver.behave = endless
    answer = await send(sender, receiver.url)
    assert answer.status == 200
    assert answer.body == b"x" * MAX_RESPONSE
    assert written < 64 * 1024 * 1024


async def test_the_status_counts_even_when_the_rest_never_comes(
    sender: Sender, receiver: Receiver
) -> None:
    async def stalls(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")
        await asyncio.Event().wait()

    receiver.behave = stalls
    answer = await send(sender, receiver.url, timeout=0.2)
    assert (answer.status, answer.body) == (200, b"only this")


async def test_a_silent_host_is_given_up_on_after_the_timeout(
    sender: Sender, receiver: Receiver
) -> None:
    async def silent(_request: Received, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    receiver.behave = silent
    answer = await send(sender, receiver.url, timeout=0.2)
    assert (answer.status, answer.error) == (None, "The host did not answer in time.")
    assert answer.duration_ms >= 200


async def test_a_slow_dripping_header_does_not_stretch_the_timeout(
    sender: Sender, receiver: Receiver
) -> None:
    async def drips(_request: Received, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.01)

    receiver.behave = drips
    answer = await send(sender, receiver.url, timeout=0.2)
    assert answer.status is None
    assert answer.duration_ms < 2000


@pytest.mark.parametrize("nonsense", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 99999 X\r\n\r\n"])
async def test_an_answer_that_is_not_http_is_an_error_in_words(
    sender: Sender, receiver: Receiver, nonsense: bytes
) -> None:
    async def talks_nonsense(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(nonsense)
        writer.close()

    receiver.behave = talks_nonsense
    answer = await send(sender, receiver.url)
    assert answer.status is None
    assert answer.error


async def test_a_closed_port_is_an_error_in_words(sender: Sender) -> None:
    async with receiving() as gone:
        url = gone.url
    answer = await send(sender, url)
    assert answer.status is None
    assert answer.error
    assert "failed" in answer.error


async def test_a_live_book_never_reaches_this_machine(sender: Sender, receiver: Receiver) -> None:
    for url in (receiver.url, f"https://localhost:{receiver.port}/", "https://127.0.0.1/"):
        answer = await sender.send(Request(url=url, body=b"{}", headers=HEADERS))
        assert answer.error
    assert receiver.connections == 0


async def test_a_sandbox_book_reaches_this_machine_only_by_the_setting(receiver: Receiver) -> None:
    async with open_sender() as sender:
        assert (await send(sender, receiver.url)).error
    assert receiver.connections == 0


async def test_a_name_that_turns_to_a_private_address_is_refused_when_connecting(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sender(loopback=True) as sender:
        loop = asyncio.get_running_loop()

        async def rebound(_host: str, port: int, **_options: object) -> list[object]:
            return [(2, 1, 6, "", ("127.0.0.1", receiver.port or port))]

        monkeypatch.setattr(loop, "getaddrinfo", rebound)
        request = Request(url="https://rebound.example.com/", body=b"{}", headers=HEADERS)
        answer = await sender.send(request)
    assert answer.error == "The host leads to an address that is not on the public Internet."
    assert receiver.connections == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for ``localhost`` that nobody trusts by default."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def test_the_certificate_must_be_trusted_and_must_name_the_host(certificate: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with receiving(tls=server) as receiver:
        named = f"https://localhost:{receiver.port}/hook"
        async with open_sender(loopback=True, tls=trusting) as sender:
            assert (await send(sender, named)).accepted
            unnamed = await send(sender, receiver.url)
        async with open_sender(loopback=True) as sender:
            untrusted = await send(sender, named)
    for answer in (unnamed, untrusted):
        assert answer.error
        assert "TLS" in answer.error
    assert len(receiver.requests) == 1
