"""The sandbox hosts for a test session: started once, removed at its end.

HA_KEEP=1 keeps them; hosts that ran before the session are kept, too.
"""

import os
from collections.abc import Iterator

import pytest

from sandbox.hosts.swarm import SwarmCluster
from sandbox.images import ensure_images
from tests.live.kubernetes_fixture import kubernetes_cluster
from tests.live.require import require_hosts

__all__ = ["kubernetes_cluster"]


@pytest.fixture(scope="session")
def swarm_dev() -> Iterator[SwarmCluster]:
    """The one-host Swarm, with every sandbox image in its registry."""
    require_hosts()
    cluster = SwarmCluster("dev")
    ran_before = any(host.init() for host in cluster.hosts)
    try:
        ensure_images()
        yield cluster.up()
    finally:
        if not ran_before and os.environ.get("HA_KEEP") != "1":
            cluster.down()
