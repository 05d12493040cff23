"""Headers that a route changes, through each real proxy."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from components.load_balancer.traffic.headers import MOST_BYTES
from tests.components.load_balancer.proxy import Proxy
from tests.components.load_balancer.replica import Replica
from tests.components.load_balancer.stacks import balancer, refused

pytestmark = pytest.mark.live

HARD = {
    "X-Quotes": "it's \"so\" 'hard'",
    "X-Format": "100% of %[src] %{+Q}o %%",
    "X-Shell": r"$HOME ${HOME} \1 \n \x41 \\",
    "X-Spaces": "a  b   c",
    "X-Comment": "a # b",
    "X-Rule": "x if { src 127.0.0.1 } || TRUE",
    "X-Rest": "~!@#^&*()_+`-=[]|;:,./<>?{}",
    "X-Policy": "default-src 'self'; script-src 'nonce-%[rand]'",
}
"""Texts that mean something to HAProxy or nginx, and have to arrive as they are."""
MOST = {f"X-{number:02}": "v" * (MOST_BYTES // 32 - len("X-00: \r\n")) for number in range(32)}
ROUTES = [
    {"app": "chat", "path": "/hard", "headers": {"request": {"set": HARD}, "response": {"set": HARD}}},
    {"app": "chat", "path": "/most", "headers": {"request": {"set": MOST}, "response": {"set": MOST}}},
]
KEPT: dict[str, Any] = {
    "app": "chat",
    "headers": {
        "request": {"set": {"X-Tenant": "a"}, "remove": ["X-Debug"]},
        "response": {
            "set": {"Strict-Transport-Security": "max-age=31536000"},
            "add": {"Set-Cookie": "seen=1"},
            "remove": ["Access-Control-Allow-Origin"],
        },
    },
    "rate_limit": {"requests": 2, "period": "1m"},
}
REFUSED = {
    **KEPT,
    "headers": {
        "request": {**KEPT["headers"]["request"], "add": {"X-Via": "edge"}},
        "response": {**KEPT["headers"]["response"], "remove": ["Access-Control-Allow-Origin", "Server"]},
    },
}
"""With what nginx refuses."""


@pytest.fixture(scope="module")
def proxy(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    replica = Replica("127.0.0.11")
    settings = {"listen": {"http": 80}, "routes": [*ROUTES, REFUSED if engine == "haproxy" else KEPT]}
    with Proxy(tmp_path_factory.mktemp("proxy"), settings, {"chat": [replica]}, engine=engine) as proxy:
        yield proxy
    replica.kill()


def seen(answer: httpx.Response) -> dict[str, list[str]]:
    """What the application saw, by names in lower case."""
    found: dict[str, list[str]] = {}
    for name, value in answer.json()["headers"]:
        found.setdefault(name.lower(), []).append(value)
    return found


def test_set_add_and_remove(proxy: Proxy) -> None:
    sent = {"X-Tenant": "mine", "x-via": "mine", "X-Debug": "1", "X-Other": "1"}
    answer = proxy.client.get("/", headers=sent)
    found = seen(answer)
    assert (found["x-tenant"], found["x-other"]) == (["a"], ["1"])
    assert "x-debug" not in found
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["set-cookie"] == "seen=1"
    assert "access-control-allow-origin" not in answer.headers, "the replica sets it"
    if proxy.engine == "haproxy":
        assert found["x-via"] == ["mine", "edge"]
        assert "server" not in answer.headers
    else:
        fields = ["routes[0].headers.request.add", "routes[0].headers.response"]
        assert refused(proxy.engine, balancer(routes=[REFUSED])) == fields
    for _ in range(3):
        answer = proxy.client.get("/")
    assert answer.status_code == 429
    assert answer.headers["strict-transport-security"] == "max-age=31536000", "also of the balancer's own answers"


def test_texts_arrive_as_they_are(proxy: Proxy) -> None:
    answer = proxy.client.get("/hard")
    found = seen(answer)
    assert {name: found[name.lower()] for name in HARD} == {name: [value] for name, value in HARD.items()}
    assert {name: answer.headers[name] for name in HARD} == HARD


def test_the_most_headers_fit_beside_the_longest_head(proxy: Proxy) -> None:
    url = urlsplit(proxy.url)
    start = f"GET /most/boom HTTP/1.1\r\nHost: {url.netloc}\r\nX-Long: "
    request = start + "v" * (32 * 1024 - len(start) - 4) + "\r\n\r\n"
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=120) as connection:
        connection.sendall(request.encode())
        head = connection.makefile("rb")
        assert head.readline().split()[1:] == [b"500", b"Internal", b"Server", b"Error"]
        lines = [line.strip().decode().lower() for line in iter(head.readline, b"\r\n")]
    assert {f"{name}: {value}".lower() for name, value in MOST.items()} <= {*lines}, "the application's own answer"
