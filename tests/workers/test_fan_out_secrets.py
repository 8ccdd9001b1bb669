"""What is secret follows the events: in force, replaced and forgotten where the log says so."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.facts.webhook_endpoint import (
    Header,
    WebhookEndpointChanged,
    WebhookEndpointDeleted,
    WebhookEndpointSecretRotated,
)
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections.webhook_endpoints import read_endpoints
from store.books import Book, Books
from store.database import Pool
from store.secrets import Keyring, keep_secret, live_secrets
from store.webhook_headers import keep_values
from tests.workers.webhooks import prepare, signed_endpoint, tell
from workers.fan_out import fan_out_follower

URL = "https://example.com/hook"


@pytest.fixture(autouse=True)
async def _tables(pool: Pool) -> None:
    await prepare(pool)


async def catch_up(pool: Pool) -> None:
    await fan_out_follower(pool, lambda _book, _ids: None).catch_up()


async def test_a_rotation_whose_request_was_cut_short_comes_into_force(
    pool: Pool, books: Books, book: Book
) -> None:
    keyring, now = Keyring([Keyring.new_key()]), datetime.now(UTC)
    id_, first = await signed_endpoint(pool, books, keyring, book.book_id, URL)
    new = await keep_secret(pool, keyring, book.book_id, id_, kind="hmac")
    until = now + timedelta(hours=24)
    fact = WebhookEndpointSecretRotated(kind="hmac", secret_id=new.id, previous_until=until)
    await tell(books, book.book_id, WEBHOOK_ENDPOINT, id_, fact)

    async def live(after: timedelta) -> tuple[str, ...]:
        secrets = await live_secrets(pool, keyring, book.book_id, [id_], now=now + after)
        return secrets[id_]

    assert await live(timedelta()) == (first,)
    for _ in range(2):
        await pool.execute("update store.checkpoints set position = 0")
        await catch_up(pool)
        assert await live(timedelta(hours=23)) == (new.secret, first)
        assert await live(timedelta(hours=25)) == (new.secret,)
    read = (await read_endpoints(pool, book.book_id))[id_].state
    assert read.secrets == (await books.get(book.book_id, WEBHOOK_ENDPOINT(id_))).state.secrets


async def test_replaced_header_values_are_forgotten(pool: Pool, books: Books, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    id_, _ = await signed_endpoint(pool, books, keyring, book.book_id, URL)
    headers: tuple[Header, ...] = ()
    for value in ("one", "two"):
        kept = await keep_values(pool, keyring, book.book_id, id_, {"X-A": value})
        await pool.execute("update store.webhook_headers set created_at = now() - interval '2h'")
        headers = tuple(Header(name=name, value_id=value_id) for name, value_id in kept.items())
        await tell(
            books, book.book_id, WEBHOOK_ENDPOINT, id_, WebhookEndpointChanged(headers=headers)
        )
    await catch_up(pool)
    left = await pool.fetch("select value_id from store.webhook_headers")
    assert [row["value_id"] for row in left] == [headers[0].value_id]
    assert (await read_endpoints(pool, book.book_id))[id_].state.headers == headers


async def test_the_secrets_of_a_deleted_endpoint_are_forgotten(
    pool: Pool, books: Books, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    id_, _ = await signed_endpoint(pool, books, keyring, book.book_id, URL)
    await keep_values(pool, keyring, book.book_id, id_, {"X-A": "one"})
    await tell(books, book.book_id, WEBHOOK_ENDPOINT, id_, WebhookEndpointDeleted())
    await catch_up(pool)
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 0
    assert await pool.fetchval("select count(*) from store.webhook_headers") == 0
