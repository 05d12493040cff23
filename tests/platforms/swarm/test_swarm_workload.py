"""Workloads on Swarm: order of updates, spread, published ports."""

from dataclasses import replace

import pytest

from model import Container, Origin, Port, PublicPort, Rollout, Security, Tier, Toleration, Workload
from platforms.swarm.settings import SwarmSettings
from tests.platforms.swarm.rendering import SETTINGS, label, refusals, registered, services
from tests.platforms.words import HTTP_AND_TCP, SCALING

OTHER = Origin(root="stack", key="apps", name="other")


def app(container: Container) -> Workload:
    return Workload(
        name="web",
        origin=Origin(root="stack", key="apps", name="web"),
        tier=Tier.APP,
        container=container,
        replicas=3,
        ports=(Port(name="http", number=8080),),
        probes=HTTP_AND_TCP,
    )


def public(container: Container) -> Workload:
    return replace(app(container), public_ports=(PublicPort(port="http", published=80, audience="clients"),))


def test_replicas_start_first_and_a_bad_version_rolls_back() -> None:
    web = services(lambda c: [app(c)])["shop-web"]
    assert web["updateConfig"]["order"] == "start-first"
    assert web["updateConfig"]["failureAction"] == "rollback"
    assert web["rollbackConfig"]["failureAction"] == "pause"
    assert web["convergeConfig"]["timeout"] == f"{300 + 2 * (60 + 5)}s"
    assert web["endpointSpec"] == {"mode": "dnsrr"}


def test_stop_first_is_what_the_word_says() -> None:
    rollout = Rollout(order="stop-first")
    web = services(lambda c: [replace(app(c), replicas=1, rollout=rollout)])["shop-web"]
    assert (web["updateConfig"]["order"], web["rollbackConfig"]["order"]) == ("stop-first", "stop-first")
    assert web["convergeConfig"]["timeout"] == f"{300 + 30}s", "the old replica's drain is waited for"


def test_a_published_port_is_a_port_of_the_host_and_stops_first() -> None:
    web = services(lambda c: [public(c)])["shop-web"]
    assert web["endpointSpec"]["ports"] == [
        {"name": "http", "protocol": "tcp", "publishMode": "host", "targetPort": 8080, "publishedPort": 80}
    ]
    assert web["updateConfig"]["order"] == "stop-first"
    assert web["taskSpec"]["placement"] == {"maxReplicas": 1}
    assert label(web, "ha-platform.entry") == "dns"
    assert label(web, "ha-platform.port.http.audience") == "clients"


@pytest.mark.parametrize(
    ("nodes", "replicas", "parallelism", "limit"),
    [(1, 3, 1, None), (2, 2, 1, None), (3, 3, 1, 2), (3, 5, 1, 3), (5, 3, 1, 1), (3, 2, 2, None)],
)
def test_the_spread_limit_leaves_room_when_a_host_is_lost(
    nodes: int, replicas: int, parallelism: int, limit: int | None
) -> None:
    settings = SETTINGS.model_copy(update={"nodes": tuple(f"host{i}" for i in range(nodes))})
    word = services(lambda c: [replace(app(c), replicas=replicas, rollout=Rollout(parallelism=parallelism))], settings)[
        "shop-web"
    ]
    placement = word["taskSpec"].get("placement")
    assert (placement["maxReplicas"] if placement else None) == limit
    if limit is not None:
        assert (nodes - 1) * limit >= replicas + parallelism


def test_labels_are_constraints_and_no_limit_is_guessed_for_the_nodes_that_have_them() -> None:
    found = services(lambda c: [replace(app(c), replicas=6, node_labels={"gpu": "yes"})])
    assert found["shop-web"]["taskSpec"]["placement"] == {"constraints": ["node.labels.gpu==yes"]}


def test_networks_follow_from_the_tier_and_are_made_once() -> None:
    resources = registered(lambda c: [app(c), replace(app(c), name="proxy", tier=Tier.EDGE)])
    networks = {one.name: one for one in resources if one.type == "docker:index/network:Network"}
    assert set(networks) == {"network-edge", "network-app", "network-data"}
    assert networks["network-app"].inputs["name"] == "shop-app"
    assert networks["network-app"].inputs["options"] == {"encrypted": "true"}
    assert networks["network-app"].parent == ""
    joined = {
        one.name: [network["id"] for network in one.inputs["taskSpec"]["networksAdvanceds"]]
        for one in resources
        if one.type == "docker:index/service:Service"
    }
    assert joined == {"web": ["network-app-id", "network-data-id"], "proxy": ["network-edge-id", "network-app-id"]}


@pytest.mark.parametrize("host", [None, "tcp://10.0.0.1:2376"])
def test_one_provider_goes_to_every_resource_so_that_what_it_is_told_can_change(host: str | None) -> None:
    settings = SwarmSettings(kind="swarm", host=host, nodes=("a",), entry="single-host")
    resources = [one for one in registered(lambda c: [app(c)], settings) if one.type.startswith("docker:")]
    assert {one.provider for one in resources} == {"docker"}


@pytest.mark.parametrize(
    ("change", "path", "part"),
    [
        (
            {"scaling": replace(SCALING, cpu_percent=None, memory_percent=None)},
            "stack.apps.web.scaling",
            "needs a target",
        ),
        ({"scaling": SCALING, "spread": "require"}, "stack.apps.web.spread", "10 replicas"),
        ({"prefer_spot": True}, "stack.apps.web.prefer_spot", "spot"),
        ({"tolerations": (Toleration(key="pool"),)}, "stack.apps.web.tolerations", "no taints"),
        ({"spread": "require"}, "stack.apps.web.spread", "`platform.nodes` has 3"),
        ({"rollout": Rollout(deadline_seconds=65)}, "stack.apps.web.rollout.deadline_seconds", "may take 65 s"),
        (
            {"replicas": 4, "public_ports": (PublicPort(port="http", published=80, audience="clients"),)},
            "stack.apps.web.replicas",
            "owns its published ports",
        ),
        (
            {
                "rollout": Rollout(parallelism=2),
                "public_ports": (PublicPort(port="http", published=80, audience="clients"),),
            },
            "stack.apps.web.rollout.parallelism",
            "one at a time",
        ),
        (
            {"public_ports": (PublicPort(port="admin", published=80, audience="clients"),)},
            "stack.apps.web.public_ports.admin",
            "no port has this name; there are: http",
        ),
        ({"name": "x" * 60}, "stack.apps.web.name", "at most 63 characters"),
    ],
)
def test_what_swarm_cannot_honour_is_refused_by_name(change: dict[str, object], path: str, part: str) -> None:
    refused = refusals(lambda c: [replace(app(c), **change)])  # type: ignore[arg-type]
    assert [one.path for one in refused] == [path]
    assert part in refused[0].reason


def test_a_port_of_the_hosts_belongs_to_one_word() -> None:
    refused = refusals(lambda c: [public(c), replace(public(c), name="other", origin=OTHER)])
    assert [str(one) for one in refused] == [
        "stack.apps.other.public_ports.http: 80: `web` has this port of every host; choose another"
    ]


def test_a_name_belongs_to_one_word() -> None:
    refused = refusals(lambda c: [app(c), replace(app(c), origin=OTHER)])
    assert [one.path for one in refused] == ["stack.apps.other.name"]


def test_devices_are_generic_resources() -> None:
    web = services(lambda c: [app(replace(c, devices={"gpu": 2, "fpga": 1}))])["shop-web"]
    reservation = web["taskSpec"]["resources"]["reservation"]
    assert reservation["genericResources"] == {"discreteResourcesSpecs": ["fpga=1", "gpu=2"]}
    assert "genericResources" not in web["taskSpec"]["resources"]["limits"]
    plain = services(lambda c: [app(c)])["shop-web"]["taskSpec"]["resources"]["reservation"]
    assert set(plain) == {"nanoCpus", "memoryBytes"}


def test_root_that_is_allowed_is_marked_and_has_no_more_rights() -> None:
    def root(of: Container) -> Container:
        return replace(of, image=replace(of.image, uid=0, gid=0), security=Security(allow_root=True))

    container = services(lambda c: [app(root(c))])["shop-web"]["taskSpec"]["containerSpec"]
    assert (container["user"], container["capDrops"], container["readOnly"]) == ("0:0", ["ALL"], True)
    assert "capAdds" not in container
    assert {"label": "ha-platform.allow-root", "value": "true"} in container["labels"]
