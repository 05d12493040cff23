import time

import pytest
from starlette.testclient import TestClient


def test_work_takes_the_time_it_was_asked_for(client: TestClient) -> None:
    started = time.monotonic()
    assert client.get("/work?ms=80").json()["ms"] == 80
    assert time.monotonic() - started >= 0.08


@pytest.mark.parametrize(
    "path", ["/work?ms=-1", "/work?ms=60001", "/status/99", "/status/600", "/chat", "/fault?status=1"]
)
def test_values_out_of_range_are_refused(client: TestClient, path: str) -> None:
    assert client.request("POST" if "fault" in path else "GET", path).status_code == 422


def test_status_answers_what_was_asked(client: TestClient) -> None:
    assert client.get("/status/503").status_code == 503
    assert client.post("/status/201").status_code == 201


def test_echo_returns_the_body_up_to_its_limit(client: TestClient) -> None:
    body = bytes(range(256)) * 4096
    assert client.post("/echo", content=body).content == body
    assert client.post("/echo", content=b"x" * (16 * 1024 * 1024 + 1)).status_code == 413


def test_a_fault_ends_by_itself(client: TestClient) -> None:
    client.post("/fault?status=500&seconds=1")
    assert client.get("/work?ms=0").status_code == 500
    assert client.get("/health").status_code == 200
    time.sleep(1.05)
    assert client.get("/work?ms=0").status_code == 200


def test_replica_shows_how_the_request_arrived(client: TestClient) -> None:
    seen = client.get("/replica", headers={"X-Forwarded-For": "10.0.0.9"}).json()
    assert seen["headers"]["x-forwarded-for"] == "10.0.0.9"
    assert seen["version"] == "7"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/session"),
        ("GET", "/session/history"),
        ("GET", "/jobs"),
        ("GET", "/writes/count?writer=w"),
        ("GET", f"/chat/{'0' * 32}"),
    ],
)
def test_what_is_not_configured_says_which_variable_is_missing(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 503
    assert "set DATABASE_URL_FILE" in response.text or "set REDIS_SENTINELS" in response.text
