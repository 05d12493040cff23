"""Every sandbox image on a real daemon: pulled from the host's registry, and run as its pinned user."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

from cli.verify_images import asked_of, verified
from composition.read import check
from sandbox.hosts.profiles import registry_storage
from sandbox.hosts.registry import ADDRESS
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import reference, repository
from sandbox.images.recipe import recipes, tag
from sandbox.images.storage import Blob, Storage
from settings.images import pins
from tests.live.dev.commands import Commands
from tests.live.dev.stacks import development
from tests.stacks.fixtures import DIRECTORY, REPOSITORY, settings_of

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(900, func_only=True)]

ASKED = asked_of(check(settings_of(REPOSITORY / "Pulumi.dev.yaml")[0], source="dev", secret_names=frozenset()))
VERSIONS = {
    "haproxy": "HAProxy version 3.0",
    "postgres": "postgres (PostgreSQL) 17",
    "etcd": "etcd Version: 3.5",
    "valkey": "Valkey server v=8.1",
    "prometheus": "prometheus, version 3",
    "alertmanager": "alertmanager, version 0",
    "node-exporter": "node_exporter, version 1",
    "postgres-exporter": "postgres_exporter, version 0",
    "redis-exporter": "Redis Metrics Exporter 1.",
    "chat": "",
}
NOT_BY_TAG = {"postgres": "17", "etcd": "3"}
"""The major versions of upstream images whose tags say others."""
_MIRROR = "mirror-of-upstream"
OTHERS = {
    "postgres": (["patroni", "--version"], "patroni 4.1.5"),
    "chat": (["python3", "-c", "import app, fastapi, asyncpg, redis; print('imported')"], "imported"),
    "base": (["python", "--version"], "Python 3.13"),
    "nginx": (["nginx", "-v"], "nginx version: nginx/1.30."),
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
    if upstream := pins("upstream").get(name):
        named = upstream.ref.rpartition(":")[2]
        assert _major(found.version) == NOT_BY_TAG.get(name, _major(named)), "both sets have the same"


def _major(text: str) -> str:
    found = re.search(r"(\d+)\.\d+", text)
    assert found is not None, text
    return found[1]


def test_the_command_finds_the_sandbox_set_sound(swarm_dev: SwarmCluster, tmp_path: Path) -> None:
    run = Commands(tmp_path, {"HOST": swarm_dev.docker_host}).cli("verify-images", "dev")
    assert run.code == 0, run.text
    assert run.out.count("    ok: ") == len(ASKED)


def test_the_command_says_which_pins_are_wrong(
    swarm_dev: SwarmCluster, daemon: docker.DockerClient, tmp_path: Path
) -> None:
    """Each with its reason, and those that are right beside them."""
    digest = verified(daemon.api, ASKED["haproxy"]).digest
    stack = development()
    stack["images"]["override"] = {
        "valkey": _pin("valkey", uid=12345),
        "etcd": _pin("etcd", bin_dir="/opt/no-such", http_probe="wget"),
        "haproxy": _pin("haproxy", digest=digest, unverified=False),
        "redis-exporter": _pin("redis-exporter", digest=digest, unverified=False),
        "alertmanager": _pin("alertmanager", ref=f"{reference('alertmanager').rpartition(':')[0]}:none"),
        "node-exporter": _pin("node-exporter", ref="127.0.0.1:5000/ha-platform/no-such:1.0"),
        "prometheus": _pin("prometheus", ref="127.0.0.1:1/prometheus:3.0"),
    }
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {"ha-platform:stack": stack}}))
    run = Commands(tmp_path, {"HOST": swarm_dev.docker_host}).cli("verify-images", "dev", stack_file=file)
    print(run.text)
    assert run.code == 1
    said = dict(re.findall(r"^  ([a-z-]+): \S+\n    (.*)$", run.out, re.MULTILINE))
    assert set(said) == set(ASKED)
    assert said["haproxy"].endswith(f"digest {digest} (pinned)")
    assert said["postgres"].startswith("ok: postgres (PostgreSQL) 17")
    assert said["valkey"].startswith("FAULT: user 12345 cannot write a new volume on /data")
    assert said["etcd"] == "FAULT: lacks wget (on PATH or in /opt/no-such)"
    for name in ("redis-exporter", "alertmanager", "node-exporter", "prometheus"):
        assert said[name].startswith("FAULT: cannot be pulled"), said[name]
    real = verified(daemon.api, ASKED["redis-exporter"]).digest
    assert said["redis-exporter"].endswith(f"; the tag is {real} there")


@pytest.fixture
def mirror(swarm_dev: SwarmCluster) -> Iterator[str]:
    """A mirror of upstream's repositories and tags on the host's registry, with the sandbox's images in them."""
    del swarm_dev
    storage = Storage(registry_storage())
    for name, pin in pins("upstream").items():
        if name in recipes():
            manifest = storage.manifest(storage.digest(repository(name), tag(name)) or "")
            assert manifest is not None
            config = json.loads(storage.path(manifest["config"]["digest"]).read_text())
            layers = [Blob(layer["digest"], layer["size"]) for layer in manifest["layers"]]
            path, _, version = pin.ref.partition("/")[2].partition(":")
            storage.put_image(f"{_MIRROR}/{path}", version, config, layers)
    yield f"{ADDRESS}/{_MIRROR}"
    shutil.rmtree(registry_storage() / "docker/registry/v2/repositories" / _MIRROR)


def test_the_command_judges_upstream_images_where_a_mirror_has_them(
    swarm_dev: SwarmCluster, mirror: str, tmp_path: Path
) -> None:
    """They are not what upstream's pins say, and each difference is named."""
    document = yaml.safe_load((DIRECTORY / "ok/prod-on-swarm.yaml").read_text())
    document["config"]["ha-platform:stack"]["images"]["registry"] = mirror
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(yaml.safe_dump(document))
    run = Commands(tmp_path, {"HOST": swarm_dev.docker_host}).cli("verify-images", "prod", stack_file=file)
    print(run.text)
    assert run.code == 1
    said = dict(re.findall(r"^  ([a-z-]+): \S+\n((?:    .*\n)+)", run.out, re.MULTILINE))
    assert "FAULT: lacks wget" in said["haproxy"]
    assert "FAULT: user 101 cannot write a new volume on /home/postgres" in said["postgres"]
    assert "FAULT: user 42413 cannot write a new volume on /var/lib/etcd" in said["etcd"]
    assert "FAULT: lacks wget" in said["valkey"]
    assert "FAULT: user 999 cannot write a new volume on /data" in said["valkey"]
    assert "not found: manifest unknown" in said["grafana"]
    for name in ("prometheus", "alertmanager", "node-exporter"):
        assert re.search(r"FAULT: cannot be pulled.*; the tag is sha256:[0-9a-f]{64} there$", said[name], re.MULTILINE)


def _pin(name: str, **changes: object) -> dict[str, Any]:
    pin = pins("sandbox")[name].model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return {key: value for key, value in (pin | changes).items() if value is not False}


BROKEN = {
    "lacks no-such (on PATH)": replace(ASKED["valkey"], programs=frozenset({"no-such"})),
    "`false` fails": replace(ASKED["valkey"], version=("false",)),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_components_want_and_an_image_has_not_is_found(daemon: docker.DockerClient, fault: str) -> None:
    (problem,) = verified(daemon.api, BROKEN[fault]).problems
    assert problem.startswith(fault)


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
