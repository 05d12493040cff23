import pytest
from starlette.testclient import TestClient

from sandbox.app.lifecycle import Lifecycle
from sandbox.app.settings import read_settings
from sandbox.app.web import create_app
from tests.components.monitoring_stack.record import compared
from tests.loopback import free_port


def test_without_databases_it_is_ready(client: TestClient) -> None:
    assert client.get("/health").status_code == 200
    assert client.get("/ready").json() == {"ready": True, "reasons": {}}


def test_every_answer_names_replica_and_version(client: TestClient) -> None:
    for path in ("/health", "/work?ms=0", "/nowhere"):
        response = client.get(path)
        assert response.headers["x-version"] == "7"
        assert response.headers["x-replica"]


def test_while_draining_it_lives_but_is_not_ready_and_sends_clients_away(
    client: TestClient, lifecycle: Lifecycle
) -> None:
    assert "connection" not in client.get("/health").headers
    lifecycle.drain()
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json()["reasons"] == {"replica": "draining"}
    health = client.get("/health")
    assert health.status_code == 200
    assert health.headers["connection"] == "close"


@pytest.fixture
def unreachable() -> dict[str, str]:
    return {
        "DATABASE_URL": f"postgresql://chat:hunter2@127.0.0.1:{free_port()}/chat",
        "REDIS_SENTINELS": f"127.0.0.1:{free_port()}",
        "REDIS_MASTER_NAME": "main",
        "REDIS_PASSWORD": "hunter2",
    }


def test_unreachable_databases_are_reasons_and_no_restart(unreachable: dict[str, str]) -> None:
    with TestClient(create_app(read_settings(unreachable), Lifecycle())) as client:
        response = client.get("/ready")
        assert response.status_code == 503
        assert set(response.json()["reasons"]) == {"postgres", "redis"}
        assert "hunter2" not in response.text
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/writes", {"writer": "w", "sequence": 1}), ("GET", "/session", None), ("POST", "/jobs", None)],
)
def test_an_unreachable_database_is_one_sentence(
    unreachable: dict[str, str], method: str, path: str, body: dict[str, object] | None
) -> None:
    with TestClient(create_app(read_settings(unreachable), Lifecycle())) as client:
        response = client.request(method, path, json=body)
    assert response.status_code == 503
    assert "Connect call failed" in response.json()["error"] or "No master found" in response.json()["error"]
    assert "hunter2" not in response.text


def test_metrics_are_as_recorded(unreachable: dict[str, str]) -> None:
    """With a database: without one there is no pool to tell of."""
    with TestClient(create_app(read_settings(unreachable), Lifecycle())) as client:
        client.get("/status/418")
        page = client.get("/metrics").text
    compared("app", "the sample application", lambda: [page], closed=("le",))


def test_metrics_count_requests_by_route(client: TestClient) -> None:
    client.get("/status/418")
    client.get("/status/404")
    client.get("/elsewhere")
    text = client.get("/metrics").text
    assert 'http_requests_total{code="418",method="GET",route="/status/{code}"} 1.0' in text
    assert 'http_requests_total{code="404",method="GET",route="/status/{code}"} 1.0' in text
    assert 'http_requests_total{code="404",method="GET",route="unmatched"} 1.0' in text
    assert "app_streams_in_flight 0.0" in text
    assert "app_requests_in_flight 1.0" in text
