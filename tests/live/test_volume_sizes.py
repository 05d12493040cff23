"""A volume's size on Kubernetes: it grows in place where the class can do that, else nothing happens at all."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drills.deployment import Change, Deployment, Settings
from drills.engine import SandboxEngine
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.images import ensure_images

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(900, func_only=True)]

REDIS = "sessions-redis-0"
MEMBERS = [REDIS, "sessions-sentinel-0"]
_SMALL = {"cpu_request": "20m", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "128Mi"}


class Trial:
    """A cache with `data: keep`, in a namespace that is somebody else's."""

    def __init__(self, cluster: KubernetesCluster, directory: Path) -> None:
        self._cluster = cluster
        self.namespace = f"volumes-{secrets.token_hex(3)}"
        settings: Settings = {
            "platform": {"kind": "kubernetes", "nodes": 3, "namespace": self.namespace, "create_namespace": False},
            "images": {"source": "sandbox"},
            "data": "keep",
            "caches": {
                "sessions": {
                    "role": "session", "members": 1, "maxmemory": "32Mi", "volume": "1Gi", "resources": _SMALL,
                    "sentinel_resources": _SMALL,
                },
            },
        }  # fmt: skip
        engine = SandboxEngine("volumes", directory, {"KUBECONFIG": str(cluster.kubeconfig)})
        self.deployment = Deployment("volumes", settings, [engine], directory)

    def kubectl(self, *arguments: str) -> str:
        return self._cluster.kubectl(["--namespace", self.namespace, *arguments])

    def pods(self) -> dict[str, str]:
        """Name and uid of each member that runs; a uid is another one when the pod was made again."""
        found = self._items("pods")
        return {name: found[name]["metadata"]["uid"] for name in MEMBERS if name in found}

    def claims(self) -> dict[str, tuple[str, str]]:
        """Uid and wanted size of each member's claim."""
        found = self._items("persistentvolumeclaims")
        return {
            name: (found[claim]["metadata"]["uid"], found[claim]["spec"]["resources"]["requests"]["storage"])
            for name in MEMBERS
            if (claim := f"data-{name}") in found
        }

    def _items(self, kind: str) -> dict[str, Settings]:
        items = json.loads(self.kubectl("get", kind, "-o", "json"))["items"]
        return {item["metadata"]["name"]: item for item in items}


@pytest.fixture
def trial(kubernetes_cluster: KubernetesCluster, tmp_path: Path) -> Iterator[Trial]:
    ensure_images(["base", "redis", "redis-exporter"])
    trial = Trial(kubernetes_cluster, tmp_path)
    kubernetes_cluster.kubectl(["create", "namespace", trial.namespace])
    try:
        yield trial
    finally:
        kubernetes_cluster.kubectl(["delete", "namespace", trial.namespace, "--ignore-not-found"])


def size(text: str) -> Change:
    def change(settings: Settings) -> None:
        settings["caches"]["sessions"]["volume"] = text

    return change


def renamed(settings: Settings) -> None:
    settings["caches"] = {"other": settings["caches"]["sessions"]}


def test_members_run_on_whatever_becomes_of_a_changed_size(trial: Trial) -> None:
    trial.deployment.up_ok()
    pods, before = trial.pods(), trial.claims()
    assert list(pods) == list(before) == MEMBERS
    assert before[REDIS][1] == "1Gi"

    with trial.deployment.trial(size("2Gi")):
        refused = trial.deployment.up()
    assert refused.code != 0
    assert "data-sessions-redis-0" in refused.text
    assert "only dynamically provisioned pvc can be resized" in refused.text
    assert "nothing was changed" in refused.text
    assert (trial.pods(), trial.claims()) == (pods, before)

    with _expandable(trial):
        trial.deployment.up_ok(size("2Gi"))
    # The sandbox's directories have no size: what is seen is the claim that asks for more, on the same volume.
    assert trial.claims() == before | {REDIS: (before[REDIS][0], "2Gi")}
    assert trial.pods() == pods

    with trial.deployment.trial(size("512Mi")):
        refused = trial.deployment.up()
    assert refused.code != 0
    assert "less than status.capacity" in refused.text
    assert trial.pods() == pods


@pytest.mark.slow
def test_claims_outlive_the_stack_and_are_taken_over(trial: Trial) -> None:
    trial.deployment.up_ok()
    before = trial.claims()
    with trial.deployment.trial(renamed):
        refused = [trial.deployment.command(command) for command in ("preview", "up")]
    for run in refused:
        assert run.code == 1, run.text
        assert "stack.caches.sessions: is not in the stack file any more" in run.text
        assert f"claim data-{REDIS} of namespace {trial.namespace}" in run.text
        assert "caches.other would start empty" in run.text
    assert trial.claims() == before
    assert trial.deployment.destroy().code == 0
    assert (trial.pods(), trial.claims()) == ({}, before)
    trial.deployment.up_ok()
    assert list(trial.pods()) == MEMBERS
    assert trial.claims() == before
    assert trial.deployment.destroy().code == 0


@contextmanager
def _expandable(trial: Trial) -> Iterator[None]:
    """The default class says that its volumes can grow."""

    def say(allowed: bool) -> None:
        trial.kubectl("patch", "storageclass", "standard", "-p", json.dumps({"allowVolumeExpansion": allowed}))

    say(True)
    try:
        yield
    finally:
        say(False)
