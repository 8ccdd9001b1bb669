from datetime import datetime, timedelta

import pytest

from domain.facts.webhook_endpoint import Header
from store.books import Book
from store.database import Pool
from store.secrets import Keyring, SecretUnreadable, forget_secrets, reseal_secrets
from store.webhook_headers import forget_other_values, forget_values, keep_values, read_headers

VALUES = {"X-A": "one value", "X-B": "two"}  # no blank is in what is encrypted


async def keep(pool: Pool, keyring: Keyring, book: Book, id_: str = "whe_1") -> tuple[Header, ...]:
    ids = await keep_values(pool, keyring, book.book_id, id_, VALUES)
    return tuple(Header(name=name, value_id=value_id) for name, value_id in ids.items())


async def test_values_are_kept_encrypted_and_read_in_the_order_of_the_headers(
    pool: Pool, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    one, two = await keep(pool, keyring, book), await keep(pool, keyring, book, "whe_2")
    asked = {"whe_1": one[::-1], "whe_2": two[:1], "whe_3": ()}
    assert await read_headers(pool, keyring, book.book_id, asked) == {
        "whe_1": (("X-B", "two"), ("X-A", "one value")),
        "whe_2": (("X-A", "one value"),),
        "whe_3": (),
    }
    assert await read_headers(pool, keyring, book.book_id, {"whe_3": ()}) == {"whe_3": ()}
    assert await read_headers(pool, keyring, "bok_other", {"whe_1": one}) == {"whe_1": ()}
    stored = b"".join(await pool.fetchval("select array_agg(value) from store.webhook_headers"))
    assert b"one value" not in stored


async def test_values_are_resealed_with_the_secrets(pool: Pool, book: Book) -> None:
    old, new = Keyring.new_key(), Keyring.new_key()
    headers = await keep(pool, Keyring([old]), book)
    with pytest.raises(SecretUnreadable):
        await read_headers(pool, Keyring([new]), book.book_id, {"whe_1": headers})
    async with pool.acquire() as connection:
        assert await reseal_secrets(connection, Keyring([new, old]), book.book_id) == len(VALUES)
    read = await read_headers(pool, Keyring([new]), book.book_id, {"whe_1": headers})
    assert read == {"whe_1": tuple(VALUES.items())}


async def test_what_was_replaced_is_removed_but_not_what_an_event_may_still_refer_to(
    pool: Pool, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    replaced, current = await keep(pool, keyring, book), await keep(pool, keyring, book)
    now: datetime = await pool.fetchval("select now()")
    asked = {"whe_1": (*replaced, *current)}
    for at, left in ((now, 4), (now + timedelta(hours=2), 2)):
        async with pool.acquire() as connection:
            await forget_other_values(connection, book.book_id, "whe_1", current, at=at)
        read = await read_headers(pool, keyring, book.book_id, asked)
        assert len(read["whe_1"]) == left


async def test_values_are_forgotten_one_by_one_or_with_their_endpoint(
    pool: Pool, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    one, two = await keep(pool, keyring, book)
    await forget_values(pool, book.book_id, "whe_1", [one.value_id])
    read = await read_headers(pool, keyring, book.book_id, {"whe_1": (one, two)})
    assert read == {"whe_1": (("X-B", "two"),)}
    await forget_secrets(pool, book.book_id, "whe_1")
    assert await pool.fetchval("select count(*) from store.webhook_headers") == 0
