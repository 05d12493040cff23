"""Quick removal of a stack from a Swarm that goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker

from drills.waiting import wait_for
from tests.live.dev.belongings import volumes_of


@contextmanager
def removed_together(client: docker.DockerClient, stack: str) -> Iterator[None]:
    """Around a `destroy`: the services stop at the same moment, not one after the other as it would stop them, and the
    volumes, which it leaves, go."""
    for service in client.services.list(filters={"label": f"ha-platform.stack={stack}"}):
        service.remove()
    yield
    wait_for(f"the volumes of {stack} are removed", lambda: _removed(client, stack), seconds=180)


def _removed(client: docker.DockerClient, stack: str) -> bool:
    """A volume in use cannot be removed, and containers end in their own time."""
    for volume in volumes_of(client, stack):
        client.api.remove_volume(volume)
    return True
