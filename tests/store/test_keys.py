import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.books import Book, create_book
from store.database import Pool
from store.keys import create_key, end_key, find_key, list_keys, parse_key


async def test_a_key_names_its_book_and_is_kept_as_a_hash_only(pool: Pool, book: Book) -> None:
    text, key = await create_key(pool, book.book_id, name="mine", scopes=("read",))

    parsed = parse_key(text)
    assert text.startswith("dbk_test_")
    assert parsed is not None
    assert parsed.book_id == book.book_id
    assert await find_key(pool, parsed) == key
    assert key.scopes == ("read",)
    row = await pool.fetchrow("select * from store.api_keys")
    assert row is not None
    assert text.encode() not in repr(dict(row)).encode()
    assert text[35:60] not in repr(dict(row))


async def test_a_key_of_a_live_book_says_so(pool: Pool) -> None:
    book = await create_book(pool, name="Live", mode="live")
    text, _ = await create_key(pool, book.book_id, name="mine")
    assert text.startswith("dbk_live_")


async def test_a_revoked_key_is_not_found_and_stays_listed(pool: Pool, book: Book) -> None:
    text, key = await create_key(pool, book.book_id, name="mine")

    assert await end_key(pool, book.book_id, key.key_id)
    assert not await end_key(pool, book.book_id, key.key_id)

    parsed = parse_key(text)
    assert parsed is not None
    assert await find_key(pool, parsed) is None
    listed = await list_keys(pool, book.book_id)
    assert [(it.key_id, it.revoked_at is not None) for it in listed] == [(key.key_id, True)]


async def test_a_key_cannot_be_revoked_through_another_book(pool: Pool, book: Book) -> None:
    other = await create_book(pool, name="Other", mode="sandbox")
    _, key = await create_key(pool, book.book_id, name="mine")
    assert not await end_key(pool, other.book_id, key.key_id)


async def test_unknown_scopes_and_books_are_refused(pool: Pool, book: Book) -> None:
    with pytest.raises(ValueError, match="Unknown scopes"):
        await create_key(pool, book.book_id, name="x", scopes=("everything",))
    with pytest.raises(ValueError, match="no book"):
        await create_key(pool, "bok_none", name="x")


async def test_any_single_mistyped_character_is_caught_without_the_database(
    pool: Pool, book: Book
) -> None:
    text, _ = await create_key(pool, book.book_id, name="mine")
    for at in range(len(text)):
        for character in ("0", "Z", "é"):
            if text[at] != character:
                assert parse_key(text[:at] + character + text[at + 1 :]) is None


@given(st.text(max_size=100))
def test_nothing_that_was_not_made_as_a_key_parses(text: str) -> None:
    assert parse_key(text) is None
    assert parse_key("dbk_test_" + text) is None
