from starlette.testclient import TestClient

from sandbox.app.webhook import create_webhook


def test_it_keeps_the_last_hundred_payloads() -> None:
    client = TestClient(create_webhook())
    for number in range(105):
        payload = {"status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": f"Down{number}"}}]}
        client.post("/alerts", json=payload)
    kept = client.get("/alerts").json()
    assert [payload["alerts"][0]["labels"]["alertname"] for payload in kept] == [f"Down{n}" for n in range(5, 105)]


def test_what_is_no_payload_is_refused() -> None:
    client = TestClient(create_webhook())
    assert client.post("/alerts", content="no json").status_code == 422
    assert client.get("/alerts").json() == []
