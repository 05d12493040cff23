"""What a preset gives is read by the library that it is for; by a plain reader of URLs where the library is not here.

The values are the hardest that a reader may meet: the generated passwords are letters and digits.
"""

import inspect
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pika
import pytest
from asyncpg.connect_utils import _parse_connect_dsn_and_args
from redis.asyncio.sentinel import Sentinel

from components.contracts import Terms
from components.external import ExternalTls
from components.facts import FactText
from components.postgres_ha.contract import database_terms
from components.rabbitmq.contract import broker_terms, external_terms, node_fact
from components.redis_sentinel.contract import plain_terms, sentinel_terms
from tests.components.certificates import Authority

PASSWORD = "p@:/?&#%+ ;\"\\'é{}"
DATABASE = {
    "host": "db.example.com",
    "port": "5432",
    "name": "app",
    "user": "us@er",
    "connect_timeout": "5",
    "password": PASSWORD,
}
GROUP = {
    "sentinel_1": "a",
    "sentinel_2": "b",
    "sentinel_3": "c",
    "sentinel_port": "26379",
    "master_name": "main",
    "socket_timeout": "2",
    "user": "app-web",
    "password": PASSWORD,
    "sentinel_password": f"{PASSWORD}!",
}
TERMS = database_terms()
SENTINEL = sentinel_terms(3, endpoint=False, named=True)
VERIFIED = ExternalTls(ca="given")


def given(terms: Terms, values: dict[str, str], preset: str) -> dict[str, str]:
    """The variables of a preset, without the prefix."""
    templates = terms.templates("X", preset)
    return {name.removeprefix("X_"): FactText(text).filled(values, terms.facts) for name, text in templates.items()}


@pytest.mark.parametrize("preset", sorted(TERMS.presets))
def test_every_url_of_a_database_has_the_address_and_the_credentials(preset: str) -> None:
    url = urlsplit(given(TERMS, DATABASE, preset)["URL"].removeprefix("jdbc:"))
    query = parse_qs(url.query, strict_parsing=bool(url.query))
    assert (url.hostname, url.port, url.path) == ("db.example.com", 5432, "/app")
    if preset == "jdbc":
        assert (query.pop("user"), query.pop("password")) == (["us@er"], [PASSWORD])
        assert query == {"connectTimeout": ["5"], "targetServerType": ["primary"]}
        return
    assert (unquote(url.username or ""), unquote(url.password or "")) == ("us@er", PASSWORD)
    bare = "asyncpg" in preset or "pg8000" in preset
    assert query == ({} if bare else {"connect_timeout": ["5"], "target_session_attrs": ["read-write"]})


def test_asyncpg_reads_its_url() -> None:
    arguments: dict[str, Any] = dict.fromkeys(inspect.signature(_parse_connect_dsn_and_args).parameters)
    arguments |= {"dsn": given(TERMS, DATABASE, "asyncpg")["URL"], "direct_tls": False}
    addresses, parameters = _parse_connect_dsn_and_args(**arguments)
    assert addresses == [("db.example.com", 5432)]
    assert (parameters.user, parameters.password, parameters.database) == ("us@er", PASSWORD, "app")
    assert parameters.server_settings is None, "nothing that the server would not know"


def test_redis_py_takes_its_options() -> None:
    found = given(SENTINEL, GROUP, "redis-py")
    sentinel: Any = Sentinel(**json.loads(found["OPTIONS"]))  # type: ignore[no-untyped-call]
    asked = [one.connection_pool.connection_kwargs for one in sentinel.sentinels]
    assert [(one["host"], one["port"], one["password"]) for one in asked] == [
        (host, 26379, f"{PASSWORD}!") for host in "abc"
    ]
    master = sentinel.master_for(found["MASTER_NAME"]).connection_pool
    assert master.service_name == "main"
    told = master.connection_kwargs
    assert (told["username"], told["password"], told["socket_timeout"]) == ("app-web", PASSWORD, 2)


def test_celery_gets_a_url_of_each_sentinel_and_the_masters_name() -> None:
    found = given(SENTINEL, GROUP, "celery")
    urls = [urlsplit(one) for one in found["URL"].split(";")]
    assert [(url.scheme, url.hostname, url.port, url.username, unquote(url.password or "")) for url in urls] == [
        ("sentinel", host, 26379, "app-web", PASSWORD) for host in "abc"
    ]
    assert found["USER"] == "app-web", "of `redis_username`, where the result backend looks for it"
    assert json.loads(found["TRANSPORT_OPTIONS"]) == {
        "master_name": "main",
        "sentinel_kwargs": {"password": f"{PASSWORD}!"},
    }


def test_go_redis_gets_the_first_sentinel_as_host_and_the_others_as_parameters() -> None:
    url = urlsplit(given(SENTINEL, GROUP, "go-redis")["URL"])
    assert (url.scheme, url.hostname, url.port, url.path) == ("redis", "a", 26379, "/0")
    assert unquote(url.password or "") == f"{PASSWORD}!", "who asks in the host's place is a Sentinel"
    assert parse_qs(url.query, strict_parsing=True) == {
        "master_name": ["main"],
        "username": ["app-web"],
        "password": [PASSWORD],
        "addr": ["b:26379", "c:26379"],
    }


def test_ioredis_takes_its_options() -> None:
    assert json.loads(given(SENTINEL, GROUP, "ioredis")["OPTIONS"]) == {
        "sentinels": [{"host": host, "port": 26379} for host in "abc"],
        "name": "main",
        "username": "app-web",
        "password": PASSWORD,
        "sentinelPassword": f"{PASSWORD}!",
    }


def test_each_client_of_an_encrypted_group_verifies_servers_and_sentinels(tmp_path: Path) -> None:
    authority = tmp_path / "an authority.crt"
    made = Authority.new()
    authority.write_text(made.pem)
    terms = sentinel_terms(3, endpoint=False, named=True, tls=VERIFIED)
    values = GROUP | {"tls_mode": "verify-full", "ca_file": str(authority)}
    found = given(terms, values, "redis-py")
    sentinel: Any = Sentinel(**json.loads(found["OPTIONS"]))  # type: ignore[no-untyped-call]
    pools = [sentinel.master_for("main").connection_pool, *(one.connection_pool for one in sentinel.sentinels)]
    for pool in pools:
        pool.connection_kwargs |= {"host": "a"}
        context = pool.connection_class(**pool.connection_kwargs).ssl_context.get()
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        known = {int(one["serialNumber"], 16) for one in context.get_ca_certs()}
        assert made.certificate.serial_number in known
    verified = {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_ca_certs": str(authority)}
    celery = given(terms, values, "celery")
    assert json.loads(celery["USE_SSL"]) == verified
    asked = {"password": f"{PASSWORD}!", "ssl": True, **verified}
    assert json.loads(celery["TRANSPORT_OPTIONS"]) == {"master_name": "main", "sentinel_kwargs": asked}
    go_redis, ioredis = given(terms, values, "go-redis"), given(terms, values, "ioredis")
    assert urlsplit(go_redis["URL"]).scheme == "rediss"
    assert go_redis["CA_FILE"] == ioredis["CA_FILE"] == str(authority)
    options = json.loads(ioredis["OPTIONS"])
    assert (options["enableTLSForSentinelMode"], options["tls"], options["sentinelTLS"]) == (True, {}, {})


BROKER = {
    "host": "rabbit",
    "port": "5672",
    **{node_fact(ordinal): host for ordinal, host in enumerate("abc")},
    "vhost": "app",
    "heartbeat": "10",
    "user": "app-web",
    "password": PASSWORD,
}


def test_pika_gets_a_url_of_each_node() -> None:
    found = [pika.URLParameters(url) for url in json.loads(given(broker_terms(3), BROKER, "pika")["URLS"])]
    assert [(one.host, one.port, one.virtual_host, one.heartbeat) for one in found] == [
        (host, 5672, "app", 10) for host in "abc"
    ]
    assert {(one.credentials.username, one.credentials.password) for one in found} == {("app-web", PASSWORD)}


def test_aio_pika_gets_one_name_of_all_nodes() -> None:
    url = urlsplit(given(broker_terms(3), BROKER, "aio-pika")["URL"])
    assert (url.scheme, url.hostname, url.port, url.path, url.query) == ("amqp", "rabbit", 5672, "/app", "heartbeat=10")
    assert (url.username, unquote(url.password or "")) == ("app-web", PASSWORD)


def test_celery_gets_a_url_of_each_node_and_the_heartbeat_beside_it() -> None:
    found = given(broker_terms(3), BROKER, "celery")
    urls = [urlsplit(one) for one in found["URL"].split(";")]
    assert [(url.scheme, url.hostname, url.port, url.username, unquote(url.password or "")) for url in urls] == [
        ("amqp", host, 5672, "app-web", PASSWORD) for host in "abc"
    ]
    assert found["HEARTBEAT"] == "10", "of `broker_heartbeat`: kombu reads none from a URL"


def test_each_client_of_an_encrypted_broker_verifies_it(tmp_path: Path) -> None:
    authority = tmp_path / "an authority.crt"
    authority.write_text(Authority.new().pem)
    values = BROKER | {"port": "5671", "tls_mode": "verify-full", "ca_file": str(authority)}
    terms = broker_terms(3, VERIFIED)
    for one in [pika.URLParameters(url) for url in json.loads(given(terms, values, "pika")["URLS"])]:
        context = one.ssl_options.context
        assert (one.port, one.virtual_host, one.heartbeat) == (5671, "app", 10)
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert len(context.get_ca_certs()) == 1
    url = urlsplit(given(terms, values, "aio-pika")["URL"])
    assert (url.scheme, parse_qs(url.query)) == ("amqps", {"heartbeat": ["10"], "cafile": [str(authority)]})
    celery = given(terms, values, "celery")
    assert [urlsplit(one).scheme for one in celery["URL"].split(";")] == ["amqps"] * 3
    assert json.loads(celery["USE_SSL"]) == {"ca_certs": str(authority), "server_hostname": "rabbit"}


@pytest.mark.parametrize("tls", [VERIFIED, None])
def test_a_broker_outside_has_one_address_and_any_virtual_host(tls: ExternalTls | None) -> None:
    terms = external_terms(tls)
    values = {fact: value for fact, value in BROKER.items() if not fact.startswith("node")} | {"vhost": "/"}
    values |= {"tls_mode": "verify-full", "ca_file": "/ca.crt"} if tls else {}
    assert values.keys() == terms.facts.keys() - {"url"}
    without_ca = given(terms, values, "pika")["URLS"].replace("&ssl_options=%7B%27ca_certs%27%3A%27/ca.crt%27%7D", "")
    (one,) = (pika.URLParameters(url) for url in json.loads(without_ca))
    assert (one.host, one.virtual_host, one.credentials.password) == ("rabbit", "/", PASSWORD)


ENCRYPTED = (ExternalTls(ca="given"), ExternalTls(mode="require"), None)


@pytest.mark.parametrize(
    "terms",
    [
        *map(database_terms, ENCRYPTED),
        *(plain_terms(tls, user=user) for tls in ENCRYPTED for user in (True, False)),
        *(broker_terms(count, tls) for count in (1, 3, 5) for tls in (VERIFIED, None)),
        *(external_terms(tls) for tls in (VERIFIED, None)),
        *(
            sentinel_terms(count, endpoint=endpoint, named=True, tls=tls)
            for count in (1, 3)
            for endpoint in (True, False)
            for tls in (VERIFIED, None)
        ),
    ],
)
def test_presets_and_prefixes_name_facts_that_are_there(terms: Terms) -> None:
    for preset in (None, *terms.presets):
        for text in terms.templates("X", preset).values():
            assert set(FactText(text).facts) <= set(terms.facts)
