import base64
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.webhook_endpoint import SigningSecret
from store.books import Book
from store.database import Pool
from store.secrets import (
    Keyring,
    SecretUnreadable,
    add_secret,
    forget_secret,
    forget_secrets,
    keep_secret,
    live_secrets,
    put_in_force,
    read_secret,
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


async def kept(pool: Pool, keyring: Keyring, book: Book, kind: str = "hmac") -> tuple[str, str]:
    new = await keep_secret(pool, keyring, book.book_id, "whe_1", kind=kind)
    return new.id, new.secret


async def test_a_secret_signs_once_it_is_in_force_and_late_news_change_nothing(
    pool: Pool, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    one = await add_secret(pool, keyring, book.book_id, "whe_1")
    (id_2, two), (id_3, three) = [await kept(pool, keyring, book) for _ in range(2)]
    assert await live(pool, keyring, book) == (one,)
    now: datetime = await pool.fetchval("select clock_timestamp()")
    soon, later = now + timedelta(hours=1), now + timedelta(hours=24)
    first = [
        SigningSecret(kind="hmac", number=1, until=later),
        SigningSecret(kind="hmac", number=2, id=id_2),
    ]
    second = [
        SigningSecret(kind="hmac", number=1, until=soon),
        SigningSecret(kind="hmac", number=2, id=id_2, until=soon),
        SigningSecret(kind="hmac", number=3, id=id_3),
    ]
    for state in (second, first, second, first):
        await put_in_force(pool, book.book_id, "whe_1", state)
        assert await live(pool, keyring, book) == (three, two, one)
        assert await live(pool, keyring, book, timedelta(hours=2)) == (three,)
    await forget_secret(pool, book.book_id, "whe_1", id_3)
    assert await live(pool, keyring, book, timedelta(hours=2)) == (three,), "it is in force"


async def test_a_secret_that_did_not_come_into_force_is_forgotten(pool: Pool, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    id_, _ = await kept(pool, keyring, book)
    await forget_secret(pool, book.book_id, "whe_1", id_)
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 0


async def test_a_private_key_signs_beside_the_secret_and_its_public_half_verifies(
    pool: Pool, book: Book
) -> None:
    keyring = Keyring([Keyring.new_key()])
    shared = await add_secret(pool, keyring, book.book_id, "whe_1")
    new = await keep_secret(pool, keyring, book.book_id, "whe_1", kind="ed25519")
    state = SigningSecret(kind="ed25519", number=1, id=new.id, public_key=new.public_key)
    await put_in_force(pool, book.book_id, "whe_1", [state])
    assert await live(pool, keyring, book) == (shared, new.secret)
    assert await read_secret(pool, keyring, book.book_id, "whe_1", state) == new.secret
    assert new.public_key is not None
    private = base64.b64decode(new.secret.removeprefix("whsk_"))
    public = base64.b64decode(new.public_key.removeprefix("whpk_"))
    signature = Ed25519PrivateKey.from_private_bytes(private[:32]).sign(b"body")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"body")
    assert private[32:] == public


def test_what_is_sealed_names_its_key_and_older_tokens_are_read_too() -> None:
    old, new = Keyring.new_key(), Keyring.new_key()
    sealed = Keyring([old]).seal("secret")
    assert sealed.startswith(Keyring([old]).newest.encode() + b".")
    assert Keyring([new, old]).unseal(sealed) == "secret"
    assert Keyring([new, old]).unseal(Fernet(old).encrypt(b"secret")) == "secret"
    with pytest.raises(SecretUnreadable, match=Keyring([old]).newest):
        Keyring([new]).unseal(sealed)
    with pytest.raises(SecretUnreadable, match="a key that is not configured"):
        Keyring([new]).unseal(Fernet(old).encrypt(b"secret"))
    with pytest.raises(SecretUnreadable):
        Keyring([old]).unseal(sealed[:-5] + b"AAAAA")


async def test_forgotten_secrets_are_gone(pool: Pool, book: Book) -> None:
    keyring = Keyring([Keyring.new_key()])
    await add_secret(pool, keyring, book.book_id, "whe_1")
    await forget_secrets(pool, book.book_id, "whe_1")
    assert await live(pool, keyring, book) == ()


@pytest.mark.parametrize("keys", [[], [""], ["not a key"], ["c2hvcnQ="]])
def test_a_ring_without_a_proper_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Keyring(keys)
