"""What the commands take for a killed run's own on a Swarm, what they adopt, and what they remove."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
import pytest

from cli.errors import CommandError
from cli.hosts import Hosts, docker_hosts
from cli.kept import STACK_LABEL
from cli.killed import KilledRun, NotItsOwn
from cli.ports import _listens, ensure_free
from cli.swarm_reasons import FailedTasks
from cli.swarm_recover import take_up
from composition.stack import Stack
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from sandbox.images.build import ensure_images, reference
from tests.live.dev.stacks import SMALL

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(900, func_only=True)]

STACK = "recovered"
SERVICE, NETWORK = "docker:index/service:Service", "docker:index/network:Network"
LABELS = {STACK_LABEL: STACK}
FOREIGN = {STACK_LABEL: "another"}
PORT, STATUS_PORT = 8183, 8703
"""Other tests have the ports of `SMALL` at the same time."""
SETTINGS = copy.deepcopy(SMALL)
SETTINGS["balancers"]["edge"] |= {"listen": {"http": PORT}, "status": {"port": STATUS_PORT}}
SERVES = f"""\
import http.server, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.HTTPServer(("", {PORT}), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
"""It ends only after its stop grace."""
RUNS, FAILS = ["sleep", "600"], ["sh", "-c", "echo nothing to see; exit 3"]


def resource(type: str, name: str) -> dict[str, Any]:
    inputs = {"name": name, "mode": {"replicated": {"replicas": 1}}, "convergeConfig": {"timeout": "60s"}}
    return {"urn": f"urn::{name}", "type": type, "inputs": {**inputs, "taskSpec": {"containerSpec": {}}}}


@pytest.fixture
def client(swarm_dev: SwarmCluster) -> Iterator[docker.DockerClient]:
    """Of a Swarm, from which everything of these tests is removed at the end."""
    ensure_images(["base"])
    client = swarm_dev.client()
    yield client
    for labels in (LABELS, FOREIGN):
        for kind in (client.services, client.networks):
            for one in kind.list(filters={"label": f"{STACK_LABEL}={labels[STACK_LABEL]}"}):
                one.remove()


def service(client: docker.DockerClient, name: str, command: list[str], labels: dict[str, str] = LABELS) -> str:
    made = client.services.create(
        reference("base"), command, name=name, labels=labels, container_labels=labels, stop_grace_period=0
    )
    return str(made.id)


def hosts(swarm: SwarmCluster) -> Hosts:
    return replace(docker_hosts(swarm.docker_host), address=swarm.hosts[0].address)


def recover(swarm: SwarmCluster, *created: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"live": (), "known": (), "began": None, "adopt": True, **more}
    return take_up(KilledRun(created=created, **asked), STACK, hosts(swarm))


def names(client: docker.DockerClient) -> set[str]:
    return {one.name for one in (*client.services.list(), *client.networks.list()) if one.name.startswith("recovered-")}


def test_what_is_ready_is_adopted_and_the_rest_removed(swarm_dev: SwarmCluster, client: docker.DockerClient) -> None:
    id = service(client, "recovered-good", RUNS)
    service(client, "recovered-bad", FAILS)
    client.networks.create("recovered-net", driver="overlay", labels=LABELS)
    wanted = [
        resource(NETWORK, "recovered-net"),
        resource(SERVICE, "recovered-good"),
        resource(SERVICE, "recovered-bad"),
        resource(SERVICE, "recovered-lost"),
        resource("docker:index/volume:Volume", "recovered-data"),
    ]
    (adopted,) = recover(swarm_dev, *wanted)
    assert (adopted["urn"], adopted["id"], adopted["outputs"]["id"]) == ("urn::recovered-good", id, id)
    wait_until(lambda: names(client) == {"recovered-good"}, "what is not ready is gone", 180)
    assert [one for one in client.api.tasks() if one["Spec"]["ContainerSpec"].get("Args") == FAILS] == []
    # Before everything is removed nothing is adopted.
    assert recover(swarm_dev, resource(SERVICE, "recovered-good"), adopt=False) == []
    assert names(client) == set()


def test_what_is_not_the_killed_run_s_is_left_alone(swarm_dev: SwarmCluster, client: docker.DockerClient) -> None:
    service(client, "recovered-foreign", FAILS, FOREIGN)
    id = service(client, "recovered-old", FAILS)
    foreign, old = resource(SERVICE, "recovered-foreign"), resource(SERVICE, "recovered-old")
    with pytest.raises(NotItsOwn) as refused:
        recover(swarm_dev, foreign, old, began=datetime.now(UTC) + timedelta(hours=1))
    assert recover(swarm_dev, foreign, adopt=False) == []
    assert recover(swarm_dev, old, known={(SERVICE, id)}) == []
    assert names(client) == {"recovered-foreign", "recovered-old"}
    assert str(refused.value) == (
        "service recovered-foreign is there, and has not the label of stack recovered.\n"
        "service recovered-old is older than the run that was killed while creating it."
    )


def test_the_exit_code_and_log_of_a_task_that_failed_are_found(
    swarm_dev: SwarmCluster, client: docker.DockerClient
) -> None:
    with FailedTasks(STACK, hosts(swarm_dev)) as watch:
        made = client.services.get(service(client, "recovered-bad", FAILS))
        wait_until(watch.reasons, "a task failed", 180, every=0.5)
        made.remove()
    (reason,) = watch.reasons()
    assert reason.what == "recovered-bad"
    assert reason.why.startswith("a task failed with exit code 3: ")
    assert reason.lines == ("nothing to see",)


def test_a_port_is_free_once_the_stack_s_own_container_has_ended(
    swarm_dev: SwarmCluster, client: docker.DockerClient
) -> None:
    settings, host = Stack.model_validate(SETTINGS), hosts(swarm_dev)
    made = client.services.create(
        reference("base"),
        ["python3", "-c", SERVES],
        name="recovered-edge",
        labels=LABELS,
        container_labels=LABELS,
        stop_grace_period=20 * 10**9,
        endpoint_spec=docker.types.EndpointSpec(mode="dnsrr", ports={PORT: (PORT, "tcp", "host")}),
    )
    wait_until(lambda: _listens(host.address, PORT), "it listens", 180)
    with pytest.raises(CommandError, match=rf"port {PORT} .* is taken by stack recovered on the same Swarm"):
        ensure_free(settings, "another", host)
    made.remove()
    assert _listens(host.address, PORT), "its container still runs"
    with pytest.raises(CommandError, match=rf"port {PORT} .* is taken by container recovered-edge\.1\."):
        ensure_free(settings, "another", host)
    ensure_free(settings, STACK, host)
    assert not _listens(host.address, PORT)
