"""What looks like a secret, and what only sounds like one."""

import time

import pytest

from settings.plain_secrets import holds_a_secret, is_secret, secrets_in_arguments

SECRETS = (
    ("API_TOKEN", "1234567890"),
    ("ADMIN_PASSWORD", "$2b$10$abcdefghijklmnop"),
    ("SECRET_KEY", "abcdefghijklmnop"),
    ("AWS_SECRET_ACCESS_KEY", "abc"),
    ("SECRET_KEY_BASE", "abc"),
    ("ENCRYPTION_KEY", "abc"),
    ("SALT", "abc"),
    ("DB_PWD", "hunter2"),
    ("PRIVATE", "-----BEGIN RSA PRIVATE KEY-----"),
    ("X", "-----BEGIN PRIVATE KEY-----"),
    ("POSTGRES_PASS", "x"),
    ("KEY_PASSPHRASE", "x"),
    ("APP_KEY", "base64:abc="),
    ("JWT_SECRET", "x"),
    ("OPENAI_API_KEY", "abc"),
    ("BROKER", "amqp://u:p@h"),
    ("A", "mongodb+srv://u:p@h/x"),
    ("A", "jdbc:postgresql://h/d?user=u&password=hunter2"),
    ("A", "host=h password=hunter2"),
    ("A", '{"password": "hunter2"}'),
    ("A", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abcd=="),
    ("A", "AKIAIOSFODNN7EXAMPLE"),
    ("A", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"),
    ("API_TOKEN", "hunter2"),
    ("PASSWORD", "12345"),
    ("creds_key", "abc"),
    ("api_key", "x"),
    ("SENTRY_DSN", "abc"),
    ("OAUTH_CLIENT_SECRET", "x"),
    ("TOKEN_2", "abc"),
    ("Db_Password", "x"),
    ("A", "sk-a1a1a1a1a1a1a1a1a1a1a1a1"),
    ("A", "ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"),
    ("A", "xoxb-1234567890-abcdef"),
    ("A", "password: hunter2\nuser: x\n"),
    ("A", "requirepass hunter2"),
    ("dbPassword", "x"),
    ("A", "0.0.0.0 <x> https://hooks.slack.com/services/T000/B000/abcdef"),
)
HARMLESS = (
    ("TOKEN_LIMIT", "4096"),
    ("ENABLE_API_KEYS", "true"),
    ("PASSWORD_MIN_LENGTH", "8"),
    ("SECRETS_DIR", "/x"),
    ("MAX_TOKENS", "100"),
    ("PASSWORD_FILE", "/run/secrets/x"),
    ("DB_PASSWORD", ""),
    ("USE_TOKEN", "1"),
    ("TOKEN_URL", "https://a/b"),
    ("PUBLIC_KEY", "abc"),
    ("CACHE_KEY", "abc"),
    ("PWD", "/app"),
    ("REQUIRE_PASSWORD", "true"),
    ("A", "postgres://app@h/db"),
    ("A", "http://h:80/x@y"),
    ("A", "postgresql://app:${PW}@h"),
    ("A", "password=$PW"),
    ("A", 'API_KEY="$$(cat /run/secret-env/API_KEY)"'),  # as Kubernetes escapes it
    ("A", "token_limit: 5"),
    ("PROXY_PASS", "http://web:8000"),
    ("SECRET_NAME", "foo"),
    ("A", "key=value"),
    ("JWT_ALGORITHM", "HS256"),
    ("TOKENIZERS_PARALLELISM", "false"),
    ("PASSWORD_RESET_URL", "x"),
    ("SSL_KEY", "/etc/x"),
    ("A", "time: 12:30"),
    ("SECRET_KEY", "/run/secrets/key"),
    ("TEXT", "the password: must have 8"),
    ("EMPTY", ""),
    ("SECRET", "  "),
    ("A", "ask-for-a-desk-in-the-room-today"),
    ("PASSTHROUGH", "x"),
    ("COMPASS", "north"),
    ("A", "postgresql+asyncpg://app@db:5432/app?sslmode=require"),
)


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_secrets(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_harmless_texts(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_arguments() -> None:
    line = ["--requirepass", "hunter2", "--api-key", "x", "--password=abc", "--token-limit", "5", "-c", "echo $TOKEN"]
    assert list(secrets_in_arguments(line)) == [1, 3, 4]
    assert list(secrets_in_arguments(["psql", "postgres://a:b@c", "--password", "$PASSWORD", "--token"])) == [1]


@pytest.mark.parametrize("piece", ["x", "x.x-", "\n", "a="])
def test_a_long_text_is_searched_in_seconds(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    assert holds_a_secret(f"{text}\npassword=hunter2")
    assert time.process_time() - started < 10, "hours, if a name could start and go on anywhere"
