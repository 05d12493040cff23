"""Which overlays services stand on."""

from dataclasses import replace
from typing import Any

import pytest

from model import Container, Members, Origin, Port, Tier, Volume, Workload
from tests.platforms.swarm.rendering import PLAIN, registered
from tests.platforms.words import HTTP_AND_TCP

PORTS = (Port(name="http", number=8080),)


def store(app: Container) -> Members:
    """Members that only `clients` may connect to."""
    return Members(
        name="store",
        origin=Origin(key="stores", name="store"),
        tier=Tier.DATA,
        container=app,
        count=2,
        volume=Volume(path="/var/lib/db", size_bytes=2**30),
        ports=PORTS,
        probes=HTTP_AND_TCP,
        private_to=("clients",),
    )


def workload(name: str, tier: Tier, app: Container) -> Workload:
    return Workload(
        name=name,
        origin=Origin(key="apps", name=name),
        tier=tier,
        container=app,
        replicas=1,
        ports=PORTS,
        probes=HTTP_AND_TCP,
    )


def networks(make: PLAIN) -> dict[str, set[str]]:
    """Service -> names of its networks."""
    recorded = registered(make)
    names = {f"{one.name}-id": one.inputs["name"] for one in recorded if one.type == "docker:index/network:Network"}
    return {
        one.name: {names[network["id"]] for network in _attached(one.inputs)}
        for one in recorded
        if one.type == "docker:index/service:Service"
    }


def _attached(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    attached: list[dict[str, Any]] = inputs["taskSpec"]["networksAdvanceds"]
    return attached


def test_a_private_word_shares_a_network_with_its_friends_alone() -> None:
    found = networks(lambda app: [store(app), workload("clients", Tier.DATA, app), workload("web", Tier.APP, app)])
    assert found == {
        "store-0": {"shop-store-private"},
        "store-1": {"shop-store-private"},
        "clients": {"shop-data", "shop-store-private"},
        "web": {"shop-app", "shop-data"},
    }


def test_monitoring_reaches_a_private_word_that_is_scraped() -> None:
    """And nobody else does: applications are not on its network."""
    found = networks(
        lambda app: [
            replace(store(app), metrics_port="http"),
            workload("web", Tier.APP, app),
            workload("prometheus", Tier.MONITORING, app),
        ]
    )
    assert found["store-0"] == {"shop-store-private", "shop-monitoring"}
    assert found["prometheus"] & found["store-0"] == {"shop-monitoring"}
    assert not found["web"] & found["store-0"]


def test_a_friend_that_came_before_would_have_to_be_replaced() -> None:
    with pytest.raises(ValueError, match="store is private to clients, which must come after it"):
        networks(lambda app: [workload("clients", Tier.DATA, app), store(app)])


def test_without_friends_the_tier_decides() -> None:
    assert networks(lambda app: [replace(store(app), private_to=())])["store-0"] == {"shop-data"}
