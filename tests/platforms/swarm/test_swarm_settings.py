"""Settings of a Swarm, and the one dispatch over platforms."""

import pytest
from pydantic import TypeAdapter, ValidationError

from platforms.durations import go_duration
from platforms.swarm.entry import ENTRY_GAP
from platforms.swarm.settings import SwarmSettings
from platforms.table import PlatformSettings
from tests.platforms.swarm.rendering import services
from tests.platforms.swarm.test_swarm_workload import app

GOOD = {"kind": "swarm", "nodes": ["a", "b"], "entry": "vip"}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"nodes": []}, "at least 1 item"),
        ({"nodes": ["a", "A"]}, "each node is named once"),
        ({"nodes": ["a b"]}, "pattern"),
        ({"entry": "single-host"}, "`entry: single-host` goes with one node"),
        ({"entry": "anycast"}, "'vip', 'dns', 'outer-balancer' or 'single-host'"),
        ({"host": "localhost"}, "pattern"),
        ({"nameservers": ["dns.example"]}, "IPv4"),
        ({"subnets": {"edge": "10.0.0.1/8"}}, "IPv4 network"),
        ({"subnets": {"front": "10.0.0.0/24"}}, "'edge', 'app', 'data' or 'monitoring'"),
    ],
)
def test_broken_settings_are_refused(change: dict[str, object], part: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SwarmSettings.model_validate(GOOD | change)
    assert part in str(refused.value)


def test_an_unknown_platform_is_refused_with_the_list_of_known_ones() -> None:
    adapter: TypeAdapter[object] = TypeAdapter(PlatformSettings)
    with pytest.raises(ValidationError, match="'swarm', 'kubernetes'"):
        adapter.validate_python({"kind": "nomad"})


def test_settings_of_the_resolver_reach_the_container() -> None:
    settings = SwarmSettings.model_validate(GOOD | {"nameservers": ["10.0.0.53"], "resolver_options": ["timeout:2"]})
    web = services(lambda c: [app(c)], settings)["shop-web"]
    assert web["taskSpec"]["containerSpec"]["dnsConfig"] == {"nameservers": ["10.0.0.53"], "options": ["timeout:2"]}


def test_every_way_in_says_what_it_leaves_open() -> None:
    assert set(ENTRY_GAP) == {"vip", "dns", "outer-balancer", "single-host"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5, "5s"), (60, "1m"), (90, "1m30s"), (3600, "1h"), (3605, "1h0m5s"), (5400, "1h30m")],
)
def test_durations_are_written_as_docker_prints_them(seconds: int, text: str) -> None:
    assert go_duration(seconds) == text
