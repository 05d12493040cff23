"""Lines of several replicas as one text."""

import contextlib
import io
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cli import kubernetes_logs, logs, swarm_logs
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.logs import Asked, Line, show
from cli.workloads import Workload

HOSTS = Hosts(environment={}, address="", description="hosts")
WEB = Workload(urn="u", id="ns/web", component="AppTier web", word="web", name="dev-web")


def line(second: int, replica: str, text: str) -> Line:
    return Line(f"2026-11-26T01:02:{second:02}.000000000Z", replica, text)


def test_recent_lines_are_in_the_order_of_their_times(capsys: pytest.CaptureFixture[str]) -> None:
    def first(put: Callable[[Line], None]) -> None:
        for each in (line(1, "a", "z"), line(1, "a", "b"), line(4, "a", "last")):
            put(each)

    show([first, lambda put: put(line(2, "b", "between"))], Asked())
    assert capsys.readouterr().out.splitlines() == [
        "01:02:01 a | z",
        "01:02:01 a | b",
        "01:02:02 b | between",
        "01:02:04 a | last",
    ]


def test_a_host_that_does_not_answer_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "RECENT_SECONDS", 0.2)
    never = threading.Event()

    def lost(_: Callable[[Line], None]) -> None:
        never.wait(60)

    show([lambda put: put(line(1, "a", "here")), lost], Asked())
    shown = capsys.readouterr()
    assert "here" in shown.out
    assert "some hosts did not answer within 0.2 s" in shown.err
    never.set()


def _fails(_: Callable[[Line], None]) -> None:
    raise CommandError("the host cannot be used")


@pytest.mark.parametrize("follow", [False, True])
def test_a_fault_comes_after_the_lines(capsys: pytest.CaptureFixture[str], follow: bool) -> None:
    with pytest.raises(CommandError, match="cannot be used"):
        show([lambda put: put(line(1, "a", "here")), _fails], Asked(follow=follow))
    assert "here" in capsys.readouterr().out


class Screen(io.StringIO):
    """Tells when a text is on it. pytest's own capture loses what another thread writes while it is read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.shown = threading.Event()

    def write(self, text: str) -> int:
        if self._text in text:
            self.shown.set()
        return super().write(text)


def test_lines_that_are_followed_are_shown_before_the_source_ends() -> None:
    screen = Screen("at once")

    def source(put: Callable[[Line], None]) -> None:
        put(line(1, "a", "at once"))
        assert screen.shown.wait(10)
        put(line(2, "a", "later"))

    with contextlib.redirect_stdout(screen):
        show([source], Asked(follow=True))
    assert "later" in screen.getvalue()


def _read(source: logs.Source) -> list[str]:
    lines: list[Line] = []
    source(lines.append)
    return [str(each) for each in lines]


class FakeSwarm:
    """One service with two tasks; the second starts after the first look at them."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self._looks = 0

    def service_logs(self, service: str, **asked: Any) -> Any:
        self.asked = {"service": service, **asked}
        labels = "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s1,com.docker.swarm.task.id="
        yield f"2026-11-26T01:02:03.5Z {labels}t1 hello  world = x\n".encode()
        yield f"2026-11-26T01:02:04.5Z {labels}t2 \n2026-11-26T01:02:05.5Z {labels}t2 \xff".encode("latin-1")

    def nodes(self) -> list[dict[str, Any]]:
        return [{"ID": "n1", "Description": {"Hostname": "host1"}}]

    def tasks(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters == {"service": "ns/web"}
        self._looks += 1
        both = [{"ID": "t1", "Slot": 1, "NodeID": "n1"}, {"ID": "t2", "Slot": 2, "NodeID": "n1"}]
        return both[: self._looks]


@pytest.mark.parametrize(("since", "tail"), [(None, 100), (600, "all")])
def test_a_swarms_lines_have_the_names_of_its_tasks(
    monkeypatch: pytest.MonkeyPatch, since: int | None, tail: object
) -> None:
    swarm = FakeSwarm()
    monkeypatch.setattr("cli.swarm_logs.docker_client", lambda _: swarm)
    assert _read(swarm_logs.source(WEB, HOSTS, Asked(since_seconds=since))) == [
        "01:02:03 dev-web.1@host1 | hello  world = x",
        "01:02:04 dev-web.2@host1 | ",
        "01:02:05 dev-web.2@host1 | \N{REPLACEMENT CHARACTER}",
    ]
    assert (swarm.asked["service"], swarm.asked["tail"], swarm.asked["follow"]) == ("ns/web", tail, False)
    assert ("since" in swarm.asked) is (since is not None)


class ApiException(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class FakeCluster:
    """Pods of a workload: one with two containers, one whose log went, one that has not started."""

    ApiException = ApiException

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def CoreV1Api(self) -> Any:
        return self

    def list_namespaced_pod(self, namespace: str, *, label_selector: str) -> Any:
        assert (namespace, label_selector) == ("ns", "app.kubernetes.io/name=web")
        pods = {"web-a": ["web", "side"], "web-gone": ["web"], "web-new": ["web"]}
        return SimpleNamespace(
            items=[
                SimpleNamespace(
                    metadata=SimpleNamespace(name=name),
                    spec=SimpleNamespace(containers=containers),
                    status=SimpleNamespace(
                        container_statuses=[
                            SimpleNamespace(name=each, container_id=None if name == "web-new" else f"{name}/{each}")
                            for each in containers
                        ]
                    ),
                )
                for name, containers in pods.items()
            ]
        )

    def read_namespaced_pod_log(self, name: str, namespace: str, **asked: Any) -> Any:
        assert namespace == "ns"
        if name == "web-gone":
            raise ApiException(404)
        self.asked.append(asked)
        text = f"2026-11-26T01:02:03.5Z of {asked['container']}\n2026-11-26T01:02:04.5Z half".encode()
        return SimpleNamespace(stream=lambda: iter([text[:30], text[30:]]))


@pytest.mark.parametrize(
    ("since", "limits"), [(None, {"tail_lines": 100}), (600, {"since_seconds": 600})], ids=["newest", "since"]
)
def test_a_clusters_lines_have_the_names_of_pods(
    monkeypatch: pytest.MonkeyPatch, since: int | None, limits: dict[str, int]
) -> None:
    cluster = FakeCluster()
    monkeypatch.setattr("cli.kubernetes_logs.kubernetes_api", lambda _: cluster)
    assert sorted(_read(kubernetes_logs.source(WEB, HOSTS, Asked(since_seconds=since)))) == [
        "01:02:03 web-a/side | of side",
        "01:02:03 web-a/web | of web",
        "01:02:04 web-a/side | half",
        "01:02:04 web-a/web | half",
    ]
    for asked in cluster.asked:
        assert {key: value for key, value in asked.items() if key in ("tail_lines", "since_seconds")} == limits
