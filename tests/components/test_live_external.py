"""Servers outside the stack, reached over TLS with the variables and files that an application is given."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from tests.components import external_servers as servers
from tests.components.certificates import Authority
from tests.components.external_servers import HOST, Server
from tests.rendered.process import process
from tests.rendered.texts import PLATFORMS, accepted

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SECRETS = "/run/secrets"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Server]:
    with servers.redis() as server:
        yield server


class Told:
    """What an application with this use is given. Its files are in `directory`, as they would be in /run/secrets."""

    def __init__(self, directory: Path, kind: str, stores: dict[str, Any], use: dict[str, Any], authority: str) -> None:
        directory.mkdir(exist_ok=True)
        app = {"image": "registry.example.com/x/web:1", "port": 8000, "command": ["serve"], "uses": {"main": use}}
        document = {"platform": PLATFORMS[kind], "apps": {"web": app}, **stores}
        found = process(accepted(document, secrets={"pw": servers.PASSWORD, "ca": authority}), "web")
        self.env = {name: value.replace(SECRETS, str(directory)) for name, value in found.env.items()}
        for path, text in found.files.items():
            (directory / Path(path).name).write_text(text.replace(SECRETS, str(directory)))

    def value(self, variable: str) -> str:
        """The variable, or what is in the file that it names."""
        return self.env.get(variable) or Path(self.env[f"{variable}_FILE"]).read_text()


def database(server: Server, **tls: str) -> dict[str, Any]:
    address = {"host": HOST, "port": server.port, "database": servers.DATABASE, "user": servers.USER}
    return {"databases": {"main": {"external": {**address, "password": "pw", "tls": tls}}}}


def cache(server: Server, **tls: str) -> dict[str, Any]:
    address = {"host": HOST, "port": server.port, "user": servers.USER}
    return {"caches": {"main": {"external": {**address, "password": "pw", "tls": tls}}}}


def psql(url: str) -> str:
    """What libpq says of the connection; an OSError with its reason where there is none."""
    query = (
        "select current_user || ' ' || current_database() || ' ' || ssl from pg_stat_ssl where pid = pg_backend_pid()"
    )
    done = subprocess.run(
        [str(servers.BIN / "psql"), "-Atc", query, url], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise OSError(done.stderr)
    return done.stdout.strip()


async def asyncpg_user(url: str) -> str:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        return str(await connection.fetchval("select current_user"))
    finally:
        await connection.close()


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize("use", [{"prefix": "DB"}, {"prefix": "DB", "preset": "libpq", "inject": "variables"}])
def test_libpq_verifies_the_server_with_what_is_given(
    kind: str, use: dict[str, Any], postgres: Server, tmp_path: Path
) -> None:
    right = Told(tmp_path / "right", kind, database(postgres, ca="ca"), use, postgres.authority.pem)
    assert "sslmode=verify-full" in right.value("DB_URL")
    assert psql(right.value("DB_URL")) == f"{servers.USER} {servers.DATABASE} true"
    wrong = Told(tmp_path / "wrong", kind, database(postgres, ca="ca"), use, Authority.new().pem)
    with pytest.raises(OSError, match="certificate verify failed"):
        psql(wrong.value("DB_URL"))


def test_asyncpg_verifies_the_server_with_what_is_given(postgres: Server, tmp_path: Path) -> None:
    use = {"prefix": "DB", "preset": "asyncpg"}
    right = Told(tmp_path / "right", "swarm", database(postgres, ca=postgres.authority.pem), use, "")
    assert asyncio.run(asyncpg_user(right.value("DB_URL"))) == servers.USER
    wrong = Told(tmp_path / "wrong", "swarm", database(postgres, ca=Authority.new().pem), use, "")
    with pytest.raises(OSError, match="certificate verify failed"):
        asyncio.run(asyncpg_user(wrong.value("DB_URL")))


def test_a_certificate_of_another_name_is_refused_where_the_name_counts(postgres: Server, tmp_path: Path) -> None:
    def url(mode: str) -> str:
        stores = database(postgres, ca="ca", mode=mode)
        stores["databases"]["main"]["external"]["host"] = "127.0.0.1"
        told = Told(tmp_path / mode, "swarm", stores, {"prefix": "DB"}, postgres.authority.pem)
        return told.value("DB_URL")

    with pytest.raises(OSError, match="does not match host name"):
        psql(url("verify-full"))
    assert psql(url("verify-ca")).startswith(servers.USER)


def test_a_server_that_wants_encryption_refuses_a_client_without(postgres: Server, tmp_path: Path) -> None:
    stores = database(postgres, mode="require")
    told = Told(tmp_path / "tls", "swarm", stores, {"prefix": "DB"}, "")
    assert psql(told.value("DB_URL")).endswith("true")
    del stores["databases"]["main"]["external"]["tls"]
    told = Told(tmp_path / "plain", "swarm", stores, {"prefix": "DB"}, "")
    with pytest.raises(OSError, match="no encryption"):
        psql(f"{told.value('DB_URL')}&sslmode=disable")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_redis_py_verifies_the_server_with_what_is_given(kind: str, redis_server: Server, tmp_path: Path) -> None:
    use = {"prefix": "REDIS", "preset": "redis-py"}
    right = Told(tmp_path / "right", kind, cache(redis_server, ca="ca"), use, redis_server.authority.pem)
    with redis.Redis.from_url(right.value("REDIS_URL"), socket_timeout=60) as client:
        assert client.set("who", "outside")
        assert client.acl_whoami() == servers.USER
    wrong = Told(tmp_path / "wrong", kind, cache(redis_server, ca="ca"), use, Authority.new().pem)
    client = redis.Redis.from_url(wrong.value("REDIS_URL"), socket_timeout=60)
    with client, pytest.raises(redis.ConnectionError, match="certificate verify failed"):
        client.ping()


def test_the_facts_of_a_cache_are_enough_for_a_client_without_urls(redis_server: Server, tmp_path: Path) -> None:
    told = Told(tmp_path, "swarm", cache(redis_server, ca="ca"), {"prefix": "REDIS"}, redis_server.authority.pem)
    given = [("-h", "HOST"), ("-p", "PORT"), ("--user", "USER"), ("-n", "DATABASE"), ("--cacert", "CA_FILE")]
    words = [word for flag, name in given for word in (flag, told.env[f"REDIS_{name}"])]
    done = subprocess.run(
        [shutil.which("redis-cli") or "redis-cli", "--tls", *words, "ping"],
        env={"REDISCLI_AUTH": told.value("REDIS_PASSWORD")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "PONG", done.stderr
