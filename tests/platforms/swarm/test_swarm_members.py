"""Members on Swarm: pinned, chained, found by name."""

from dataclasses import replace

from model import Container, Members, Origin, Port, PublicPort, Shard, Tier, Volume
from tests.mock_engine import Recorded
from tests.platforms.swarm.rendering import SETTINGS, label, refusals, registered, services
from tests.platforms.words import HTTP_AND_TCP


def database(container: Container, mode: str = "one", hosts: tuple[str, ...] = ()) -> Members:
    return Members(
        name="db",
        origin=Origin(root="stack", key="databases", name="db"),
        tier=Tier.DATA,
        container=replace(
            container,
            env={"SELF": "$(MEMBER_NAME) $(MEMBER_HOST)", "MODE": mode},
            command=("run", "--id=$(MEMBER_ORDINAL)"),
            args=("--listen=$(MEMBER_HOST):5432",),
        ),
        count=3,
        volume=Volume(path="/var/lib/db", size_bytes=2**30),
        ports=(Port(name="sql", number=5432),),
        probes=HTTP_AND_TCP,
        hosts=hosts,
    )


def members_of(resources: list[Recorded]) -> dict[str, Recorded]:
    return {one.name: one for one in resources if one.type == "docker:index/service:Service"}


def test_one_change_never_takes_two_members_down() -> None:
    """An engine starts whatever has no unfinished dependency, all at once: here it never has two members to do."""
    before = members_of(registered(lambda c: [database(c, "one")]))
    after = members_of(registered(lambda c: [database(c, "two")]))
    to_do = {name for name in after if after[name].inputs != before[name].inputs}
    assert to_do == {"db-0", "db-1", "db-2"}
    order = []
    while to_do:
        at_once = {name for name in to_do if not set(after[name].depends_on) & to_do}
        assert len(at_once) == 1, f"{at_once} are down together"
        order += sorted(at_once)
        to_do -= at_once
    assert order == ["db-0", "db-1", "db-2"]


def test_a_member_stops_before_its_successor_starts_and_the_next_waits_for_it() -> None:
    for inputs in services(lambda c: [database(c)]).values():
        assert inputs["updateConfig"]["order"] == "stop-first"
        assert inputs["mode"] == {"replicated": {"replicas": 1}}
        assert inputs["convergeConfig"]["timeout"].endswith("s")


def test_each_member_has_its_host_and_its_volume() -> None:
    found = services(lambda c: [database(c, hosts=("host3", "host1", "host2"))])
    assert {name: inputs["taskSpec"]["placement"]["constraints"] for name, inputs in found.items()} == {
        "shop-db-0": ["node.hostname==host3"],
        "shop-db-1": ["node.hostname==host1"],
        "shop-db-2": ["node.hostname==host2"],
    }
    for name, inputs in found.items():
        volume = inputs["taskSpec"]["containerSpec"]["mounts"][0]
        assert (volume["type"], volume["source"], volume["target"]) == ("volume", name, "/var/lib/db")
        assert label(inputs, "ha-platform.volume-size") == str(2**30)
        assert label(inputs, "ha-platform.data") == "keep"


def test_a_member_knows_its_name_and_all_share_an_alias() -> None:
    spec = services(lambda c: [database(c)])["shop-db-1"]["taskSpec"]
    container = spec["containerSpec"]
    assert container["env"]["SELF"] == "db-1 shop-db-1"
    assert container["commands"] == ["run", "--id=1"]
    assert container["args"] == ["--listen=shop-db-1:5432"]
    assert container["hostname"] == "shop-db-1"
    assert spec["networksAdvanceds"] == [{"id": "network-data-id", "aliases": ["shop-db"]}]


def test_more_members_than_nodes_are_refused() -> None:
    one_node = SETTINGS.model_copy(update={"nodes": ("host1",)})
    refused = refusals(lambda c: [database(c)], one_node)
    assert [one.path for one in refused] == ["stack.databases.db.count"]
    assert "`platform.nodes` has 1" in refused[0].reason


def test_members_without_hosts_live_on_the_first_nodes() -> None:
    found = services(lambda c: [database(c)], SETTINGS.model_copy(update={"nodes": ("a", "b", "c", "d")}))
    pins = [inputs["taskSpec"]["placement"]["constraints"] for inputs in found.values()]
    assert pins == [["node.hostname==a"], ["node.hostname==b"], ["node.hostname==c"]]


def test_a_host_that_is_no_node_is_refused() -> None:
    (refused,) = refusals(lambda c: [database(c, hosts=("host3", "elsewhere", "host2"))])
    assert (refused.path, refused.got) == ("stack.databases.db.hosts", "elsewhere")
    assert "`platform.nodes` (host1, host2, host3)" in refused.reason


def test_labels_hold_beside_the_pin() -> None:
    labels = {"node-type": "database", "disk": "fast"}
    found = services(lambda c: [replace(database(c), node_labels=labels)])["shop-db-0"]
    assert found["taskSpec"]["placement"]["constraints"] == [
        "node.hostname==host1", "node.labels.disk==fast", "node.labels.node-type==database"
    ]  # fmt: skip
    (refused,) = refusals(lambda c: [replace(database(c), node_labels={"example.com/disk": "fast"})])
    assert (refused.path, refused.got) == ("stack.databases.db.node_labels", "example.com/disk")


def test_only_a_single_member_publishes_a_port() -> None:
    published = (PublicPort(port="sql", published=5432, audience="clients"),)
    refused = refusals(lambda c: [replace(database(c), public_ports=published)])
    assert [one.path for one in refused] == ["stack.databases.db.public_ports"]
    single = services(lambda c: [replace(database(c), count=1, public_ports=published)])["shop-db-0"]
    assert single["endpointSpec"]["ports"][0]["publishedPort"] == 5432


def test_shards_take_the_first_hosts_in_turn_and_another_host_of_the_platform_moves_nothing() -> None:
    for nodes in (("a", "b", "c"), ("a", "b", "c", "d")):
        places = [_pins(number, nodes) for number in range(4)]
        assert places == [["a", "b"], ["b", "c"], ["c", "a"], ["a", "b"]]
    assert _pins(1, ("a", "b", "c", "d"), hosts=("d", "a")) == ["d", "a"], "as named"


def _pins(number: int, nodes: tuple[str, ...], hosts: tuple[str, ...] = ()) -> list[str]:
    shard = Shard(of="keys", number=number)
    found = services(
        lambda c: [replace(database(c, hosts=hosts), count=2, shard=shard)],
        SETTINGS.model_copy(update={"nodes": nodes}),
    )
    return [one["taskSpec"]["placement"]["constraints"][0].partition("==")[2] for one in found.values()]
