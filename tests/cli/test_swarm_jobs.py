"""Jobs that failed for good are scaled to 0, so that the next update runs them again; all others are left alone."""

import copy
from typing import Any

import pytest

from cli import swarm_jobs
from cli.hosts import Hosts
from cli.kept import JOB_LABEL, STACK_LABEL

FILTERS = {"label": [f"{STACK_LABEL}=dev", f"{JOB_LABEL}=true"]}
HOSTS = Hosts(environment={}, address="", description="")


class FakeSwarm:
    """Services of one stack with the states that the Swarm wants of their tasks; each update takes the last one."""

    def __init__(self, **services: list[str]) -> None:
        self._tasks = services
        self._counts = dict.fromkeys(services, 1)
        self.updates: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    def tasks_of(self, name: str) -> list[str]:
        return self._tasks[name]

    def scale(self, name: str, count: int) -> None:
        self._counts[name] = count

    def services(self, filters: dict[str, Any]) -> list[dict[str, Any]]:
        assert filters == FILTERS
        return [
            {
                "ID": name,
                "Version": {"Index": 7},
                "Spec": {"Name": f"dev-{name}", "Mode": {"Replicated": {"Replicas": self._counts[name]}}},
            }
            for name in self._tasks
        ]

    def tasks(self, filters: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"DesiredState": state} for state in self._tasks[filters["service"]]]

    def inspect_service(self, name: str) -> dict[str, Any]:
        return next(one for one in self.services(FILTERS) if one["ID"] == name)

    def _url(self, path: str, *arguments: str) -> str:
        return path.format(*arguments)

    def _post_json(self, url: str, *, data: dict[str, Any], params: dict[str, Any]) -> str:
        self.updates.append((url, copy.deepcopy(data), params))
        self._tasks[url.split("/")[2]].pop()
        return "answer"

    def _raise_for_status(self, answer: str) -> None:
        assert answer == "answer"


def closed(monkeypatch: pytest.MonkeyPatch, swarm: FakeSwarm) -> list[str]:
    monkeypatch.setattr(swarm_jobs, "docker_client", lambda _: swarm)
    return swarm_jobs.close_failed("dev", HOSTS)


def test_what_failed_for_good_is_scaled_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    swarm = FakeSwarm(migrate=["shutdown", "shutdown"], settings=["shutdown", "running"])
    assert closed(monkeypatch, swarm) == ["dev-migrate"]
    spec = {"Name": "dev-migrate", "Mode": {"Replicated": {"Replicas": 0}}}
    assert swarm.updates == 2 * [("/services/migrate/update", spec, {"version": 7})], "each update takes one task"
    assert swarm.tasks_of("migrate") == [], "an update before that would find its task there"


@pytest.mark.parametrize("states", [["running"], ["shutdown", "ready"], []], ids=["done", "tried again", "just made"])
def test_what_goes_on_is_left_alone(monkeypatch: pytest.MonkeyPatch, states: list[str]) -> None:
    swarm = FakeSwarm(migrate=states)
    assert closed(monkeypatch, swarm) == []
    assert swarm.updates == []


def test_what_has_no_task_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    swarm = FakeSwarm(migrate=["shutdown"])
    swarm.scale("migrate", 0)
    assert closed(monkeypatch, swarm) == []
    assert swarm.updates == []
