"""The sandbox's Kubernetes for a test session."""

import os
from collections.abc import Iterator

import pytest

from sandbox.hosts.kubernetes import KubernetesCluster
from tests.live.require import require_hosts

STARTED = pytest.StashKey[bool]()
"""Whether this session started the cluster: it holds nothing then but what the session put there."""


@pytest.fixture(scope="session")
def kubernetes_cluster(pytestconfig: pytest.Config) -> Iterator[KubernetesCluster]:
    """A running cluster; one that ran before the session is kept (HA_KEEP=1: any), one started for it is removed.

    Skips where sandbox hosts cannot run, fails there with REQUIRE_LIVE=1.
    """
    require_hosts()
    cluster = KubernetesCluster("kubernetes")
    ran_before = cluster.control.init() is not None
    pytestconfig.stash[STARTED] = not ran_before
    try:
        yield cluster.up()
    finally:
        if not ran_before and os.environ.get("HA_KEEP") != "1":
            cluster.down()
