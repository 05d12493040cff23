"""`up` on three Swarm hosts that DOCKER_HOST names by a manager without a proxy."""

import re

import pytest

from drills.stack import HTTP_PORT
from drills.swarm_site import SwarmSite
from sandbox.pulumi.stand_ins.environment import ALLOWED

pytestmark = [
    pytest.mark.live,
    pytest.mark.swarm,
    pytest.mark.timeout(1200, func_only=True),
    pytest.mark.parametrize("site", ["swarm"], indirect=True, scope="session"),
]


def test_up_asks_the_hosts_that_run_proxies(site: SwarmSite) -> None:
    with_proxy = {int(container.split("/")[0]) for container in site.replicas("edge")}
    (without,) = {0, 1, 2} - with_proxy
    manager = site.docker_host_of(without)
    up = site.deployment.command("up", DOCKER_HOST=manager, **{ALLOWED: manager})
    site.deployment.up_ok()  # the provider is recorded with its host, and has the other tests' again
    assert up.code == 0, up.text
    (answered,) = re.findall(r"GET /chat\S* -> 200, answered by replica \S+ at (\S+):", up.text)
    assert answered in {f"{site.address_of(index)}:{HTTP_PORT}" for index in with_proxy}
    assert f"http://{site.address_of(without)}:{HTTP_PORT}/" not in up.text
    assert re.search(r"up: stack live answered after \d+ s", up.text)
