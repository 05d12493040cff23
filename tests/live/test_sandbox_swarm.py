"""The sandbox's Swarm: up is idempotent, hosts can be lost and healed, down leaves nothing."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial

import docker
import pytest
from docker.types import EndpointSpec

from sandbox.hosts import leftovers, processes
from sandbox.hosts.host import Host
from sandbox.hosts.profiles import Profile
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from sandbox.images import ensure_images
from tests.live.machine import Machine
from tests.live.require import require_hosts

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(900, func_only=True)]

TRIAL = Profile(name="trial", kind="swarm", prefix="10.76.0", host_count=3)
"""A Swarm of its own, so that no other test loses its hosts here."""
PORT = 18080
DNS_SECONDS = 3
"""Below what one unanswered question costs: glibc asks again after 5 s, Docker's own DNS gives up after 4 s."""
_LOOK_UP = """\
import socket, time
for _ in range(3):
    started = time.monotonic()
    try:
        socket.getaddrinfo("tasks.ended", 80)
        print("answered", 0)
    except socket.gaierror as error:
        print(error.errno == socket.EAI_NONAME, time.monotonic() - started)
"""


@pytest.fixture(scope="module")
def machine_before() -> Machine:
    require_hosts()
    SwarmCluster(TRIAL).down()  # what a run that was killed left
    return Machine.now(TRIAL)


@pytest.fixture(scope="module")
def image(machine_before: Machine) -> str:
    del machine_before
    return ensure_images(["base"])["base"]


@pytest.fixture(scope="module")
def trial(machine_before: Machine) -> Iterator[SwarmCluster]:
    del machine_before
    cluster = SwarmCluster(TRIAL).up()
    yield cluster
    cluster.down()


@pytest.fixture(scope="module")
def web(trial: SwarmCluster, image: str) -> str:
    """A web server on every host, on a host-mode port."""
    client = trial.client()
    network = client.networks.create("trial", driver="overlay", attachable=True)
    client.services.create(
        image,
        name="web",
        command=["python3", "-m", "http.server", "8000", "--directory", "/etc"],
        mode=docker.types.ServiceMode("global"),
        networks=[network.name],
        endpoint_spec=EndpointSpec(mode="dnsrr", ports={PORT: (8000, "tcp", "host")}),
    )
    for host in trial.hosts:
        wait_until(partial(_answers, host.address), f"the web server on {host.name} answers", 180)
    return "web"


def test_up_again_changes_nothing(trial: SwarmCluster) -> None:
    before = _processes(trial)
    trial.up()
    assert _processes(trial) == before, "a second `up` must start nothing and replace nothing"


def test_every_host_is_a_labelled_manager(trial: SwarmCluster) -> None:
    nodes = trial.client().nodes.list(filters={"role": "manager"})
    seen = {node.attrs["Description"]["Hostname"]: node.attrs["Spec"]["Labels"]["host"] for node in nodes}
    assert seen == {host.name: host.name for host in trial.hosts}


def test_the_machine_reaches_host_mode_ports(trial: SwarmCluster, web: str) -> None:
    assert [_answers(host.address) for host in trial.hosts] == [True] * len(trial.hosts), web


def test_containers_reach_tasks_on_other_hosts_by_name(trial: SwarmCluster, web: str, image: str) -> None:
    script = f"for a in $(getent ahosts tasks.{web} | cut -d' ' -f1 | sort -u); do curl -fsm 5 $a:8000/hostname; done"
    client = trial.client()

    def each_answers() -> bool:
        """Each task has its own host name. The hosts tell each other of new tasks, which takes a moment."""
        command = ["bash", "-c", f"{script}; true"]
        output = client.containers.run(image, command, network="trial", remove=True).decode()
        return len(set(output.split())) == len(trial.hosts)

    wait_until(each_answers, "a container reaches the task on every host by its name", 180, every=1)


def test_an_unknown_name_is_refused_at_once(trial: SwarmCluster, web: str, image: str) -> None:
    output = trial.client().containers.run(image, ["python3", "-c", _LOOK_UP], network="trial", remove=True)
    refused, seconds = zip(*(line.split() for line in output.decode().splitlines()), strict=True)
    assert {*refused} == {"True"}, f"'no such name' expected, got {output.decode()!r} beside {web}"
    assert min(map(float, seconds)) < DNS_SECONDS, "a question that nobody answers costs more each time"


def test_a_lost_host_is_seen_and_heals(trial: SwarmCluster, web: str) -> None:
    lost = trial.hosts[2]
    trial.kill_host(2)
    assert not _answers(lost.address), f"{lost.name} must not answer while its link is cut ({web})"
    assert [row["link"] for row in trial.status()] == ["up", "up", "cut"]
    wait_until(lambda: _state(trial, lost.name) == "down", f"the Swarm sees {lost.name} down", 180)
    wait_until(lambda: _answers(trial.hosts[0].address), "the others go on", 180)
    trial.heal_host(2)
    trial.wait_ready(180)
    wait_until(lambda: _answers(lost.address), f"{lost.name} answers again", 180)


def test_up_brings_a_crashed_host_back(trial: SwarmCluster, web: str) -> None:
    crashed = trial.hosts[1]
    crashed.stop()
    assert not _answers(crashed.address), f"{crashed.name} must not answer ({web})"
    trial.up()
    wait_until(lambda: _answers(crashed.address), f"{crashed.name} answers again", 180)


def test_down_leaves_nothing(machine_before: Machine, trial: SwarmCluster, web: str) -> None:
    namespaces = leftovers.namespaces([*trial.hosts, Host(TRIAL, 0)])
    inside = processes.in_namespaces(namespaces)
    assert len(inside) > 3 * len(trial.hosts), f"daemons and {web} run in the hosts' namespaces, found {inside}"
    removed = trial.down()
    assert removed, "`down` says what it removed"
    assert processes.in_namespaces(namespaces) == []
    assert Machine.now(TRIAL) == machine_before
    assert trial.down() == [], "a second `down` has nothing to do"


def _processes(cluster: SwarmCluster) -> dict[str, str]:
    return {
        str(record.relative_to(cluster.profile.directory)): record.read_text()
        for record in cluster.profile.directory.glob("*/*.json")
    }


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}:{PORT}/hostname", timeout=10) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _state(cluster: SwarmCluster, name: str) -> str:
    return next(row["swarm"] for row in cluster.status() if row["host"] == name)
