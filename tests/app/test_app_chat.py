import json

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sandbox.app.lifecycle import Lifecycle


def _messages(text: str) -> list[dict[str, object]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def test_a_stream_has_its_tokens_and_an_end(client: TestClient) -> None:
    response = client.get("/chat?prompt=hello&tokens=5&delay_ms=1")
    assert response.headers["content-type"].startswith("text/event-stream")
    *tokens, done = _messages(response.text)
    assert [set(token) for token in tokens] == [{"token"}] * 5
    assert done["done"] is True
    assert (done["tokens"], done["stored"], done["remembered"]) == (5, False, False)
    assert response.text.count("event: done") == 1


def test_the_same_prompt_has_the_same_answer_either_way(client: TestClient) -> None:
    by_query = client.get("/chat?prompt=hello&tokens=5&delay_ms=0")
    by_body = client.post("/chat", json={"prompt": "hello", "tokens": 5, "delay_ms": 0})
    other = client.get("/chat?prompt=other&tokens=5&delay_ms=0")
    assert _messages(by_query.text)[:5] == _messages(by_body.text)[:5]
    assert _messages(by_query.text)[:5] != _messages(other.text)[:5]


def test_the_session_stays_the_same(client: TestClient) -> None:
    first = client.get("/chat?prompt=a&tokens=1&delay_ms=0").cookies["session"]
    assert client.get("/chat?prompt=b&tokens=1&delay_ms=0").cookies["session"] == first


def test_a_forged_session_is_replaced(client: TestClient) -> None:
    client.cookies.set("session", "../../etc")
    assert len(client.get("/chat?prompt=a&tokens=1&delay_ms=0").cookies["session"]) == 32


@pytest.mark.parametrize(
    "body", [{}, {"prompt": ""}, {"prompt": "a", "tokens": 0}, {"prompt": "a", "delay_ms": 10_001}]
)
def test_a_wrong_request_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post("/chat", json=body).status_code == 422


def test_a_websocket_carries_several_exchanges(client: TestClient) -> None:
    with client.websocket_connect("/ws") as socket:
        for _ in range(2):
            socket.send_json({"prompt": "hello", "tokens": 3, "delay_ms": 1})
            received = [socket.receive_json() for _ in range(4)]
            assert received[-1]["done"] is True


def test_a_websocket_refuses_a_wrong_request(client: TestClient) -> None:
    with client.websocket_connect("/ws") as socket:
        socket.send_text("{}")
        with pytest.raises(WebSocketDisconnect) as raised:
            socket.receive_json()
    assert raised.value.code == 1008


def test_an_idle_websocket_is_closed_by_the_drain(client: TestClient, lifecycle: Lifecycle) -> None:
    with client.websocket_connect("/ws") as socket:
        assert client.portal is not None
        client.portal.call(lifecycle.drain)
        with pytest.raises(WebSocketDisconnect) as raised:
            socket.receive_json()
    assert raised.value.code == 1012
