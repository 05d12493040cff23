"""The kubernetes provider against a real cluster: rollouts, their failures in the pods' own words, and removal."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.engine.providers.base import PartialFailure, ProviderError
from sandbox.engine.providers.kubernetes import KubernetesProvider
from sandbox.engine.refresh import overlaid
from sandbox.engine.values import Properties, diff
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.images.build import ensure_images, reference

pytestmark = [pytest.mark.live, pytest.mark.kubernetes]

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"


class Trial:
    """Objects made through the provider in a namespace of their own, which is removed at the end."""

    def __init__(self, kubeconfig: str) -> None:
        self.namespace = f"engine-trial-{secrets.token_hex(3)}"
        config = {"kubeconfig": kubeconfig, "namespace": self.namespace, "enableServerSideApply": "true"}
        self.provider = KubernetesProvider(config, print)
        self.image = reference("base")

    def create(self, type: str, given: Properties) -> tuple[str, Properties, Properties]:
        inputs = self.provider.check("urn", "trial", type, {}, given)
        id, outputs = self.provider.create("urn", type, inputs, False)
        return str(id), inputs, outputs

    def deployment(
        self, command: list[str], deadline_seconds: int = 120, name: str = "web", **container: Any
    ) -> Properties:
        """As the platform renders one: without `minReadySeconds` a pod that ends at once counts as available for a
        moment, and one of the old version goes."""
        labels = {"app": name}
        return {
            "metadata": {"name": name},
            "spec": {
                "replicas": 2,
                "minReadySeconds": 5,
                "progressDeadlineSeconds": deadline_seconds,
                "selector": {"matchLabels": labels},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": {"metadata": {"labels": labels}, "spec": self.pod(command, **container)},
            },
        }

    def pod(self, command: list[str], **container: Any) -> Properties:
        return {
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "main", "image": self.image, "command": command, **container}],
        }


@pytest.fixture
def trial(kubernetes_cluster: KubernetesCluster) -> Iterator[Trial]:
    ensure_images(["base"])
    trial = Trial(str(kubernetes_cluster.kubeconfig))
    id, inputs, outputs = trial.create(NAMESPACE, {"metadata": {"name": trial.namespace}})
    yield trial
    trial.provider.delete(NAMESPACE, id, inputs, outputs)
    assert trial.provider.find(NAMESPACE, inputs) is None


def test_a_bad_rollout_fails_with_the_pods_reason_and_the_old_one_serves_on(trial: Trial) -> None:
    never_ready = {"exec": {"command": ["false"]}, "periodSeconds": 1, "timeoutSeconds": 5}
    cases: list[tuple[list[str], dict[str, Any], str]] = [
        (["sh", "-c", "echo no table users; exit 7"], {}, "exit code 7; last output: no table users"),
        (["sleep", "1"], {"image": "127.0.0.1:5000/no/such:1"}, "ImagePull"),
        (["sleep", "100000"], {"readinessProbe": never_ready}, "Readiness probe failed"),
        (["sleep", "1"], {"resources": {"requests": {"cpu": "1000"}}}, "Unschedulable"),
    ]
    with ThreadPoolExecutor(len(cases)) as threads:  # each waits for its deadline
        list(threads.map(lambda case: _fails_and_is_healed(trial, f"web-{case[0]}", *case[1]), enumerate(cases)))


def _fails_and_is_healed(trial: Trial, name: str, command: list[str], container: dict[str, Any], reason: str) -> None:
    id, inputs, outputs = trial.create(DEPLOYMENT, trial.deployment(["sleep", "100000"], name=name))
    live = trial.provider.live(DEPLOYMENT, id, inputs)
    assert diff(inputs, overlaid(inputs, live)) == {}
    bad = trial.deployment(command, deadline_seconds=40, name=name, **container)
    new = trial.provider.check("urn", "trial", DEPLOYMENT, inputs, bad)
    with pytest.raises(PartialFailure) as failure:
        trial.provider.update("urn", DEPLOYMENT, id, inputs, outputs, new, False)
    assert reason in failure.value.reason
    assert failure.value.outputs["status"]["availableReplicas"] == 2
    healed = trial.provider.update("urn", DEPLOYMENT, id, inputs, outputs, inputs, False)
    assert healed["status"]["updatedReplicas"] == 2


def test_a_failed_job_ends_the_wait_with_its_log(trial: Trial) -> None:
    def job(name: str, script: str) -> Properties:
        template = {"spec": {**trial.pod(["sh", "-c", script]), "restartPolicy": "Never"}}
        return {"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": template}}

    assert trial.create(JOB, job("good", "true"))[2]["status"]["succeeded"] == 1
    with pytest.raises(PartialFailure, match=r"BackoffLimitExceeded.*exit code 3; last output: migration broke"):
        trial.create(JOB, job("bad", "echo migration broke; exit 3"))


def test_a_preview_asks_the_api_server_and_changes_nothing(trial: Trial) -> None:
    given = trial.provider.check("urn", "trial", CONFIG_MAP, {}, {"data": {"a": "1"}})
    _, outputs = trial.provider.create("urn", CONFIG_MAP, given, True)
    assert outputs["data"] == {"a": "1"}
    assert trial.provider.find(CONFIG_MAP, given) is None
    unknown = trial.deployment(["true"])
    unknown["spec"]["replica"] = 2
    with pytest.raises(ProviderError, match=r"Deployment web: .*replica: field not declared in schema"):
        trial.provider.create("urn", DEPLOYMENT, trial.provider.check("urn", "trial", DEPLOYMENT, {}, unknown), True)


def test_what_is_there_already_is_not_taken_over(trial: Trial) -> None:
    given = {"metadata": {"name": "settings"}, "data": {"a": "1"}}
    id, inputs, _ = trial.create(CONFIG_MAP, given)
    assert trial.provider.find(CONFIG_MAP, inputs) == id == f"{trial.namespace}/settings"
    with pytest.raises(ProviderError, match="ConfigMap settings is already in the cluster"):
        trial.create(CONFIG_MAP, given)
    trial.provider.delete(CONFIG_MAP, id, inputs, {})
    assert trial.provider.read(CONFIG_MAP, id, inputs, {}) is None
    trial.provider.delete(CONFIG_MAP, id, inputs, {})
