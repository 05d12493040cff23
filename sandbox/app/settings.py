"""What the application reads from its environment; secrets come as files (`<NAME>_FILE`) or as variables."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """One sentence that names the variable, what is wrong with it and what to write."""


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Times in seconds. `url` holds the password: never printed."""

    url: str
    pool_max: int
    connect_timeout: float
    command_timeout: float


@dataclass(frozen=True, kw_only=True)
class RedisSettings:
    """Sentinel addresses and the name they know the master by; `socket_timeout` in seconds; `ca_file` is the
    certificate of the authority by which all of them are verified (None: no encryption)."""

    sentinels: tuple[tuple[str, int], ...]
    master_name: str
    user: str | None
    password: str | None
    sentinel_password: str | None
    socket_timeout: float
    ca_file: str | None = None


@dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """`url` holds the password: never printed. `timeout` in seconds: for a connection, and for a confirm."""

    url: str
    timeout: float


@dataclass(frozen=True, kw_only=True)
class AppSettings:
    """`drain_seconds`: new connections are still accepted after SIGTERM, until every proxy has noticed;
    `grace_seconds`: then requests and streams in flight get this long to finish."""

    port: int
    version: str
    replica: str
    drain_seconds: float
    grace_seconds: float
    database: DatabaseSettings | None
    redis: RedisSettings | None
    broker: BrokerSettings | None


def read_settings(env: Mapping[str, str] = os.environ) -> AppSettings:
    """Raises SettingsError."""
    return AppSettings(
        port=read_port(env),
        version=env.get("APP_VERSION", "dev"),
        replica=socket.gethostname(),
        # 2 s: a proxy that checks every second and drops a replica after two failures, and DNS held for 1 s.
        drain_seconds=read_number(env, "DRAIN_SECONDS", 2),
        grace_seconds=read_number(env, "GRACE_SECONDS", 30),
        database=read_database(env),
        redis=read_redis(env),
        broker=read_broker(env),
    )


def read_port(env: Mapping[str, str] = os.environ) -> int:
    """The port to listen on; raises SettingsError."""
    port = read_number(env, "PORT", 8000)
    if not 1 <= port <= 65535 or port != int(port):
        raise SettingsError(f"PORT is {env['PORT']!r}: write a whole number from 1 to 65535")
    return int(port)


def read_database(env: Mapping[str, str] = os.environ) -> DatabaseSettings | None:
    """None when the environment names no database; raises SettingsError."""
    url = _secret(env, "DATABASE_URL")
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise SettingsError(
            "DATABASE_URL does not start with postgresql://: write postgresql://user:password@host/name"
        )
    pool_max = int(read_number(env, "DATABASE_POOL_MAX", 5))
    if pool_max < 1:
        raise SettingsError(f"DATABASE_POOL_MAX is {pool_max}: write at least 1")
    return DatabaseSettings(
        url=f"postgresql://{rest}",
        pool_max=pool_max,
        connect_timeout=read_number(env, "DATABASE_CONNECT_TIMEOUT", 3),
        command_timeout=read_number(env, "DATABASE_COMMAND_TIMEOUT", 5),
    )


def read_redis(env: Mapping[str, str] = os.environ) -> RedisSettings | None:
    """None when the environment names no Sentinel; raises SettingsError."""
    addresses = env.get("REDIS_SENTINELS", "")
    if not addresses:
        return None
    if not env.get("REDIS_MASTER_NAME"):
        raise SettingsError("REDIS_MASTER_NAME is missing: write the name by which the Sentinels know the master")
    return RedisSettings(
        sentinels=tuple(_address(address.strip()) for address in addresses.split(",")),
        master_name=env["REDIS_MASTER_NAME"],
        user=env.get("REDIS_USER") or None,
        password=_secret(env, "REDIS_PASSWORD"),
        sentinel_password=_secret(env, "REDIS_SENTINEL_PASSWORD"),
        socket_timeout=read_number(env, "REDIS_SOCKET_TIMEOUT", 2),
        ca_file=env.get("REDIS_CA_FILE") or None,
    )


def read_broker(env: Mapping[str, str] = os.environ) -> BrokerSettings | None:
    """None when the environment names no broker; raises SettingsError."""
    url = _secret(env, "BROKER_URL")
    if url is None:
        return None
    if not url.startswith(("amqp://", "amqps://")):
        raise SettingsError("BROKER_URL does not start with amqp:// or amqps://: write amqp://user:password@host/vhost")
    return BrokerSettings(url=url, timeout=read_number(env, "BROKER_TIMEOUT", 3))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"REDIS_SENTINELS has {text!r}: write host:port, several separated by commas")
    return host, int(port)


def read_number(env: Mapping[str, str], name: str, default: float) -> float:
    """The variable `name`, or `default` when it is absent or empty; raises SettingsError."""
    text = env.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise SettingsError(f"{name} is {text!r}: write a number from 0 to 999999")
    return number


def _secret(env: Mapping[str, str], name: str) -> str | None:
    path = env.get(f"{name}_FILE", "")
    if not path:
        return env.get(name) or None
    try:
        value = Path(path).read_text().strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE is {path!r}, which cannot be read: {error.strerror}") from None
    if not value:
        raise SettingsError(f"{name}_FILE is {path!r}, which is empty: mount the secret there")
    return value
