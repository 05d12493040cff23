"""The gate, asked over HTTP, beside a Docker API on a unix socket: what is not allowed never reaches Docker."""

import copy
import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from platforms.scaler.gate import serve
from tests.platforms.scaler.docker_api import DockerApi, answering, service

PASSWORD = "secret-of-the-test"
KNOWN = {"Authorization": f"Bearer {PASSWORD}"}


class Asked:
    """The gate's answers."""

    def __init__(self, api: DockerApi, port: int) -> None:
        self.api = api
        self.port = port

    def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        content = body if isinstance(body, bytes | None) else json.dumps(body)
        connection.request(method, path, content, KNOWN if headers is None else headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def look(self, name: str = "prod-web") -> Any:
        status, text = self("GET", f"/services/{name}")
        assert status == 200, text
        return json.loads(text)

    def scale(self, replicas: Any, version: Any = 77, name: str = "prod-web") -> tuple[int, str]:
        return self("POST", f"/services/{name}/replicas", {"replicas": replicas, "version": version})


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    api = DockerApi(
        service("prod-web"),
        service("prod-db", scaling=""),
        service("test-web", stack="test"),
        service("prod-agent"),
    )
    api.services["prod-agent"]["Spec"]["Mode"] = {"Global": {}}
    api.tasks = [
        {"Status": {"State": "running", "ContainerStatus": {"ContainerID": "c1"}}},
        {"Status": {"State": "starting", "ContainerStatus": {"ContainerID": "c2"}}},
        {"Status": {"State": "pending"}},
    ]
    socket = tmp_path / "docker.sock"
    server = serve({"socket": str(socket), "stack": "prod", "listen": "127.0.0.1", "port": 0}, PASSWORD)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with answering(api, socket), server:
        yield Asked(api, server.server_address[1])
        server.shutdown()


def test_it_tells_of_a_service_what_the_controller_needs(asked: Asked) -> None:
    assert asked.look() == {"replicas": 3, "version": 77, "busy": "", "running": ["c1"]}
    (_, _, _), (_, path, _) = asked.api.asked
    assert path.startswith("/tasks?filters=")
    assert asked.api.changes == []


def test_it_sets_the_count_and_nothing_else(asked: Asked) -> None:
    before = copy.deepcopy(asked.api.services["prod-web"]["Spec"])
    assert asked.scale(5)[0] == 200
    ((path, spec),) = asked.api.changes
    assert path == "/services/id-of-prod-web/update?version=77"
    before["Mode"]["Replicated"]["Replicas"] = 5
    assert spec == before, "all other fields are as Docker told them"


@pytest.mark.parametrize(("replicas", "allowed"), [(2, False), (3, True), (10, True), (11, False), (0, False)])
def test_the_bounds_are_those_on_the_service(asked: Asked, replicas: int, allowed: bool) -> None:
    status, text = asked.scale(replicas)
    assert (status == 200, len(asked.api.changes)) == (allowed, int(allowed)), text
    if not allowed:
        assert (status, text) == (403, f"prod-web has between 3 and 10 replicas, not {replicas}\n")


@pytest.mark.parametrize("name", ["prod-db", "test-web", "prod-agent", "id-of-prod-web"])
def test_other_services_can_neither_be_seen_nor_scaled(asked: Asked, name: str) -> None:
    """Without scaling, of another stack, on every host, and by the id of one that it scales."""
    status, text = asked("GET", f"/services/{name}")
    assert (status, text) == (403, f"{name} is not a service that this gate scales\n")
    assert asked.scale(5, name=name)[0] == 403
    assert asked.api.changes == []


def test_what_is_not_there(asked: Asked) -> None:
    assert asked.scale(5, name="prod-nothing") == (404, "service prod-nothing not found\n")


OTHER_REQUESTS = [
    ("POST", "/services/create", {"Name": "evil"}),
    ("POST", "/services/prod-web/update?version=77", {"TaskTemplate": {"ContainerSpec": {"Image": "evil"}}}),
    ("POST", "/services/prod-web/update", {}),
    ("POST", "/v1.51/services/prod-web/update?version=77", {}),
    ("DELETE", "/services/prod-web", None),
    ("PUT", "/services/prod-web/replicas", {"replicas": 5, "version": 77}),
    ("PATCH", "/services/prod-web/replicas", {"replicas": 5, "version": 77}),
    ("HEAD", "/services/prod-web", None),
    ("GET", "/services", None),
    ("GET", "/services/prod-web/replicas", None),
    ("GET", "/services/prod-web/logs", None),
    ("GET", "/services/..%2Fsecrets", None),
    ("GET", "/services/../secrets", None),
    ("GET", "/services/prod-web?insertDefaults=true", None),
    ("GET", "/services/PROD-WEB", None),
    ("GET", "//secrets", None),
    ("GET", "/secrets", None),
    ("GET", "/configs", None),
    ("GET", "/containers/json", None),
    ("GET", "/containers/c1/stats", None),
    ("GET", "/containers/c1/archive?path=/etc/shadow", None),
    ("POST", "/containers/c1/exec", {"Cmd": ["sh"]}),
    ("POST", "/exec/e1/start", {}),
    ("POST", "/containers/create", {"HostConfig": {"Binds": ["/:/host"]}}),
    ("POST", "/services/prod-web/replicas/../../../containers/create", {}),
    ("GET", "http://docker/secrets", None),
    ("GET", "/info", None),
    ("GET", "/swarm", None),
    ("GET", "/metrics", None),
    ("CONNECT", "/session", None),
]


@pytest.mark.parametrize(("method", "path", "body"), OTHER_REQUESTS, ids=lambda one: str(one)[:40])
def test_nothing_else_is_passed_on(asked: Asked, method: str, path: str, body: Any) -> None:
    status, _ = asked(method, path, body)
    assert status in (404, 501), status
    assert asked.api.asked == []


ORDERS = [
    {"replicas": 5},
    {"version": 77},
    {"replicas": 5, "version": 77, "image": "evil"},
    {"replicas": 5, "version": 77, "Spec": {"TaskTemplate": {}}},
    {"replicas": "5", "version": 77},
    {"replicas": True, "version": 77},
    {"replicas": 5.0, "version": 77},
    {"replicas": 5, "version": "77&registryAuthFrom=x"},
    {"replicas": None, "version": 77},
    [5, 77],
    "5",
    b"",
    b"{",
    b"\xff",
    b'{"replicas": 5, "version": 77}' + b" " * 1024,
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda one: str(one)[:40])
def test_an_order_is_two_whole_numbers(asked: Asked, order: Any) -> None:
    assert asked("POST", "/services/prod-web/replicas", order)[0] == 400
    assert asked.api.asked == []


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": PASSWORD}, {"Authorization": "Bearer "}]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/services/prod-web"), ("POST", "/services/prod-web/replicas"), ("GET", "/figures")]
)
def test_who_does_not_know_the_password_hears_nothing(
    asked: Asked, method: str, path: str, headers: dict[str, str]
) -> None:
    body = {"replicas": 5, "version": 77} if method == "POST" else None
    assert asked(method, path, body, headers) == (401, "say the password\n")
    assert asked.api.asked == []


def test_a_service_that_changed_meanwhile_is_left_alone(asked: Asked) -> None:
    assert asked.scale(5, version=76) == (409, "prod-web has changed since it was looked at\n")
    assert asked.api.changes == []


@pytest.mark.parametrize("state", ["updating", "rollback_started", "paused", "rollback_paused"])
def test_an_update_that_goes_on_keeps_its_way_back(asked: Asked, state: str) -> None:
    asked.api.services["prod-web"]["UpdateStatus"] = {"State": state}
    assert asked.look()["busy"] == state
    assert asked.scale(5) == (409, f"prod-web is {state}\n")
    assert asked.api.changes == []


def test_after_an_update_it_scales(asked: Asked) -> None:
    asked.api.services["prod-web"]["UpdateStatus"] = {"State": "completed"}
    assert asked.look()["busy"] == ""
    assert asked.scale(5)[0] == 200


def test_a_host_that_is_no_manager_says_so(asked: Asked) -> None:
    asked.api.manager = False
    assert asked("GET", "/services/prod-web") == (503, "This node is not a swarm manager.\n")
    assert asked("GET", "/health") == (200, "ok\n")


def test_what_containers_use(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platforms.scaler.gate._OLD_SECONDS", 60.0)
    memory = {"usage": 300, "stats": {"inactive_file": 100}}
    asked.api.stats = {
        "c1": {"cpu_stats": {"cpu_usage": {"total_usage": 1_500_000_000}}, "memory_stats": memory},
        "c2": {"cpu_stats": {"cpu_usage": {"total_usage": 0}},
               "memory_stats": {"usage": 300, "stats": {"total_inactive_file": 50, "inactive_file": 1}}},
        "c3": {"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}},
        "c4": {},
    }  # fmt: skip
    assert asked("GET", "/figures") == (
        200,
        'ha_container_cpu_seconds_total{service="prod-web",container="c1"} 1.500000\n'
        'ha_container_cpu_seconds_total{service="prod-web",container="c2"} 0.000000\n'
        'ha_container_memory_bytes{service="prod-web",container="c1"} 200\n'
        'ha_container_memory_bytes{service="prod-web",container="c2"} 250\n',
    )
    seen = len(asked.api.asked)
    asked("GET", "/figures")
    assert len(asked.api.asked) == seen, "who asks at once again gets the same"


def test_without_docker_it_is_not_healthy(tmp_path: Path) -> None:
    server = serve({"socket": str(tmp_path / "none"), "stack": "prod", "listen": "127.0.0.1", "port": 0}, PASSWORD)
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        asked = Asked(DockerApi(), server.server_address[1])
        assert asked("GET", "/health")[0] == 502
        assert asked("GET", "/services/prod-web")[0] == 502
        server.shutdown()
