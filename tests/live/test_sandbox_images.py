"""Every sandbox image on a real daemon: pulled from the host's registry, and run as its pinned user."""

from collections.abc import Iterator

import docker
import pytest

from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import reference
from sandbox.images.recipe import recipe, recipes

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(300, func_only=True)]

STORES = sorted(name for name, image in recipes().items() if image.data_dir)
PROGRAMS = {
    "haproxy": (["haproxy", "-v"], "HAProxy version 2.6"),
    "postgres": (["patroni", "--version"], "patroni 4.1.5"),
    "etcd": (["etcd", "--version"], "etcd Version: 3.4"),
    "redis": (["redis-sentinel", "--version"], "Redis server v=7.0"),
    "prometheus": (["prometheus", "--version"], "prometheus, version 2"),
    "alertmanager": (["alertmanager", "--version"], "alertmanager, version 0"),
    "node-exporter": (["node_exporter", "--version"], "node_exporter, version 1"),
    "redis-exporter": (["redis_exporter", "-version"], "Redis Metrics Exporter 1."),
    "chat": (["python3", "-c", "import app, fastapi, asyncpg, redis; print('imported')"], "imported"),
    "base": (["python", "--version"], "Python 3.11"),
}
_WRITES = 'exec 9>"$0/.lock" && flock --exclusive 9 && stat -c %u:%g "$0" && touch "$0/file"'


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


@pytest.mark.parametrize("name", sorted(recipes()))
def test_it_runs_as_its_pinned_user_and_can_probe_http(daemon: docker.DockerClient, name: str) -> None:
    image = recipe(name)
    said = run(daemon, name, ["bash", "-c", "id -u; id -g; id -un; command -v curl python3 flock"]).split()
    assert said[:3] == [str(image.uid), str(image.gid), image.user]
    assert len(said) == 6, said


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_its_program_runs(daemon: docker.DockerClient, name: str) -> None:
    argv, expected = PROGRAMS[name]
    assert expected in run(daemon, name, argv)


@pytest.mark.parametrize("name", STORES)
def test_a_new_volume_on_its_data_directory_is_its_own(daemon: docker.DockerClient, name: str) -> None:
    image = recipe(name)
    assert image.data_dir
    volume = daemon.volumes.create(f"sandbox-image-test-{name}")
    try:
        mounted = {volume.name: {"bind": image.data_dir, "mode": "rw"}}
        said = run(daemon, name, ["bash", "-c", _WRITES, image.data_dir], volumes=mounted)
        assert said.split() == [f"{image.uid}:{image.gid}"]
    finally:
        volume.remove()


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
