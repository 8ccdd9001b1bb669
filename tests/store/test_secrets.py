from datetime import datetime, timedelta

import pytest

from store.books import Book
from store.database import Pool
from store.secrets import (
    Keyring,
    SecretUnreadable,
    add_secret,
    forget_secrets,
    live_secrets,
    reseal_secrets,
)
from workers.signing import sign


async def live(
    pool: Pool, keyring: Keyring, book: Book, after: timedelta = timedelta()
) -> tuple[str, ...]:
    """The secrets that sign so long after this moment, by the clock of the database."""
    now: datetime = await pool.fetchval("select clock_timestamp()")
    secrets = await live_secrets(pool, keyring, book.book_id, ["whe_1"], now=now + after)
    return secrets.get("whe_1", ())


async def test_a_secret_is_shown_once_and_kept_encrypted(pool: Pool, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    secret = await add_secret(pool, keyring, book.book_id, "whe_1")
    assert sign("evt_1", 0, b"{}", [secret]), "the standard's form"
    assert await live(pool, keyring, book) == (secret,)
    stored = await pool.fetchval("select secret from store.webhook_secrets")
    assert secret.removeprefix("whsec_").encode() not in stored
    assert await add_secret(pool, keyring, book.book_id, "whe_2") != secret


async def test_secrets_of_other_books_and_endpoints_are_not_seen(pool: Pool, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    await add_secret(pool, keyring, "bok_other", "whe_1")
    await add_secret(pool, keyring, book.book_id, "whe_2")
    assert await live(pool, keyring, book) == ()


async def test_a_replaced_secret_signs_beside_the_new_one_until_the_overlap_ends(
    pool: Pool, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    old = await add_secret(pool, keyring, book.book_id, "whe_1")
    new = await add_secret(pool, keyring, book.book_id, "whe_1", overlap=timedelta(hours=24))
    assert await live(pool, keyring, book, timedelta(hours=23)) == (new, old)
    assert await live(pool, keyring, book, timedelta(hours=25)) == (new,)


async def test_replacing_without_overlap_ends_every_older_secret(pool: Pool, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    await add_secret(pool, keyring, book.book_id, "whe_1")
    await add_secret(pool, keyring, book.book_id, "whe_1", overlap=timedelta(hours=24))
    new = await add_secret(pool, keyring, book.book_id, "whe_1")
    assert await live(pool, keyring, book, timedelta(minutes=1)) == (new,)


async def test_an_encryption_key_is_replaced_by_resealing(pool: Pool, book: Book) -> None:
    old_key, new_key = Keyring.new_key(), Keyring.new_key()
    secret = await add_secret(pool, Keyring([old_key]), book.book_id, "whe_1")
    both = Keyring([new_key, old_key])
    assert await live(pool, both, book) == (secret,)
    with pytest.raises(SecretUnreadable, match="not configured"):
        await live(pool, Keyring([new_key]), book)
    async with pool.acquire() as connection:
        assert await reseal_secrets(connection, both, book.book_id) == 1
    assert await live(pool, Keyring([new_key]), book) == (secret,)


async def test_forgotten_secrets_are_gone(pool: Pool, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    await add_secret(pool, keyring, book.book_id, "whe_1")
    await forget_secrets(pool, book.book_id, "whe_1")
    assert await live(pool, keyring, book) == ()


@pytest.mark.parametrize("keys", [[], [""], ["not a key"], ["c2hvcnQ="]])
def test_a_ring_without_a_proper_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Keyring(keys)
