"""The README's "Your own Swarm", on three hosts."""

import os
from collections.abc import Iterator

import pytest

from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from sandbox.images import ensure_images
from tests.live.dev.stacks import Settings
from tests.live.require import require_hosts
from tests.live.walk.conftest import Makes
from tests.live.walk.following import FILE, changes_engines, follow, platform, says, sized_for_two_cores
from tests.live.walk.readme import STACK, section

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(1200, func_only=True)]


@pytest.fixture
def swarm() -> Iterator[SwarmCluster]:
    """Three new hosts."""
    require_hosts()
    cluster = SwarmCluster("swarm3")
    cluster.down()
    try:
        cluster.up()
        ensure_images()
        yield cluster
    finally:
        if os.environ.get("HA_KEEP") != "1":
            cluster.down()


def test_your_own_swarm(swarm: SwarmCluster, person: Makes) -> None:
    told, names = section("Your own Swarm"), [host.name for host in swarm.hosts]
    somebody = person({"DOCKER_HOST": swarm.docker_host})
    ran: list[str] = []

    def own(settings: Settings) -> None:
        sized_for_two_cores(settings)
        settings["platform"] = platform(told, nodes=names, entry="dns", encrypt_overlays=False)
        for number, part in enumerate((*settings["databases"].values(), *settings["caches"].values())):
            part["hosts"] = names[number:] + names[:number]

    def deployed(text: str) -> None:
        says(text, r"\+ \d+ created")
        ran.extend(containers(swarm))

    def answered(text: str) -> None:
        says(text, r"GET \S+ -> 200, answered by", r"\n +\d+ unchanged", "engine pulumi")
        changes_engines(somebody)
        assert sorted(containers(swarm)) == sorted(ran) != [], "nothing was restarted"

    then = {
        "cp ": lambda _: somebody.edits(FILE, own),
        "export DOCKER_HOST=": lambda _: None,
        "pulumi login": lambda text: says(text, "Logged in"),
        "pulumi preview": lambda text: says(text, r"\+ \d+ to create"),
        "pulumi up": deployed,
        "make preview": lambda text: says(text, r"\n +\d+ unchanged"),
        "make up": answered,
        "make down": lambda text: says(text, r"- \d+ deleted", f"volume {STACK}-main-pg-0"),
    }
    follow(somebody, told, then)
    wait_until(lambda: not containers(swarm), "nothing of it runs", 180)


def containers(swarm: SwarmCluster) -> list[str]:
    """Every one on every host."""
    clients = [swarm.client(index) for index in range(len(swarm.hosts))]
    return [str(one.id) for client in clients for one in client.containers.list(ignore_removed=True)]
