"""A registry that asks who pulls: kubelets have the login of the pods' account, both as the platform renders them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.engine.providers.base import PartialFailure
from sandbox.engine.values import Properties
from sandbox.hosts.kubernetes import KubernetesCluster
from tests.live.private_registry import ADDRESS, PASSWORD, private_registry
from tests.live.test_engine_kubernetes import DEPLOYMENT, Trial, trial
from tests.mock_engine import SECRET_MARK
from tests.platforms.test_logins import of_type, rendered

__all__ = ["trial"]

pytestmark = [pytest.mark.live, pytest.mark.kubernetes]

SECRET, ACCOUNT = "kubernetes:core/v1:Secret", "kubernetes:core/v1:ServiceAccount"


@pytest.fixture
def private_image(kubernetes_cluster: KubernetesCluster, tmp_path: Path) -> Iterator[str]:
    """An image at a registry of the first node's own that asks for a login."""
    with private_registry(kubernetes_cluster.hosts[0], tmp_path) as image:
        yield image


def deployed(trial: Trial, name: str, image: str, password: str | None, deadline_seconds: int) -> Properties:
    """One pod of the image, with an account that has the login (None: it has none); its outputs."""
    if password is not None:
        secret = of_type(rendered("kubernetes", host=ADDRESS, password=password), SECRET)["registry-logins"].inputs
        given = {**secret, "stringData": secret["stringData"][SECRET_MARK], "metadata": {"name": name}}
        trial.create(SECRET, given)
    account: Properties = {"imagePullSecrets": [{"name": name}]} if password is not None else {}
    trial.create(ACCOUNT, {"metadata": {"name": name}, "automountServiceAccountToken": False, **account})
    given = trial.deployment(["sleep", "1000"], deadline_seconds, name, image=image, imagePullPolicy="Always")
    given["spec"]["replicas"] = 1
    pod = given["spec"]["template"]["spec"]
    pod |= {"serviceAccountName": name, "nodeSelector": {"kubernetes.io/hostname": "host1"}}
    return trial.create(DEPLOYMENT, given)[2]


def test_nobody_else_pulls(trial: Trial, private_image: str) -> None:
    def fails(name: str, password: str | None) -> str:
        with pytest.raises(PartialFailure) as failure:
            deployed(trial, name, private_image, password, deadline_seconds=40)
        return failure.value.reason

    with ThreadPoolExecutor(2) as threads:  # each waits for its deadline
        for reason in threads.map(fails, ("without", "wrong"), (None, "wrong")):
            assert private_image in reason
            assert "ImagePull" in reason
            assert "authoriz" in reason.lower(), reason


def test_a_pod_is_pulled_with_the_login_of_its_account(trial: Trial, private_image: str) -> None:
    assert deployed(trial, "right", private_image, PASSWORD, deadline_seconds=300)["status"]["availableReplicas"] == 1
