"""The one-host sandbox, which `make up` starts and `make down` removes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hosts.profiles import profile
from sandbox.hosts.swarm import SwarmCluster
from tests.live.dev.commands import Commands
from tests.live.machine import Machine
from tests.live.require import refuse, require_hosts

PROFILE = profile("dev")


@pytest.fixture(scope="module")
def machine_before() -> Machine:
    """The machine without the sandbox. Skips where sandbox hosts cannot run, fails there with REQUIRE_LIVE=1."""
    require_hosts()
    if SwarmCluster(PROFILE).hosts[0].init():
        refuse("the dev sandbox runs, and these tests would remove it: run `make down` first")
    return Machine.now(PROFILE)


@pytest.fixture(scope="module")
def commands(machine_before: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """The commands, with a state of their own. Whatever still runs at the end is removed."""
    del machine_before
    try:
        yield Commands(tmp_path_factory.mktemp("state"))
    finally:
        if os.environ.get("HA_KEEP") != "1":
            SwarmCluster(PROFILE).down()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where stack files are written."""
    return tmp_path_factory.mktemp("stacks")
