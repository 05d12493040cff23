"""What the outside does not reach, through each real proxy: closed paths, and what leads past the rules of a route."""

import base64
import json
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.components.load_balancer import http2
from tests.components.load_balancer.proxy import Proxy
from tests.components.load_balancer.replica import Replica

pytestmark = pytest.mark.live

INSIDE = ["/inside", "/shut/metrics", "/shut/a.b"]
SETTINGS = {
    "listen": {"http": 80, "https": 443},
    "tls": {"certificate": "site_cert", "private_key": "site_key", "redirect": False},
    "routes": [
        {"app": "open"},
        {"app": "shut", "path": "/shut", "closed": INSIDE},
        {"app": "shut", "path": "/strip-shut", "rewrite": "/", "closed": INSIDE},
        {"app": "shut", "host": "shut.test", "closed": INSIDE},
    ],
}


@pytest.fixture(scope="module")
def proxy(engine: str, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    apps = {"open": [Replica("127.0.0.23")], "shut": [Replica("127.0.0.22")]}
    with Proxy(tmp_path_factory.mktemp("proxy"), SETTINGS, apps, certificate=certificate, engine=engine) as proxy:
        yield proxy
    for (replica,) in apps.values():
        replica.kill()


def answer_to(
    proxy: Proxy, path: str, *, host: str = "any.test", method: str = "GET", headers: Sequence[tuple[str, str]] = ()
) -> tuple[int, bytes]:
    """Status and body of the answer to a request whose head is sent exactly so."""
    connection = HTTPConnection("127.0.0.1", urlsplit(proxy.url).port or 80, timeout=120)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for header, value in [("Host", host), *headers]:
            connection.putheader(header, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


CLOSED = [
    "/shut/metrics",
    "/shut/metrics/",
    "/shut/metrics/below",
    "/shut/metrics?a=b",
    "http://any.test/shut/metrics",
    "/shut/METRICS",
    "/shut//metrics",
    "/shut/%6Detrics",
    "/shut/%4dETRICS",
    "/shut/%2Fmetrics",
    "/shut/metrics;v=1",
    "/shut/\\metrics",
    "/shut/./metrics",
    "/shut/x/../metrics",
    "/shut/x/%2e%2e/metrics",
    "/shut/x/..%2Fmetrics",
    "/shut/x;\\..\\metrics",
    "/shut/..",
    "/shut/a.b",
    "/shut/metrics/%zz",
    "/shut/metrics;%",
    "/shut/x/../metrics/%g",
    "/shut/m%u0065trics",
    "/shut/metrics.json",
    "/shut/metrics%20",
    "/shut/metrics%00",
    "/shut/metrics%3Fx",
    "/shut/met%09rics",
    "/strip-shut/inside",
    "/strip-shut//INSIDE/x",
    "/strip-shut/shut/metrics",
    "/strip-shut/inside;%",
]
CLOSED_FOR_PARSERS = [
    "//x/inside",
    "/\\x/inside",
    "/%2Fx/inside",
    "/;//x/../inside",
    "http://shut.test/inside",
    "http://shut.test//x/inside",
    "http:///inside",
    "*",
]
"""Taken for an address: behind a host there is the path."""
NOT_FOUND = {"haproxy": (404,), "nginx": (404, 400)}
"""nginx itself answers requests with 400 that it cannot read."""
OPEN = [
    "/shut",
    "/shut/",
    "/shut/metrics2",
    "/shut/metrics-2",
    "/shut/x/metrics",
    "/shut/aXb",
    "/shut/..x/y",
    "/shut/.well",
    "/shut/x//y%20z%2525?a=\\..\\b//",
    "/shut/" + 2000 * "%61",
    "/metrics",
]


@pytest.mark.parametrize("path", CLOSED)
def test_a_closed_path_is_closed_in_every_spelling(proxy: Proxy, path: str) -> None:
    assert answer_to(proxy, path)[0] in NOT_FOUND[proxy.engine]


def test_a_fragment_hides_no_path(proxy: Proxy) -> None:
    """Some applications cut it off; a proxy that knows of it does not pass it on."""
    assert answer_to(proxy, "/shut/metrics#a")[0] in (400, 404)


@pytest.mark.parametrize("path", CLOSED_FOR_PARSERS)
def test_a_closed_path_is_closed_to_parsers_of_addresses(proxy: Proxy, path: str) -> None:
    assert answer_to(proxy, path, host="shut.test")[0] in NOT_FOUND[proxy.engine]


@pytest.mark.parametrize("path", OPEN)
def test_what_is_not_closed_is_open_and_arrives_as_it_is(proxy: Proxy, path: str) -> None:
    status, body = answer_to(proxy, path)
    assert (status, json.loads(body)["path"]) == (200, path)


def test_a_closed_path_is_closed_over_http2(proxy: Proxy) -> None:
    for path, said in (("/shut/metrics/%20", b"no route"), ("/shut/x", b'"/shut/x"')):
        with http2.connected(proxy.https_url) as client:
            client.request(1, http2.head("GET", path), end=True)
            assert said in b"".join(frame.payload for frame in client.frames(1))


@pytest.mark.parametrize("host", ["any.test/shut/metrics?", "any.test\\shut", "a@any.test", "any.test#"])
def test_a_host_that_brings_a_path_is_none(proxy: Proxy, host: str) -> None:
    """Applications that put host and path together, or parse a whole address, would take that path."""
    not_found = NOT_FOUND[proxy.engine]
    assert answer_to(proxy, "/shut/x", host=host)[0] in not_found
    assert answer_to(proxy, "http://any.test\\inside/shut/x", host="any.test\\inside")[0] in not_found


@pytest.mark.parametrize("host", ["any.test", "any_one.test:8080", "192.0.2.1", "[2001:db8::1]:8080"])
def test_an_address_arrives_as_its_path(proxy: Proxy, host: str) -> None:
    status, body = answer_to(proxy, f"http://{host}/shut/x?y", host=host)
    if proxy.engine == "nginx" and "_" in host:
        assert status == 400, "it reads such a name in the header alone"
        return
    seen = json.loads(body)
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert (status, seen["path"], headers["host"]) == (200, "/shut/x?y", host)


@pytest.mark.parametrize("upgrades", [["h2c"], ["H2C"], ["websocket, h2c"], ["websocket", "h2c"], ["TLS/1.2"]])
def test_no_tunnel_but_a_websocket(proxy: Proxy, upgrades: list[str]) -> None:
    """Who speaks to a replica itself asks for closed paths, and says who he is."""
    headers = [("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")]
    headers += [("Sec-WebSocket-Key", base64.b64encode(bytes(16)).decode()), ("Sec-WebSocket-Version", "13")]
    status, body = answer_to(proxy, "/", headers=[*headers, *(("Upgrade", one) for one in upgrades)])
    assert status == 200
    assert "upgrade" not in {name.lower() for name, _ in json.loads(body)["headers"]}


def test_it_is_no_proxy_for_clients(proxy: Proxy) -> None:
    assert answer_to(proxy, "any.test:80", host="any.test:80", method="CONNECT")[0] == 405
