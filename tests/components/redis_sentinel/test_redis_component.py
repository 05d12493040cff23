"""The words that a cache says, and what it gives to its clients and to monitoring."""

import json
from typing import Any

import pytest

from components.redis_sentinel import RedisSentinel
from components.redis_sentinel.settings import RedisSettings
from components.store_image import ExporterImage, StoreImage
from model import Image, Members, Origin, Tier, Workload
from tests.components.recorder import Recorder, recorded

IMAGE = StoreImage(image=Image(ref="docker.io/library/redis:8.0", uid=999, gid=999), data_dir="/data")
EXPORTER = ExporterImage(image=Image(ref="docker.io/oliver006/redis_exporter:1", uid=59000, gid=59000), bin_dir="/")


PORTS = (("redis", 6379, "ha_exporter@"), ("sentinel", 26379, ""))


def made(*apps: str, **settings: Any) -> tuple[RedisSentinel, Recorder]:
    model = RedisSettings.model_validate({"role": "session", **settings})
    return recorded(
        lambda platform: RedisSentinel(
            "jobs",
            model,
            platform=platform,
            image=IMAGE,
            exporter_image=EXPORTER,
            proxy_image=IMAGE.image,
            apps=apps,
        ),
        type_="ha-platform:data:RedisSentinel",
    )


def test_members_and_as_many_sentinels_each_with_a_volume() -> None:
    _, platform = made(volume=3 * 2**30)
    assert platform.names(Members) == {"jobs-redis", "jobs-sentinel"}
    redis, sentinel = (platform.one(Members, f"jobs-{kind}") for kind in ("redis", "sentinel"))
    assert (redis.count, sentinel.count) == (3, 3)
    assert (redis.tier, redis.origin) == (Tier.DATA, Origin(key="caches", name="jobs"))
    assert redis.volume is not None
    assert (redis.volume.path, redis.volume.size_bytes) == ("/data", 3 * 2**30)
    assert sentinel.volume is not None, "a Sentinel that forgets follows the wrong master"
    assert sentinel.depends_on, "the Sentinels look for members that are there"


def test_the_memory_limit_leaves_room_to_save() -> None:
    word = made(maxmemory=100 * 2**20)[1].one(Members, "jobs-redis")
    assert word.container.resources.memory_limit_bytes >= 200 * 2**20


@pytest.mark.parametrize(
    ("role", "policy", "persists"),
    [
        ("broker", "noeviction", True),
        ("lock", "noeviction", True),
        ("session", "volatile-ttl", True),
        ("cache", "allkeys-lru", False),
    ],
)
def test_what_happens_to_data_follows_from_the_role(role: str, policy: str, persists: bool) -> None:
    lines = made(role=role)[1].text("jobs-redis-config").splitlines()
    assert f"maxmemory-policy {policy}" in lines
    assert f"appendonly {'yes' if persists else 'no'}" in lines
    assert ("min-replicas-to-write 1" in lines) == persists, "what is kept is on two members"


@pytest.mark.parametrize(
    ("role", "fsync"), [("broker", ["everysec"]), ("lock", ["always"]), ("session", ["everysec"]), ("cache", [])]
)
def test_a_lock_is_on_disk_before_it_is_acknowledged(role: str, fsync: list[str]) -> None:
    lines = made(role=role)[1].text("jobs-redis-config").splitlines()
    assert [line.split()[1] for line in lines if line.startswith("appendfsync ")] == fsync


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({}, ["min-replicas-to-write 1", "min-replicas-max-lag 3", "repl-timeout 5"]),
        ({"role": "cache"}, ["repl-timeout 5"]),
        ({"members": 1}, ["repl-timeout 5"]),
        ({"min_replicas": {"to_write": 0}}, ["repl-timeout 5"]),
        (
            {"role": "cache", "min_replicas": {"to_write": 2, "max_lag": 10}},
            ["min-replicas-to-write 2", "min-replicas-max-lag 10", "repl-timeout 10"],
        ),
    ],
)
def test_replicas_that_a_write_needs(settings: dict[str, Any], lines: list[str]) -> None:
    """A silent replica is not dropped before the lag is over: it would not count, whatever the setting says."""
    text = made(**settings)[1].text("jobs-redis-config").splitlines()
    assert [line for line in text if line.startswith(("min-replicas", "repl-timeout"))] == lines


@pytest.mark.parametrize(("members", "quorum"), [(1, 1), (3, 2)])
def test_a_majority_must_agree(members: int, quorum: int) -> None:
    text = made(members=members, failover="standard")[1].text("jobs-sentinel-config")
    assert f"sentinel monitor main jobs-redis-0 6379 {quorum}\n" in text
    assert "sentinel down-after-milliseconds main 5000\n" in text


@pytest.mark.parametrize(
    ("settings", "held", "patient", "reconnected"),
    [
        ({}, "16", "0", "1000"),
        ({"failover": "standard"}, "25", "1000", "1000"),
        ({"timers": {"down_after": 60_000, "failover_timeout": 120}}, "60", "28500", "12000"),
    ],
)
def test_a_master_that_is_back_is_seen_before_it_counts_as_lost(
    settings: dict[str, Any], held: str, patient: str, reconnected: str
) -> None:
    platform = made(**settings)[1]
    server, sentinel = (platform.one(Members, f"jobs-{word}").container.env for word in ("redis", "sentinel"))
    assert (server["HA_HOLD_SECONDS"], server["HA_PATIENT_MILLIS"]) == (held, patient)
    assert sentinel["HA_RECONNECT_MILLIS"] == reconnected


def test_the_contract_names_every_sentinel_and_two_passwords() -> None:
    component, platform = made()
    contract = component.contract
    assert contract.values["sentinels"] == "jobs-sentinel-0:26379,jobs-sentinel-1:26379,jobs-sentinel-2:26379"
    assert contract.values["master_name"] == "main"
    assert set(contract.secrets) == {"password", "sentinel_password"}
    values = [platform.secrets[secret.name] for secret in contract.secrets.values()]
    assert len(set(values)) == 2
    assert contract.resources, "clients wait for the members"


@pytest.mark.parametrize(
    ("apps", "settings", "everybodys", "webs"),
    [
        ((), {}, True, False),
        (("web",), {}, False, True),
        (("web",), {"default_user": "off"}, False, True),
        (("web",), {"default_user": "apps"}, True, False),
    ],
)
def test_a_password_is_handed_out_where_somebody_reads_it(
    apps: tuple[str, ...], settings: dict[str, Any], everybodys: bool, webs: bool
) -> None:
    secrets = made(*apps, endpoint=True, **settings)[1].secrets.keys()
    assert {"jobs-client-password" in secrets, "jobs-url" in secrets} == {everybodys}
    assert {"jobs-app-web-password" in secrets, "jobs-app-web-url" in secrets} == {webs}
    assert "jobs-client-sentinel" in secrets, "which all read"


def test_no_password_is_in_a_configuration_file() -> None:
    _, platform = made()
    assert platform.secrets
    texts = [word.text for word in platform.words if hasattr(word, "text")]
    assert not [text for text in texts if "generated-" in text]


def test_the_exporter_asks_each_server_with_its_password() -> None:
    component, platform = made()
    assert platform.one(Workload).name == "jobs-exporter"
    known = json.loads(platform.secrets["jobs-exporter-passwords"])
    servers = [f"redis://{user}jobs-{server}-{ordinal}:{port}" for server, port, user in PORTS for ordinal in range(3)]
    assert [dict(target.params)["target"] for target in component.observability.targets] == list(known) == servers
    assert len(set(known.values())) == 2


TLS = {"clients": "required"}


@pytest.mark.parametrize(("server", "port"), [("redis", 6379), ("sentinel", 26379)])
def test_with_encryption_there_is_no_other_port(server: str, port: int) -> None:
    plain = made()[1].text(f"jobs-{server}-config").splitlines()
    assert f"port {port}" in plain
    assert not [line for line in plain if line.startswith("tls-")]
    lines = made(tls=TLS)[1].text(f"jobs-{server}-config").splitlines()
    assert {"port 0", f"tls-port {port}", "tls-replication yes"} <= set(lines)
    assert f"port {port}" not in lines


def test_every_question_of_the_scripts_is_encrypted() -> None:
    plain, platform = made(endpoint=True)[1], made(endpoint=True, tls=TLS)[1]
    own = {"redis": ("start", "ready", "masters", "watch", "hand-over"), "sentinel": ("start", "ready", "fence")}
    for server, scripts in own.items():
        for script in scripts:
            text = platform.text(f"jobs-{server}-{script}")
            assert "$HA_CLI " in text
            assert "redis-cli" not in text
        asks = [group.one(Members, f"jobs-{server}").container.env["HA_CLI"] for group in (plain, platform)]
        assert asks == ["redis-cli", "redis-cli --tls --cacert /etc/ha-redis/ca.pem"]
    (line,) = [line for line in platform.text("jobs-rw-config").splitlines() if "default-server" in line]
    assert " check-ssl verify required ca-file /etc/ha-proxy/ca.pem verifyhost jobs-redis-0 " in line
    assert "ssl" not in plain.text("jobs-rw-config")


@pytest.mark.parametrize("word", ["jobs-redis", "jobs-sentinel", "jobs-rw", "jobs-exporter"])
def test_who_verifies_has_the_authority_and_who_serves_the_key(word: str) -> None:
    platform = made(endpoint=True, tls=TLS)[1]
    mounted = {file.source.name for file in platform.one(Members | Workload, word).container.files}  # type: ignore[arg-type]
    assert "jobs-redis-ca" in mounted
    assert ("jobs-redis-identity" in mounted) == (word in ("jobs-redis", "jobs-sentinel"))


def test_the_exporter_asks_encrypted() -> None:
    component, platform = made(tls=TLS)
    known = json.loads(platform.secrets["jobs-exporter-passwords"])
    assert [dict(target.params)["target"] for target in component.observability.targets] == list(known)
    assert all(address.startswith("rediss://") for address in known)
    assert "-tls-ca-cert-file=/run/secrets/redis_ca.pem" in platform.one(Workload).container.args


def test_clients_verify_a_certificate_for_every_name_that_they_are_told() -> None:
    component, platform = made("web", endpoint=True, tls=TLS)
    web = component.own["web"]
    assert (web.values["tls_mode"], web.values["ca_file"]) == ("verify-full", "/run/secrets/jobs-ca.crt")
    assert web.files["ca_file"].name == "jobs-redis-ca"
    assert platform.secrets["jobs-app-web-url"].startswith("rediss://app-web:")
    told = {web.values["host"], *str(web.values["sentinel_hosts"]).split(","), *(f"jobs-redis-{n}" for n in range(3))}
    assert told == set(platform.identities["jobs-redis-identity"])


def test_a_plain_address_more_changes_no_certificate() -> None:
    assert made(tls=TLS)[1].identities == made(tls=TLS, endpoint=True)[1].identities
