"""The sandbox hosts for a test session: started once, removed at its end. And the Pulumi CLI.

HA_KEEP=1 keeps them; hosts that ran before the session are kept, too.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hosts.errors import HostError
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images import ensure_images
from sandbox.pulumi import command
from tests.live.kubernetes_fixture import kubernetes_cluster
from tests.live.require import refuse, require_hosts
from tests.live.summaries import SUMMARIES

__all__ = ["kubernetes_cluster"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The CLI's own counts are in the log, passed or failed."""
    if SUMMARIES:
        terminalreporter.section("the Pulumi CLI said")
        for line in SUMMARIES:
            terminalreporter.line(line)


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


@pytest.fixture(scope="session")
def pulumi_command() -> Path:
    """The CLI. Skips where there is none and it cannot be built, fails there with REQUIRE_LIVE=1."""
    try:
        return command.ensure()
    except HostError as error:
        refuse(f"NO PULUMI CLI: {error}")
