"""What a copy of a broker holds, what a restore of it asks for, and what is refused: with a small broker in memory."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from components.copies.files.copies_repository import Broken, Copy, Failed
from components.rabbitmq.files.copies_source import Broker

EXCHANGE = {
    "name": "events",
    "type": "topic",
    "durable": True,
    "auto_delete": False,
    "internal": False,
    "arguments": {},
}
QUEUE = {"name": "mail/all", "durable": True, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}}
BINDING = {"source": "events", "destination": "mail/all", "destination_type": "queue", "routing_key": "user.*",
           "arguments": {}}  # fmt: skip
LOGIN = "Basic " + base64.b64encode(b"ha_copies:word").decode()


class Memory(ThreadingHTTPServer):
    """As the management API answers for one virtual host, `app`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.has: dict[str, list[dict[str, Any]]] = {"exchanges": [], "queues": [], "bindings": []}
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def make(self, path: str, body: dict[str, Any]) -> int:
        part, _, *names = [unquote(name) for name in path.split("/")]
        if part == "bindings":
            _, source, kind, destination = names
            ends = {"source": source, "destination": destination, "destination_type": {"q": "queue"}[kind]}
            found = [one for one in self.has[part] if one == body | ends]
            new = body | ends
        else:
            found = [one for one in self.has[part] if one["name"] == names[0]]
            new = body | {"name": names[0]}
        if found and found[0] != new:
            return 400
        if not found:
            self.has[part].append(new)
        return 204 if found else 201


class Answer(BaseHTTPRequestHandler):
    server: Memory

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/api/")
        known = self.headers["Authorization"] == LOGIN
        self._say(200 if known else 401, {} if path == "whoami" else self.server.has[path.split("/")[0]])

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = urlsplit(self.path).path.removeprefix("/api/")
        self.server.asked.append(f"{self.command} {path}")
        self._say(self.server.make(path, body), {})

    def do_POST(self) -> None:
        self.do_PUT()

    def _say(self, status: int, told: Any) -> None:
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory()
    yield made
    made.shutdown()
    made.server_close()


def broker(memory: Memory, *vhosts: str, password: str = "word") -> Broker:
    told = {"nodes": ["127.0.0.1"], "port": memory.server_port, "user": "ha_copies", "vhosts": vhosts or ("app",)}
    return Broker(told, password, None)


def copied(memory: Memory) -> tuple[Copy, bytes]:
    parts: list[bytes] = []
    facts = broker(memory).take(parts.append)
    return Copy("20260131-023000", 1, 2, facts=facts), b"".join(parts)


def test_what_lasts_is_copied_and_made_again(memory: Memory) -> None:
    default = {"source": "", "destination": "mail/all", "destination_type": "queue", "routing_key": "mail/all",
               "arguments": {}}  # fmt: skip
    private = {"name": "amq.gen-1", "durable": False, "auto_delete": True, "exclusive": True, "arguments": {}}
    memory.has = {
        "exchanges": [EXCHANGE | {"message_stats": {}}, EXCHANGE | {"name": ""}, EXCHANGE | {"name": "amq.topic"}],
        "queues": [QUEUE | {"messages": 5}, private],
        "bindings": [BINDING, default, BINDING | {"source": "amq.topic"}, BINDING | {"destination": "amq.gen-1"}],
    }
    copy, content = copied(memory)
    assert copy.facts["counts"] == {"exchanges": 1, "queues": 1, "bindings": 2}
    memory.has = {"exchanges": [], "queues": [], "bindings": []}
    again = broker(memory)
    again.load(copy, iter([content]))
    assert again.held() == "", "nothing is overwritten"
    assert again.restore(copy) == "4 definitions; 2 queues and exchanges were missing"
    assert memory.has == {
        "exchanges": [EXCHANGE], "queues": [QUEUE], "bindings": [BINDING, BINDING | {"source": "amq.topic"}]
    }  # fmt: skip
    assert "PUT queues/app/mail%2Fall" in memory.asked
    again.load(copy, iter([content]))
    assert again.restore(copy) == "4 definitions; 0 queues and exchanges were missing"


def test_what_is_there_in_another_form_stays_and_is_told(memory: Memory) -> None:
    memory.has |= {"exchanges": [EXCHANGE], "queues": [QUEUE]}
    copy, content = copied(memory)
    memory.has = {"exchanges": [EXCHANGE | {"type": "fanout"}], "queues": [], "bindings": []}
    again = broker(memory)
    again.load(copy, iter([content]))
    with pytest.raises(Failed, match="1 queues and exchanges made, and not all: PUT exchanges/app/events: 400"):
        again.restore(copy)
    assert memory.has["exchanges"][0]["type"] == "fanout"
    assert memory.has["queues"] == [QUEUE]


def test_a_copy_that_changed_is_refused(memory: Memory) -> None:
    memory.has["queues"] = [QUEUE]
    copy, content = copied(memory)
    broker(memory).verify(copy, iter([content]))
    for wrong in (content[:-5], content.replace(b'"queues"', b'"others"'), b"[]"):
        with pytest.raises(Broken):
            broker(memory).verify(copy, iter([wrong]))
    fewer = json.dumps({"app": {"exchanges": [], "queues": [], "bindings": []}}).encode()
    with pytest.raises(Broken, match="the broker had"):
        broker(memory).verify(copy, iter([fewer]))


def test_a_broker_that_does_not_answer_is_no_copy(memory: Memory) -> None:
    with pytest.raises(Failed, match=r"no node answers: 127\.0\.0\.1: GET whoami: 401"):
        broker(memory, password="another").take(lambda _: None)
    memory.shutdown()
    memory.server_close()
    with pytest.raises(Failed, match="no node answers"):
        broker(memory).take(lambda _: None)
