"""Faults are measured against promises that are there."""

import re
from pathlib import Path
from typing import Any

import pytest

from drills.deployment import Deployment
from drills.engine import SandboxEngine
from drills.fault import PLATFORMS, Fault
from drills.faults import FAULTS
from drills.promised import promise
from drills.sites import SITES
from drills.stack import add_broker
from tests.drills.fake_site import PLATFORM, FakeSite, Server

OF: dict[str, dict[str, Any]] = {
    "swarm": PLATFORM,
    "kubernetes": {"kind": "kubernetes", "entry": "node-port", "nodes": 3, "deregistration_delay": "3s"},
}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_measured_against_a_promise_of_the_stack(platform: str, fault: type[Fault], tmp_path: Path) -> None:
    site = FakeSite(tmp_path, Server(), "http://127.0.0.1:1")
    if fault.measures == "broker":
        add_broker(site.deployment.settings)
    settings = {**site.deployment.settings, "platform": OF[platform]}
    site.deployment = Deployment("live", settings, [SandboxEngine("live", tmp_path, {})], tmp_path)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", fault.name)
    assert fault.does
    assert fault.healed_by
    assert fault.failed_requests.keys() | fault.not_on.keys() <= set(PLATFORMS)
    if fault.promise:
        found = promise(site, *fault.promise)
        assert found.outage_millis
        assert found.loss.bound is not None


def test_each_platform_has_a_site() -> None:
    assert tuple(SITES) == PLATFORMS
    assert all(site.platform == name for name, site in SITES.items())
