"""A Swarm that was made anew under a stack: the next `up` makes everything again."""

from contextlib import suppress
from functools import partial
from pathlib import Path

import docker.errors
import pytest

from drills.waiting import wait_for
from sandbox.hosts.swarm import SwarmCluster
from tests.live.dev.commands import Commands
from tests.live.dev.stacks import SMALL, StackFile

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.slow, pytest.mark.timeout(900, func_only=True)]


def test_the_next_up_makes_everything_again(swarm_dev: SwarmCluster, directory: Path, tmp_path: Path) -> None:
    commands, file = Commands(tmp_path / "state"), StackFile(directory / "Pulumi.small.yaml", SMALL)
    try:
        first = commands.cli("up", "small", stack_file=file.path)
        assert first.code == 0, first.text
        _remove_all(swarm_dev)

        preview = commands.cli("preview", "small", stack_file=file.path)
        assert preview.code == 0, preview.text
        assert "objects that workloads need are gone" in preview.text
        again = commands.cli("up", "small", stack_file=file.path)
        assert again.code == 0, again.text
        assert "stack small answered" in again.text
        third = commands.cli("preview", "small", stack_file=file.path)
        assert "gone" not in third.text
        assert "to create" not in third.text
    finally:
        commands.cli("down", "small", stack_file=file.path)


def _remove_all(swarm: SwarmCluster) -> None:
    """What a new Swarm would not have."""
    client = swarm.client()
    mine = {"label": "ha-platform.stack=small"}
    for service in client.services.list(filters=mine):
        service.remove()
    for one in [*client.secrets.list(filters=mine), *client.configs.list(filters=mine)]:
        wait_for(f"{one.name} is not used any more", partial(_removed, one), seconds=180)
    for network in client.networks.list(filters=mine):
        wait_for(f"{network.name} is not used any more", partial(_removed, network), seconds=180)


def _removed(one: object) -> bool:
    with suppress(docker.errors.APIError):
        one.remove()  # type: ignore[attr-defined]
        return True
    return False
