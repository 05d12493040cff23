"""Stores outside the stack: applications get the contract of a store inside, and nothing is built."""

from functools import cache
from typing import Any

import pytest

from components.context import Context
from composition.read import check
from composition.rules import advice
from settings.certificates import certificates
from settings.faults import BrokenStack
from tests.components.certificates import Authority
from tests.mock_engine import Recorded
from tests.rendered.process import Process, process
from tests.rendered.texts import PLATFORMS, accepted

AUTHORITY = Authority.new()
SECRETS = {"main_password": "p@ss/word", "main_ca": AUTHORITY.pem}
DATABASE: dict[str, Any] = {"host": "db.example.com", "database": "app", "user": "me@db", "password": "main_password"}
CACHE: dict[str, Any] = {"host": "10.9.8.7", "port": 6380, "user": "me", "password": "main_password"}
BROKER: dict[str, Any] = {"host": "mq.example.com", "user": "me", "password": "main_password"}
APP = {"image": "registry.example.com/x/web:1", "port": 8000, "command": ["serve"], "replicas": 1}
CA = "/run/secrets/{}-ca.crt"


def stack(kind: str, database: dict[str, Any], cache_: dict[str, Any], uses: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": PLATFORMS[kind],
        "apps": {"web": {**APP, "uses": uses, "migrations": {"command": ["migrate"]}}, "alone": APP},
        "databases": {"main": {"external": database}},
        "caches": {"sessions": {"external": cache_}},
    }


@cache
def rendered(kind: str) -> list[Recorded]:
    """The certificate of the database is a given secret, that of the cache stands in the file."""
    uses = {"main": "DATABASE", "sessions": "REDIS"}
    tls = ({"ca": "main_ca"}, {"ca": AUTHORITY.pem, "mode": "verify-ca"})
    document = stack(kind, DATABASE | {"tls": tls[0]}, CACHE | {"tls": tls[1]}, uses)
    return accepted(document, secrets=SECRETS)


def told(kind: str, uses: dict[str, Any], database: dict[str, Any], cache_: dict[str, Any]) -> Process:
    return process(accepted(stack(kind, database, cache_, uses), secrets=SECRETS), "web")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_an_application_is_told_what_a_store_inside_would_tell_it_and_the_encryption(kind: str) -> None:
    found = process(rendered(kind), "web")
    assert (
        found.env.items()
        >= {
            "DATABASE_HOST": "db.example.com",
            "DATABASE_PORT": "5432",
            "DATABASE_NAME": "app",
            "DATABASE_USER": "me@db",
            "DATABASE_CONNECT_TIMEOUT": "5",
            "DATABASE_TLS_MODE": "verify-full",
            "DATABASE_CA_FILE": CA.format("main"),
            "DATABASE_URL_FILE": "/run/secrets/database_url",
            "REDIS_HOST": "10.9.8.7",
            "REDIS_PORT": "6380",
            "REDIS_DATABASE": "0",
            "REDIS_CA_FILE": CA.format("sessions"),
        }.items()
    )
    assert found.files == {
        "/run/secrets/database_url": "postgresql://me%40db:p%40ss%2Fword@db.example.com:5432/app"
        f"?target_session_attrs=read-write&sslmode=verify-full&sslrootcert={CA.format('main')}",
        "/run/secrets/database_password": "p@ss/word",
        "/run/secrets/redis_url": "rediss://me:p%40ss%2Fword@10.9.8.7:6380/0",
        "/run/secrets/redis_password": "p@ss/word",
        CA.format("main"): AUTHORITY.pem,
        CA.format("sessions"): AUTHORITY.pem,
    }
    assert "p@ss/word" not in str(found.env), "a password is in no plain variable"


@pytest.mark.parametrize("kind", PLATFORMS)
def test_nothing_runs_for_it(kind: str) -> None:
    ran = {one.name for one in rendered(kind) if one.type.rpartition(":")[2] in ("Deployment", "StatefulSet", "Job")}
    ran |= {one.name for one in rendered(kind) if "taskSpec" in one.inputs}
    assert ran == {"web", "web-migrate", "alone"}


def test_policies_of_kubernetes_open_its_port_to_who_uses_it_and_to_nobody_else() -> None:
    def opened(name: str) -> list[Any]:
        (policy,) = (
            one.inputs for one in rendered("kubernetes") if one.type.endswith(":NetworkPolicy") and one.name == name
        )
        return [
            rule for rule in policy["spec"]["egress"] if {port["port"] for port in rule.get("ports", ())} & {5432, 6380}
        ]

    database = {"ports": [{"protocol": "TCP", "port": 5432}]}
    cache_ = {"ports": [{"protocol": "TCP", "port": 6380}], "to": [{"ipBlock": {"cidr": "10.9.8.7/32"}}]}
    assert opened("web") == opened("web-migrate") == [database, cache_]
    assert opened("alone") == []


def test_networks_take_the_place_of_any_address() -> None:
    document = stack("kubernetes", DATABASE | {"networks": ["10.20.0.0/16"]}, CACHE, {"main": "DATABASE"})
    (policy,) = (
        one.inputs
        for one in accepted(document, secrets=SECRETS)
        if one.type.endswith(":NetworkPolicy") and one.name == "web"
    )
    assert {"ports": [{"protocol": "TCP", "port": 5432}], "to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}]} in policy[
        "spec"
    ]["egress"]


@pytest.mark.parametrize(
    ("preset", "tls", "url"),
    [
        ("asyncpg", None, "postgresql://{}"),
        ("asyncpg", {"ca": "main_ca"}, "postgresql://{}?sslmode=verify-full&sslrootcert=/run/secrets/main-ca.crt"),
        ("asyncpg", {"mode": "require"}, "postgresql://{}?sslmode=require"),
        ("sqlalchemy-asyncpg", {"ca": "main_ca"}, "postgresql+asyncpg://{}?ssl=verify-full"),
        ("sqlalchemy-pg8000", {"ca": "main_ca"}, "postgresql+pg8000://{}"),
        (
            "libpq",
            {"ca": "main_ca", "mode": "verify-ca"},
            "postgresql://{}?connect_timeout=5&target_session_attrs=read-write&sslmode=verify-ca"
            "&sslrootcert=/run/secrets/main-ca.crt",
        ),
    ],
)
def test_a_preset_says_the_encryption_as_its_library_takes_it(preset: str, tls: Any, url: str) -> None:
    use = {"prefix": "DB", "preset": preset, "inject": "variables"}
    database = DATABASE | ({"tls": tls} if tls else {})
    found = told("swarm", {"main": use}, database, CACHE)
    assert found.env["DB_URL"] == url.format("me%40db:p%40ss%2Fword@db.example.com:5432/app")
    root = {"sqlalchemy-asyncpg": "PGSSLROOTCERT", "sqlalchemy-pg8000": "DB_CA_FILE"}.get(preset)
    if root:
        assert found.files[found.env[root]] == AUTHORITY.pem


@pytest.mark.parametrize(
    ("tls", "query"),
    [
        (None, None),
        ({"mode": "require"}, "ssl_cert_reqs=none"),
        (
            {"ca": "main_ca", "mode": "verify-ca"},
            "ssl_cert_reqs=required&ssl_check_hostname=false&ssl_ca_certs=/run/secrets/sessions-ca.crt",
        ),
        (
            {"ca": "main_ca"},
            "ssl_cert_reqs=required&ssl_check_hostname=true&ssl_ca_certs=/run/secrets/sessions-ca.crt",
        ),
    ],
)
def test_redis_py_and_celery_get_it_in_the_url(tls: Any, query: str | None) -> None:
    for preset in ("redis-py", "celery"):
        use = {"prefix": "REDIS", "preset": preset, "inject": "variables"}
        found = told("kubernetes", {"sessions": use}, DATABASE, CACHE | ({"tls": tls} if tls else {}))
        scheme, rest = ("rediss", f"?{query}") if query else ("redis", "")
        assert found.env["REDIS_URL"] == f"{scheme}://me:p%40ss%2Fword@10.9.8.7:6380/0{rest}"


def test_a_store_without_encryption_is_said() -> None:
    document = stack("swarm", DATABASE, CACHE | {"tls": {"mode": "require"}}, {"main": "DATABASE"})
    sound = check(document, source="x", secret_names=frozenset(SECRETS))
    said = [fault.path for fault in advice(Context(stack=sound, secret_names=frozenset(SECRETS)))]
    assert said == ["ha-platform:stack.databases.main.external"]


def test_a_private_key_in_the_place_of_a_certificate_is_refused_and_not_shown() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXNlY3JldA==\n-----END PRIVATE KEY-----\n"
    for given in (key, AUTHORITY.pem + key):
        document = stack("swarm", DATABASE | {"tls": {"ca": given}}, CACHE, {"main": "DATABASE"})
        with pytest.raises(BrokenStack) as broken:
            check(document, source="x", secret_names=frozenset(SECRETS))
        assert "databases.main.external.tls.ca: holds something else than certificates" in str(broken.value)
        assert "c2VjcmV0" not in str(broken.value)


def test_several_certificates_are_one_text() -> None:
    both = AUTHORITY.pem + Authority.new().pem
    assert certificates(both) == both


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize(
    ("broker", "scheme", "port"),
    [
        (BROKER, "amqp", 5672),
        (BROKER | {"tls": {"ca": "main_ca"}}, "amqps", 5671),
        (BROKER | {"port": 5699}, "amqp", 5699),
    ],
)
def test_a_broker_outside_is_reached_at_its_usual_port(
    kind: str, broker: dict[str, Any], scheme: str, port: int
) -> None:
    document = stack(kind, DATABASE, CACHE, {"tasks": "BROKER"}) | {"brokers": {"tasks": {"external": broker}}}
    found = process(accepted(document, secrets=SECRETS), "web")
    assert found.files["/run/secrets/broker_url"] == f"{scheme}://me:p%40ss%2Fword@mq.example.com:{port}/%2F"
    assert (found.env["BROKER_PORT"], found.env["BROKER_VHOST"]) == (str(port), "/")
    assert found.env.get("BROKER_CA_FILE") == (CA.format("tasks") if "tls" in broker else None)
