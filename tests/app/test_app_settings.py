from pathlib import Path

import pytest

from sandbox.app.settings import SettingsError, read_settings

URL = "postgresql+asyncpg://chat:hunter2@db:5432/chat?target_session_attrs=read-write"
SENTINELS = {"REDIS_SENTINELS": "s1:26379, s2:26379", "REDIS_MASTER_NAME": "main"}


def test_an_empty_environment_is_an_application_without_databases() -> None:
    settings = read_settings({})
    assert (settings.port, settings.drain_seconds, settings.grace_seconds) == (8000, 2, 30)
    assert settings.database is None
    assert settings.redis is None


def test_a_secret_comes_from_its_file_and_wins_over_the_variable(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL + "\n")
    settings = read_settings({"DATABASE_URL_FILE": str(tmp_path / "url"), "DATABASE_URL": "postgresql://other/other"})
    assert settings.database is not None
    assert settings.database.url == URL.replace("+asyncpg", "")


def test_variables_alone_are_enough() -> None:
    settings = read_settings({"DATABASE_URL": URL, **SENTINELS, "REDIS_PASSWORD": "p"})
    assert settings.database is not None
    assert settings.redis is not None
    assert settings.redis.sentinels == (("s1", 26379), ("s2", 26379))
    assert (settings.redis.password, settings.redis.sentinel_password) == ("p", None)
    assert settings.redis.ca_file is None


def test_the_authority_of_an_encrypted_redis_is_a_file() -> None:
    settings = read_settings({**SENTINELS, "REDIS_CA_FILE": "/run/secrets/sessions-ca.crt"})
    assert settings.redis is not None
    assert settings.redis.ca_file == "/run/secrets/sessions-ca.crt"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"PORT": "http"}, "PORT is 'http'"),
        ({"PORT": "70000"}, "from 1 to 65535"),
        ({"PORT": "80.5"}, "whole number"),
        ({"GRACE_SECONDS": "-1"}, "GRACE_SECONDS is '-1'"),
        ({"GRACE_SECONDS": "nan"}, "GRACE_SECONDS is 'nan'"),
        ({"DATABASE_URL": "mysql://chat:hunter2@db/chat"}, "does not start with postgresql://"),
        ({"DATABASE_URL": "hunter2"}, "does not start with postgresql://"),
        ({"DATABASE_URL": URL, "DATABASE_POOL_MAX": "0"}, "DATABASE_POOL_MAX is 0"),
        ({"DATABASE_URL_FILE": "/nowhere/hunter2-file"}, "cannot be read: No such file"),
        ({"REDIS_SENTINELS": "s1:26379"}, "REDIS_MASTER_NAME is missing"),
        ({**SENTINELS, "REDIS_SENTINELS": "s1"}, "REDIS_SENTINELS has 's1'"),
        ({**SENTINELS, "REDIS_SENTINELS": "s1:26379,"}, "REDIS_SENTINELS has ''"),
    ],
)
def test_a_wrong_variable_is_named_and_no_password_shown(env: dict[str, str], expected: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(env)
    assert expected in str(raised.value)
    assert "hunter2@" not in str(raised.value)


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("\n")
    with pytest.raises(SettingsError, match="which is empty"):
        read_settings({"DATABASE_URL_FILE": str(tmp_path / "url")})
