"""The words that a cluster says, and what it gives to its clients and to monitoring."""

import json
from typing import Any

import pytest

from components.facts import FactText
from components.redis_cluster import ClusterSettings, RedisCluster
from components.redis_cluster.groups import groups
from components.store_image import ExporterImage, StoreImage
from guarantees.surroundings import Surroundings
from model import ConfigFile, Image, Job, Members, Origin, Shard, Tier, Workload
from tests.components.recorder import Recorder, recorded
from tests.guarantees.budgets import KUBERNETES, SWARM

IMAGE = StoreImage(image=Image(ref="docker.io/valkey/valkey:8.1", uid=999, gid=1000), data_dir="/data")
EXPORTER = ExporterImage(image=Image(ref="docker.io/oliver006/redis_exporter:v1", uid=59000, gid=59000))


def made(*apps: str, **settings: Any) -> tuple[RedisCluster, Recorder]:
    model = ClusterSettings.model_validate({"role": "store"} | settings)
    return recorded(
        lambda platform: RedisCluster(
            "keys", model, platform=platform, image=IMAGE, exporter_image=EXPORTER, apps=apps
        ),
        type_="ha-platform:data:RedisCluster",
    )


def shards(**settings: Any) -> list[Members]:
    return [word for word in made(**settings)[1].words if isinstance(word, Members)]


def config(**settings: Any) -> list[str]:
    return made(**settings)[1].text("keys-redis-config").splitlines()


def test_a_shard_is_a_word_with_a_member_on_each_of_its_hosts() -> None:
    found = shards(replicas=2)
    assert [(word.name, word.count, word.shard) for word in found] == [
        (f"keys-redis-{number}", 3, Shard(of="keys", number=number)) for number in range(3)
    ]
    assert {(word.tier, word.origin) for word in found} == {(Tier.DATA, Origin(key="clusters", name="keys"))}
    assert all(word.peers for word in found), "a member that moves copies its shard"


def test_named_hosts_are_taken_in_turn_and_no_member_is_beside_its_master() -> None:
    hosts = ["a", "b", "c"]
    assert [word.hosts for word in shards(hosts=hosts, masters=4)] == [("a", "b"), ("b", "c"), ("c", "a"), ("a", "b")]
    assert [word.hosts for word in shards()] == [(), (), ()], "the platform's choice"


def test_another_shard_changes_no_member_that_runs() -> None:
    before, after = shards(tls={"clients": "required"}), shards(masters=4, tls={"clients": "required"})
    for old, new in zip(before, after, strict=False):
        assert (old.container.env, old.name, old.ports) == (new.container.env, new.name, new.ports)
    texts = [made(masters=masters, tls={"clients": "required"})[1] for masters in (3, 4)]
    names = {word.name for word in texts[0].words if isinstance(word, ConfigFile) and "form" not in word.name}
    assert names
    assert all(texts[0].text(name) == texts[1].text(name) for name in names)
    assert texts[0].secrets["keys-redis-users"] == texts[1].secrets["keys-redis-users"]
    own = {name: hosts for name, hosts in texts[1].identities.items() if name in texts[0].identities}
    assert own == texts[0].identities, "nor its certificate"


def test_a_change_takes_one_member_down_at_a_time() -> None:
    """Shards wait for each other, and the job and the exporter for all."""
    _, platform = made()
    words = [word for word in platform.words if isinstance(word, Members | Job | Workload)]
    assert [len(word.depends_on) for word in words] == sorted(len(word.depends_on) for word in words)
    assert not words[0].depends_on
    assert all(word.depends_on for word in words[1:])


def test_the_bus_is_for_members_alone() -> None:
    word = shards()[0]
    numbers = {port.name: port.number for port in word.ports}
    assert (numbers, word.peer_ports) == ({"redis": 6379, "bus": 16379}, ("bus",))


@pytest.mark.parametrize(
    ("role", "lines"),
    [
        ("cache", {'save ""', "appendonly no", "maxmemory-policy allkeys-lru", "cluster-replica-validity-factor 0"}),
        ("session", {"appendonly yes", "maxmemory-policy volatile-ttl", "cluster-replica-validity-factor 10"}),
        ("store", {"appendonly yes", "maxmemory-policy noeviction", "cluster-replica-validity-factor 10"}),
    ],
)
def test_memory_and_disk_follow_from_the_role(role: str, lines: set[str]) -> None:
    assert lines <= set(config(role=role))


def test_timers_and_parameters_reach_the_server() -> None:
    found = config(node_timeout="3s", parameters={"io-threads": 2}, resources=_cpus("2"))
    assert {"cluster-node-timeout 3000", "io-threads 2", "cluster-preferred-endpoint-type hostname"} <= set(found)


def _cpus(limit: str) -> dict[str, str]:
    return {"cpu_request": "250m", "cpu_limit": limit, "memory_request": "512Mi", "memory_limit": "512Mi"}


def test_nobody_logs_in_without_a_name_and_each_application_is_one() -> None:
    cluster, platform = made("web", "api")
    lines = platform.secrets["keys-redis-users"].splitlines()
    assert lines[0] == "user default off"
    assert {line.split()[1] for line in lines[1:]} == {"ha_member", "ha_mover", "ha_exporter", "app-api", "app-web"}
    assert {name: one.values["user"] for name, one in cluster.own.items()} == {"web": "app-web", "api": "app-api"}
    assert all("+@all -@admin -@dangerous" in line for line in lines if line.startswith("user app-"))


def test_no_password_is_in_a_file_that_is_no_secret() -> None:
    _, platform = made("web", tls={"clients": "required"})
    texts = [word.text for word in platform.words if isinstance(word, ConfigFile)]
    texts += [
        value for word in platform.words if isinstance(word, Members | Job) for value in word.container.env.values()
    ]
    assert not [text for text in texts if "generated-" in text]


def test_clients_are_told_every_member() -> None:
    cluster, _ = made()
    nodes = [f"keys-redis-{shard}-{number}:6379" for shard in range(3) for number in range(2)]
    assert cluster.contract.values["cluster_nodes"] == ",".join(nodes)
    standard = cluster.contract.terms.templates("REDIS")
    assert standard["REDIS_CLUSTER_NODES"] == "{cluster_nodes}"


def test_presets_are_what_libraries_take() -> None:
    cluster, _ = made(tls={"clients": "required"})
    terms = cluster.contract.terms
    values = {name: value for name, value in cluster.contract.values.items() if isinstance(value, str)}
    values |= {"password": "secret", "user": "app-web"}

    def text(preset: str, name: str) -> str:
        return FactText(terms.presets[preset][name]).filled(values, terms.facts)

    nodes = json.loads(text("redis-py", "_NODES"))
    assert nodes[5] == {"host": "keys-redis-2-1", "port": 6379}
    options = json.loads(text("redis-py", "_OPTIONS"))
    assert options["ssl_check_hostname"] is True
    assert (options["username"], options["password"], options["socket_timeout"]) == ("app-web", "secret", 2)
    assert json.loads(text("ioredis", "_OPTIONS"))["redisOptions"] == {
        "username": "app-web", "password": "secret", "tls": {}
    }  # fmt: skip
    url = text("go-redis", "_URL")
    assert url.startswith("rediss://app-web:secret@keys-redis-0-0:6379?addr=keys-redis-0-1:6379&addr=keys-redis-1-0:")


def test_each_member_is_a_target_under_its_own_job() -> None:
    cluster, _ = made()
    assert [one.job for one in cluster.observability.targets] == [
        f"redis-cluster-keys-{shard}-{number}" for shard in range(3) for number in range(2)
    ]
    assert all("ha_exporter@" in dict(one.params)["target"] for one in cluster.observability.targets)


@pytest.mark.parametrize("around", [SWARM, KUBERNETES])
def test_no_host_has_a_whole_shard(around: Surroundings) -> None:
    model = ClusterSettings.model_validate({"role": "store", "masters": 7})
    for group in groups("keys", model, around):
        for host in group.hosts:
            assert group.left(host, around.hosts) >= group.needed
