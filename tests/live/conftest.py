"""The sandbox hosts for a test session: started once, removed at its end.

HA_KEEP=1 keeps them; hosts that ran before the session are kept, too.
"""

import os
from collections.abc import Iterator

import pytest

from sandbox.hosts import preflight
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images import ensure_images
from tests.live.kubernetes_fixture import kubernetes_cluster

__all__ = ["kubernetes_cluster"]


def require_hosts() -> None:
    """Skip, with the reason, where sandbox hosts cannot run; with REQUIRE_LIVE=1 fail."""
    if faults := preflight.faults():
        reason = "; ".join(faults)
        if os.environ.get("REQUIRE_LIVE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def swarm_dev() -> Iterator[SwarmCluster]:
    """The one-host Swarm, with every sandbox image in its registry."""
    yield from _cluster("dev")


@pytest.fixture(scope="session")
def swarm3() -> Iterator[SwarmCluster]:
    """The three-host Swarm, with every sandbox image in its registries."""
    yield from _cluster("swarm3")


def _cluster(profile_name: str) -> Iterator[SwarmCluster]:
    require_hosts()
    cluster = SwarmCluster(profile_name)
    ran_before = any(host.init() for host in cluster.hosts)
    ensure_images()
    yield cluster.up()
    if not ran_before and os.environ.get("HA_KEEP") != "1":
        cluster.down()
