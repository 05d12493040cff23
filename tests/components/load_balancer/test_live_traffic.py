"""What clients see, through each real proxy and with healthy replicas."""

import asyncio
import base64
import json
import os
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.components.load_balancer import http2
from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica
from tests.components.load_balancer.stacks import balancer, refused

pytestmark = pytest.mark.live

SETTINGS = {
    "listen": {"http": 80, "https": 443},
    "tls": {"certificate": "site_cert", "private_key": "site_key", "redirect": False},
    "routes": [
        {"app": "chat"},
        {"app": "chat", "path": "/least", "balance": "least_conn"},
        {"app": "chat", "path": "/source", "balance": "source"},
        {"app": "chat", "path": "/sticky", "sticky": {"cookie": "WHERE", "ttl": "1h"}},
        {"app": "chat", "path": "/limited", "rate_limit": {"requests": 5, "period": "1m"}},
        {"app": "chat", "path": "/small", "max_body": "1Ki"},
        {"app": "chat", "path": "/patient", "timeouts": {"connect": "500ms", "response": "4s", "stream": "1m"}},
        {
            "app": "chat",
            "path": "/cors",
            "cors": {"origins": ["https://app.test"], "headers": ["X-Token"], "credentials": True},
        },
        {"app": "chat", "path": "/strip.me", "rewrite": "/"},
        {"app": "chat", "path": "/v1/old", "rewrite": "/v2/new"},
        {"app": "chat", "host": "prefixed.test", "rewrite": "/inside"},
        {"app": "other", "host": "other.test"},
        {"app": "other", "host": "other.test", "path": "/deep/er"},
    ],
}

SHOWN = {
    "haproxy": (
        ["Statistics Report", "chat:limited"],
        [
            'haproxy_frontend_http_responses_total{proxy="public",code="2xx"}',
            'haproxy_backend_active_servers{proxy="chat"} 3',
        ],
    ),
    "nginx": (["Active connections: "], ["# TYPE nginx_connections_active gauge\nnginx_connections_active "]),
}
"""On the status page and among the metrics."""
NARROW = {"app": "chat", "path": "/narrow", "max_per_replica": 1, "timeouts": {"queue": "1s"}}


@pytest.fixture(scope="module")
def chat(engine: str) -> list[Replica]:  # noqa: ARG001 - each has its own
    first = Replica("127.0.0.11")
    return [first, Replica("127.0.0.12", first.port), Replica("127.0.0.13", first.port)]


@pytest.fixture(scope="module")
def proxy(
    engine: str, certificate: Path, chat: list[Replica], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    other = Replica("127.0.0.21")
    apps = {"chat": chat, "other": [other]}
    with Proxy(tmp_path_factory.mktemp("proxy"), SETTINGS, apps, certificate=certificate, engine=engine) as proxy:
        yield proxy
    for replica in [*chat, other]:
        replica.kill()


def replica_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["replica"])


def test_round_robin_spreads_evenly(proxy: Proxy) -> None:
    counts = Counter(replica_of(proxy.client.get("/")) for _ in range(30))
    assert sorted(counts.values()) == [10, 10, 10]


def test_least_conn_avoids_the_busy_replica(proxy: Proxy, chat: list[Replica]) -> None:
    for replica in chat:
        replica.released.clear()
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(httpx.get, f"{proxy.url}/least?hold=1", timeout=120)
        wait_for(lambda: sum(replica.open_requests for replica in chat) == 1, "a replica is busy")
        others = {replica_of(proxy.client.get("/least")) for _ in range(12)}
        for replica in chat:
            replica.released.set()
        busy = replica_of(slow.result())
    assert busy not in others
    assert len(others) == 2


def test_source_keeps_a_client_on_one_replica(proxy: Proxy) -> None:
    assert len({replica_of(httpx.get(f"{proxy.url}/source", timeout=60)) for _ in range(12)}) == 1


def test_sticky_cookie_holds(proxy: Proxy) -> None:
    with httpx.Client(base_url=proxy.url) as client:
        first = client.get("/sticky")
        assert "httponly" in first.headers["set-cookie"].lower()
        assert {replica_of(client.get("/sticky")) for _ in range(9)} == {replica_of(first)}
    assert len({replica_of(httpx.get(f"{proxy.url}/sticky", timeout=60)) for _ in range(9)}) == 3


def test_routes_match_whole_segments_and_hosts(proxy: Proxy) -> None:
    def app(path: str, host: str) -> str:
        return "other" if replica_of(proxy.client.get(path, headers={"Host": host})) == "127.0.0.21" else "chat"

    assert app("/", "other.test") == "other"
    assert app("/least", "OTHER.test:8080") == "other"
    assert app("/", "another.test") == "chat"
    assert {proxy.client.get("/limitedly").status_code for _ in range(8)} == {200}


@pytest.mark.parametrize(
    ("asked", "arrives"),
    [
        ("/strip.me", "/"),
        ("/strip.me/", "/"),
        ("/strip.me?a=/strip.me", "/?a=/strip.me"),
        ("/strip.me/strip.me/x/?a=1", "/strip.me/x/?a=1"),
        ("/strip.me//evil.test/x", "/evil.test/x"),
        ("/strip.me/%2e%2e/%20x", "/%2e%2e/%20x"),
        ("/stripXme/x", "/stripXme/x"),
        ("/v1/old", "/v2/new"),
        ("/v1/old/", "/v2/new/"),
        ("/v1/old/a/v1/old?b", "/v2/new/a/v1/old?b"),
        ("/v1/older", "/v1/older"),
    ],
)
def test_a_rewritten_path(proxy: Proxy, asked: str, arrives: str) -> None:
    seen = proxy.client.get(asked).json()
    assert seen["path"] == arrives
    stripped = asked.startswith("/strip.me")
    prefixes = [value for name, value in seen["headers"] if name.lower() == "x-forwarded-prefix"]
    assert prefixes == (["/strip.me"] if stripped else [])


def test_a_host_may_stand_before_another_path(proxy: Proxy) -> None:
    for asked, arrives in (("/", "/inside/"), ("/x?y", "/inside/x?y")):
        assert proxy.client.get(asked, headers={"Host": "prefixed.test"}).json()["path"] == arrives


def test_a_stranger_names_no_prefix(proxy: Proxy) -> None:
    seen = proxy.client.get("/strip.me/x", headers={"X-Forwarded-Prefix": "/evil"}).json()
    assert [value for name, value in seen["headers"] if name.lower() == "x-forwarded-prefix"] == ["/strip.me"]


def test_rate_limit(proxy: Proxy) -> None:
    answers = [proxy.client.get("/limited") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert answers[-1].headers["retry-after"] == "60"


def test_cors_is_answered_by_the_proxy(proxy: Proxy) -> None:
    ask = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    preflight = proxy.client.options("/cors", headers=ask)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://app.test"
    assert preflight.headers["access-control-allow-headers"] == "X-Token"
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert preflight.headers["vary"] == "Origin"
    assert proxy.client.options("/cors", headers=ask | {"Origin": "https://evil.test"}).status_code == 403
    allowed = proxy.client.get("/cors", headers={"Origin": "https://app.test"})
    assert allowed.headers["access-control-allow-origin"] == "https://app.test"
    denied = proxy.client.get("/cors", headers={"Origin": "https://evil.test"})
    assert denied.status_code == 200
    assert "access-control-allow-origin" not in denied.headers


def test_body_limit(proxy: Proxy) -> None:
    assert proxy.client.post("/small", content=b"x" * 1024).json()["size"] == 1024
    assert proxy.client.post("/small", content=b"x" * 1025).status_code == 413
    assert proxy.client.post("/small", content=iter([b"x" * 2000])).status_code == 411


def post_over_http2(url: str, path: str, *, body: bytes) -> bytes:
    """A POST that does not announce its body. Returns the answer's bytes, heads and data."""
    with http2.connected(url) as client:
        client.request(1, http2.head("POST", path), end=False)
        client.send(http2.DATA, http2.END_STREAM, 1, body)
        return b"".join(frame.payload for frame in client.frames(1))


def test_body_limit_over_http2(proxy: Proxy) -> None:
    """nginx does not know before it reads, and counts."""
    status = b"411" if proxy.engine == "haproxy" else b"413"
    assert status in post_over_http2(proxy.https_url, "/small", body=b"x" * 2000)
    assert b'"replica"' in post_over_http2(proxy.https_url, "/", body=b"x" * 2000), "where there is no limit it passes"
    assert b'"replica"' in post_over_http2(proxy.https_url, "/small", body=b""), "no body needs no length"


@pytest.mark.parametrize("headers", [1, 20, 90])
def test_long_heads(proxy: Proxy, headers: int) -> None:
    """Of `limits.headers` (32 KiB by default) all arrives, however it is divided; of twice as much nothing."""

    def ask(total: int) -> bytes:
        url = urlsplit(proxy.url)
        start = f"GET /boom HTTP/1.1\r\nHost: {url.netloc}\r\n"
        each = (total - len(start) - 2) // headers
        lines = [f"X-{number:03}: ".ljust(each - 2, "v") + "\r\n" for number in range(headers)]
        lines[-1] = lines[-1].replace("\r\n", "v" * (total - len(start) - 2 - each * headers) + "\r\n")
        request = f"{start}{''.join(lines)}\r\n".encode()
        assert len(request) == total
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=120) as connection:
            connection.sendall(request)
            return connection.makefile("rb").readline().split()[1]

    assert ask(32 * 1024) == b"500", "it reached the page that always fails"
    assert ask(64 * 1024) == b"400"


def test_long_cookies_over_http2(proxy: Proxy) -> None:
    with http2.connected(proxy.https_url) as client:
        client.request(1, http2.head("GET", "/", ("cookie", "c" * 20_000)), end=True)
        answer = b"".join(frame.payload for frame in client.frames(1))
    seen = dict(json.loads(answer[answer.index(b'{"replica') :])["headers"])
    assert seen["cookie"] == "c" * 20_000


def test_a_stream_outlives_the_response_timeout_and_silence_does_not(proxy: Proxy) -> None:
    started = time.monotonic()
    answer = proxy.client.get("/patient/stream?events=10&pause=0.5")
    assert time.monotonic() - started > 4
    assert answer.text.endswith("data: 9\n\n")
    assert proxy.client.post("/patient?wait=7").status_code == 504


def test_a_stream_is_not_held_back(proxy: Proxy, chat: list[Replica]) -> None:
    """The second event is sent when the first one has come."""
    for replica in chat:
        replica.released.clear()
    with proxy.client.stream("GET", "/stream?events=2&pause=0&held=1") as answer:
        chunks = answer.iter_text()
        first = next(chunks)
        for replica in chat:
            replica.released.set()
        rest = "".join(chunks)
    assert "data: 0" in first
    assert "data: 1" not in first
    assert "data: 1" in rest


def test_queue_has_an_end(haproxy: str, replicas: list[Replica], tmp_path: Path) -> None:
    assert refused("nginx", balancer(routes=[NARROW])) == ["routes[0].max_per_replica"]

    async def run(proxy: Proxy) -> list[int]:
        # Who waits gives up after 1 s; no replica is free before two have.
        async with httpx.AsyncClient(base_url=proxy.url, timeout=120) as client:
            asked = [asyncio.create_task(client.post("/narrow?hold=1")) for _ in range(5)]
            while sum(one.done() for one in asked) < 2:
                await asyncio.sleep(0.05)
            for replica in replicas:
                replica.released.set()
            return sorted([(await one).status_code for one in asked])

    with Proxy(tmp_path, balancer(routes=[NARROW]), {"chat": replicas}, engine=haproxy) as proxy:
        assert asyncio.run(run(proxy)) == [200, 200, 200, 503, 503]


def test_websocket_echo(proxy: Proxy) -> None:
    url = urlsplit(proxy.url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=120) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET /patient/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        reader = connection.makefile("rb")
        assert reader.readline().split()[1] == b"101"
        while reader.readline().strip():
            pass
        for text in (b"hello", b"again, after more than the response timeout"):
            connection.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
            assert reader.read(2 + len(text)) == bytes([0x81, len(text)]) + text
            time.sleep(4.4)


def test_websocket_over_http2(proxy: Proxy) -> None:
    """RFC 8441, as browsers do it where HTTP/2 is spoken: they use the extension without announcing it themselves.

    HAProxy 3.0.22, 3.2.18 and 3.3.9 reset such streams (haproxy/haproxy#3355). nginx does not offer it, and browsers
    open a connection of HTTP/1.1.
    """
    with http2.connected(proxy.https_url) as client:
        if proxy.engine == "nginx":
            assert http2.ENABLE_CONNECT_PROTOCOL not in client.settings
            return
        assert client.settings[http2.ENABLE_CONNECT_PROTOCOL] == 1, "browsers are told that they may"
        upgrade = [(":protocol", "websocket"), ("sec-websocket-version", "13"), ("origin", "https://localhost")]
        client.request(1, http2.head("CONNECT", "/patient/ws", *upgrade), end=False)
        answers = client.frames(1)
        first = next(answers)
        assert (first.kind, first.payload[:1]) == (http2.HEADERS, b"\x88"), f"status 200: {first}"
        for text in (b"hello", b"again, after more than the response timeout"):
            client.send(http2.DATA, 0, 1, bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
            echo = b""
            while len(echo) < 2 + len(text):
                frame = next(answers)
                assert frame.kind == http2.DATA, frame
                echo += frame.payload
            assert echo == bytes([0x81, len(text)]) + text
            time.sleep(4.4)


def test_tls_and_the_headers_that_applications_see(proxy: Proxy) -> None:
    spoofed = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https", "X-Real-IP": "9.9.9.9", "Forwarded": "for=9"}
    seen = [
        {
            key.lower(): value
            for key, value in httpx.get(url, headers=spoofed, verify=False, timeout=60).json()["headers"]
        }
        for url in (proxy.url, proxy.https_url)
    ]
    assert [headers["x-forwarded-proto"] for headers in seen] == ["http", "https"]
    assert [headers["x-forwarded-for"] for headers in seen] == ["127.0.0.1", "127.0.0.1"]
    assert not {"x-real-ip", "forwarded"} & {*seen[0], *seen[1]}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused_and_http2_offered(proxy: Proxy) -> None:
    url = urlsplit(proxy.https_url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((url.hostname or "", url.port or 0)) as raw, context.wrap_socket(raw) as connection:
        assert connection.selected_alpn_protocol() == "h2"
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((url.hostname or "", url.port or 0)) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw)


def test_status_port(proxy: Proxy) -> None:
    page = httpx.get(f"{proxy.status_url}/", timeout=60).text
    metrics = httpx.get(f"{proxy.status_url}/metrics", timeout=60).text
    shown, measured = SHOWN[proxy.engine]
    assert [text for text in shown if text not in page] == []
    assert [text for text in measured if text not in metrics] == []
    assert httpx.get(f"{proxy.status_url}/livez", timeout=60).text == "alive"
    assert proxy.client.get("/metrics").json()["replica"], "the public port passes /metrics to the application"
