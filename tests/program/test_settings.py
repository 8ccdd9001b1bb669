import pytest
from cryptography.fernet import Fernet

from daybook.settings import Settings, SettingsWrong, load

KEY = Fernet.generate_key().decode()


def test_without_anything_the_defaults_hold() -> None:
    assert load({}) == Settings()


def test_everything_can_be_set() -> None:
    settings = load(
        {
            "DATABASE_URL": "postgresql://u@h/d",
            "REDIS_URL": "unix:///tmp/valkey.sock?db=0",
            "DAYBOOK_PORT": "9000",
            "DAYBOOK_SECRET_KEYS": f"{KEY}, {KEY}",
            "DAYBOOK_ACCESS_LOG": "yes",
            "DAYBOOK_LIST_WAIT_SECONDS": "0.5",
            "DAYBOOK_IDEMPOTENCY_DAYS": "7",
            "DAYBOOK_LOG_LEVEL": "debug",
            "DAYBOOK_HOST": " ",
        }
    )
    assert settings.port == 9000
    assert settings.secret_keys == (KEY, KEY)
    assert settings.access_log is True
    assert settings.list_wait_seconds == 0.5
    assert settings.idempotency_days == 7
    assert settings.log_level == "DEBUG"
    assert settings.host == "127.0.0.1"
    assert len(settings.cursor_key) == 32


def test_one_message_lists_everything_that_is_wrong_or_missing() -> None:
    wrong = {
        "DATABASE_URL": "mysql://x",
        "REDIS_URL": "http://x",
        "DAYBOOK_PORT": "70000",
        "DAYBOOK_POOL_SIZE": "many",
        "DAYBOOK_IDEMPOTENCY_DAYS": "0",
        "DAYBOOK_ACCESS_LOG": "perhaps",
        "DAYBOOK_LIST_WAIT_SECONDS": "nan",
        "DAYBOOK_LOG_LEVEL": "loud",
    }
    with pytest.raises(SettingsWrong) as refusal:
        load(wrong, need=("DAYBOOK_SECRET_KEYS",))
    for name in (*wrong, "DAYBOOK_SECRET_KEYS"):
        assert f"\n  {name}: " in str(refusal.value)


def test_a_malformed_secret_key_is_not_repeated_in_the_message() -> None:
    with pytest.raises(SettingsWrong) as refusal:
        load({"DAYBOOK_SECRET_KEYS": f"{KEY},nearly-a-key"})
    assert "key 2" in str(refusal.value)
    assert "nearly-a-key" not in str(refusal.value)
