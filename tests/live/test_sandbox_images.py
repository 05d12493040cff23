"""Every sandbox image on a real daemon: pulled from the host's registry, and run as its pinned user."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import docker
import pytest

from cli.verify_images import Asked, asked_of, verified
from composition.read import check
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import reference
from tests.stacks.fixtures import REPOSITORY, settings_of

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(300, func_only=True)]

ASKED = asked_of(check(settings_of(REPOSITORY / "Pulumi.dev.yaml")[0], source="dev", secret_names=frozenset()))
VERSIONS = {
    "haproxy": "HAProxy version 3.0",
    "postgres": "postgres (PostgreSQL) 17",
    "etcd": "etcd Version: 3.5",
    "valkey": "Valkey server v=8.1",
    "prometheus": "prometheus, version 2",
    "alertmanager": "alertmanager, version 0",
    "node-exporter": "node_exporter, version 1",
    "redis-exporter": "Redis Metrics Exporter 1.",
    "chat": "",
}
OTHERS = {
    "postgres": (["patroni", "--version"], "patroni 4.1.5"),
    "chat": (["python3", "-c", "import app, fastapi, asyncpg, redis; print('imported')"], "imported"),
    "base": (["python", "--version"], "Python 3.13"),
}


@pytest.fixture(scope="module")
def daemon(swarm_dev: SwarmCluster) -> Iterator[docker.DockerClient]:
    client = swarm_dev.client()
    yield client
    client.close()


def run(daemon: docker.DockerClient, name: str, argv: list[str], **options: object) -> str:
    """What a container of the image prints: read-only root, no capabilities, as the image's own user."""
    output: bytes = daemon.containers.run(
        reference(name),
        entrypoint=argv[:1],
        command=argv[1:],
        remove=True,
        stdout=True,
        stderr=True,
        read_only=True,
        cap_drop=["ALL"],
        **options,
    )
    return output.decode()


@pytest.mark.parametrize("name", sorted(VERSIONS))
def test_it_is_what_its_pin_says(daemon: docker.DockerClient, name: str) -> None:
    found = verified(daemon.api, ASKED[name])
    assert found.problems == []
    assert VERSIONS[name] in found.version
    assert found.digest.startswith("sha256:")


BROKEN: dict[str, Callable[[Asked], Asked]] = {
    "lacks no-such (on PATH)": lambda asked: replace(asked, programs=frozenset({"no-such"})),
    "`false` fails": lambda asked: replace(asked, version=("false",)),
    "user 12345 cannot write a new volume": lambda asked: _pinned(asked, uid=12345),
    "cannot be pulled": lambda asked: _pinned(asked, ref=f"{asked.pin.ref.rpartition(':')[0]}:none"),
    "lacks wget": lambda asked: _pinned(asked, http_probe="wget"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_a_pin_says_wrongly_is_found(daemon: docker.DockerClient, fault: str) -> None:
    (problem,) = verified(daemon.api, BROKEN[fault](ASKED["valkey"])).problems
    assert problem.startswith(fault)


def _pinned(asked: Asked, **changes: object) -> Asked:
    return replace(asked, pin=asked.pin.model_copy(update=changes))


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_its_program_runs(daemon: docker.DockerClient, name: str) -> None:
    argv, expected = OTHERS[name]
    assert expected in run(daemon, name, argv)


def test_postgres_makes_a_cluster_without_the_just_in_time_compiler(daemon: docker.DockerClient) -> None:
    script = (
        "initdb --pgdata=/tmp/data --auth=trust >/dev/null && "
        "pg_ctl --pgdata=/tmp/data --options='-k /tmp' --silent --wait start >/dev/null && "
        "psql -h /tmp -At -c 'set jit_above_cost = 0' -c 'select count(*) from generate_series(1, 1000)' postgres && "
        "python3 -c \"import psycopg; print(psycopg.connect('host=/tmp dbname=postgres').info.status.name)\""
    )
    said = run(daemon, "postgres", ["bash", "-c", script], tmpfs={"/tmp": "mode=1777"}).split()
    assert said == ["SET", "1000", "OK"]


def test_the_bad_version_ends_at_its_start_and_says_why(daemon: docker.DockerClient) -> None:
    with pytest.raises(docker.errors.ContainerError) as failure:
        daemon.containers.run(reference("chat-bad"), remove=True)
    assert failure.value.exit_status == 1
    assert b"this build is broken on purpose" in failure.value.stderr


def test_haproxy_stops_softly(daemon: docker.DockerClient) -> None:
    pulled = daemon.images.get(reference("haproxy"))
    assert pulled.attrs["Config"]["StopSignal"] == "SIGUSR1"
