"""A cluster without KEDA is refused before anything is changed, where a stack needs it."""

from types import SimpleNamespace
from typing import Any

import pytest

from cli.errors import CommandError
from cli.hosts import Hosts
from cli.keda import check_keda
from composition.read import check
from composition.stack import Stack
from tests.stacks.fixtures import DIRECTORY, settings_of

HOSTS = Hosts(environment={}, address="", description="cluster of ~/.kube/config", kubeconfig="~/.kube/config")
SESSIONS = {"metrics": {"expressions": {"sessions": {"expr": "sum(sessions)", "per_replica": 50}}}}


class ApiException(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"({status})")
        self.status = status


class Api:
    """`served`: what the group version has; a number is an error's status. `asked`: what was looked at."""

    ApiException = ApiException

    def __init__(self, served: list[str] | int) -> None:
        self.served, self.asked = served, list[tuple[str, str]]()

    def CustomObjectsApi(self) -> Any:
        def get_api_resources(group: str, version: str) -> Any:
            self.asked.append((group, version))
            if isinstance(self.served, int):
                raise ApiException(self.served)
            return SimpleNamespace(resources=[SimpleNamespace(name=name) for name in self.served])

        return SimpleNamespace(get_api_resources=get_api_resources)


def stack(**scaling: Any) -> Stack:
    settings, secrets = settings_of(DIRECTORY / "ok" / "keys-on-kubernetes.yaml")
    if scaling:
        del settings["apps"]["api"]["replicas"]
        settings["apps"]["api"]["scaling"] = scaling
    return check(settings, source="test", secret_names=secrets)


def asked(monkeypatch: pytest.MonkeyPatch, settings: Stack, served: list[str] | int) -> Api:
    api = Api(served)
    monkeypatch.setattr("cli.keda.kubernetes_api", lambda _: api)
    check_keda(settings, HOSTS)
    return api


@pytest.mark.parametrize("scaling", [{}, {"cpu": 60}])
def test_who_does_not_need_it_is_not_asked_for_it(monkeypatch: pytest.MonkeyPatch, scaling: dict[str, Any]) -> None:
    assert asked(monkeypatch, stack(**scaling), 404).asked == []


def test_a_cluster_that_has_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    api = asked(monkeypatch, stack(**SESSIONS), ["triggerauthentications", "scaledobjects"])
    assert api.asked == [("keda.sh", "v1alpha1")]


@pytest.mark.parametrize("served", [404, [], ["triggerauthentications"]])
def test_one_that_has_it_not_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, served: list[str] | int) -> None:
    with pytest.raises(CommandError) as refused:
        asked(monkeypatch, stack(**SESSIONS), served)
    said = str(refused.value)
    assert said.startswith("ha-platform:stack.apps.api.scaling.metrics: this needs KEDA, and the cluster of ~/.kube/")
    assert "scaledobjects of keda.sh/v1alpha1" in said


def test_a_cluster_that_may_not_be_asked_is_no_cluster_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiException):
        asked(monkeypatch, stack(**SESSIONS), 403)
