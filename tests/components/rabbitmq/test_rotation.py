"""Another password for the clients of a broker: what is registered, who waits for whom, and when the job takes away."""

import json
from functools import cache
from typing import Any

import pytest

from cli.errors import CommandError
from cli.fixed import check_fixed
from components.rabbitmq.files import retire_users
from components.rabbitmq.files.retire_users import Failed, NotYet, Retirement
from composition.read import check
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

ROTATED = "jobs-rabbitmq-rotated"
WORKLOADS = ("/service:Service", ":Deployment", ":Job", ":StatefulSet")


def document(platform: str, counter: int) -> dict[str, Any]:
    rotate = {"rotate": {"passwords": counter}} if counter else {}
    users = {"auditor": {"permissions": {"app": {"read": ".*"}}}, "ops": {"tags": ["monitoring"], "password": "ops"}}
    uses = {"jobs": "BROKER", "jobs/further": "FURTHER"}
    app = {"image": "registry.example.com/web:1", "port": 8000, "uses": uses, "longest_request": "4m"}
    return {
        "platform": PLATFORMS[platform],
        "brokers": {"jobs": {"vhosts": {"further": {}}, "users": users, **rotate}},
        "apps": {"web": app, "other": {"image": "registry.example.com/other:1", "port": 8002}},
    }


@cache
def registered(platform: str, counter: int) -> dict[tuple[str, str], Recorded]:
    """Of a stack with this counter; 0: it has none."""
    return {(one.type, one.name): one for one in accepted(document(platform, counter), secrets={"ops": "known"})}


def value(platform: str, counter: int, name: str) -> str:
    return text([*registered(platform, counter).values()], name)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_first_counter_is_as_none(platform: str) -> None:
    assert registered(platform, 1) == registered(platform, 0)
    assert "ha_rotat" not in value(platform, 0, "jobs-definitions")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_nodes_know_both_and_applications_the_new_one(platform: str) -> None:
    for counter, number in ((1, ""), (2, ".2"), (3, ".3")):
        url = value(platform, counter, "jobs-app-web-url")
        assert url.startswith(f"amqp://app-web{number}:generated-jobs-app-web{number}@"), url
    told = json.loads(value(platform, 3, "jobs-definitions"))
    rotation = told["ha_rotation"]
    everywhere = {user["name"]: user["tags"] for user in told["users"]}
    assert everywhere == {
        "app-web.3": [], "auditor.3": [], "ha_rotation": ["administrator"], "ops": ["monitoring"], "vhost-further.3": []
    }  # fmt: skip
    assert rotation["counter"] == 3
    former = {user["name"] for user in rotation["former"]["users"]}
    assert former == {"app-web.2", "auditor.2", "vhost-further.2"}, "a given password is its owner's"
    may = {one["user"]: {**one, "user": ""} for one in (*told["permissions"], *rotation["former"]["permissions"])}
    for word in ("app-web", "auditor", "vhost-further"):
        assert may[f"{word}.2"] == may[f"{word}.3"], "the same permissions"
    assert not may.keys() & {"ha_rotation"}, "who takes users away reads no message"


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_job_waits_for_all_who_use_the_broker(platform: str) -> None:
    found = registered(platform, 2)
    [job] = [one for (type_, name), one in found.items() if name == ROTATED and type_.endswith(WORKLOADS)]
    names = {urn.rpartition("::")[2] for urn in job.depends_on}
    assert "web" in names
    assert names & {"jobs-rabbitmq", "jobs-rabbitmq-2"}, names
    assert "other" not in names
    told = json.loads(value(platform, 2, f"{ROTATED}-wanted"))
    assert told["users"] == {"app-web": "app-web.2", "auditor": "auditor.2", "vhost-further": "vhost-further.2"}
    assert (told["counter"], told["stop"], told["seconds"] > 240) == (1, 240, True)


def test_a_counter_never_goes_back() -> None:
    resource = {"outputs": {"counters": {"brokers.jobs.rotate.passwords": 3}}}
    with pytest.raises(CommandError, match=r"brokers\.jobs\.rotate\.passwords: is 2, and was 3"):
        check_fixed(check(document("swarm", 2), source="x", secret_names=frozenset({"ops"})), [resource])
    check_fixed(check(document("swarm", 3), source="x", secret_names=frozenset({"ops"})), [resource])


class Cluster:
    """Answers as nodes do; what it was told to do is in `did`."""

    def __init__(self) -> None:
        self.running = [True, True]
        self.users = ["app-web", "app-web.2", "ha_rotation"]
        self.connected: list[str] = []
        self.did: list[str] = []
        self.cut = ""
        """Before this, the process ends."""

    def ask(self, _: object, __: str, path: str, *, method: str = "GET", body: Any = None) -> Any:
        if method != "GET":
            if self.cut and path.startswith(self.cut):
                raise KeyboardInterrupt
            self.did.append(f"{method} {path}")
            if method == "DELETE":
                self.users.remove(path.partition("/")[2])
            return body
        if path == "nodes":
            return [{"running": one} for one in self.running]
        if path == "users":
            return [{"name": one} for one in self.users]
        return [{"name": f"{one} -> 10.0.0.2:5672"} for one in self.connected]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(Retirement, "ask", lambda *args, **more: made.ask(*args, **more))
    monkeypatch.setattr(retire_users, "POLL_SECONDS", 0.01)
    return made


def retire(*, seconds: float = 0.1) -> None:
    told = {"origin": "brokers.jobs", "nodes": ["a", "b"], "port": 1, "users": {"app-web": "app-web.2"}, "counter": 1}
    Retirement(told | {"seconds": seconds, "quiet": 0, "stop": 0, "ca": ""}, "password").apply()


def test_the_end_is_said_to_all_nodes_before_anybody_is_taken_away(cluster: Cluster) -> None:
    retire()
    assert cluster.did == ["PUT global-parameters/ha_rotated", "DELETE users/app-web"]
    retire()
    assert cluster.users == ["app-web.2", "ha_rotation"], "and again"


@pytest.mark.parametrize("cut", ["global-parameters", "users"])
def test_one_that_is_cut_goes_on(cluster: Cluster, cut: str) -> None:
    cluster.cut = cut
    with pytest.raises(KeyboardInterrupt):
        retire()
    assert "app-web" in cluster.users
    cluster.cut = ""
    retire()
    assert cluster.users == ["app-web.2", "ha_rotation"]
    assert "PUT global-parameters/ha_rotated" in cluster.did


def test_nobody_is_taken_away_who_is_used_or_who_may_be(cluster: Cluster) -> None:
    cluster.connected = ["10.0.0.9:4000"]
    with pytest.raises(
        Failed, match=r"brokers.jobs.rotate: the former passwords still hold.*app-web from 10.0.0.9:4000"
    ):
        retire()
    cluster.connected, cluster.running = [], [True, False]
    with pytest.raises(Failed, match="1 of 2 nodes run"):
        retire()
    cluster.running, cluster.users = [True, True], ["app-web", "ha_rotation"]
    with pytest.raises(Failed, match=r"app-web\.2 is not there"):
        retire()

    def silent(*_: object, **__: object) -> Any:
        raise NotYet("GET nodes: 503")

    cluster.ask = silent  # type: ignore[method-assign]
    with pytest.raises(Failed, match="b does not answer"):
        retire()
    assert cluster.did == []
