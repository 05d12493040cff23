"""The edge of the entry: redirect, trusted proxies, no route, an application that is not there."""

from pathlib import Path

import httpx
import pytest

from tests.components.load_balancer.proxy import Proxy
from tests.components.load_balancer.replica import Replica

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("haproxy")]


def headers_of(answer: httpx.Response, name: str) -> list[str]:
    return [value for key, value in answer.json()["headers"] if key.lower() == name]


def test_redirect_to_https(replicas: list[Replica], certificate: Path, tmp_path: Path) -> None:
    settings = {
        "listen": {"http": 80, "https": 8443},
        "tls": {"certificate": "site_cert", "private_key": "site_key"},
        "routes": [{"app": "chat", "sticky": {}}],
    }
    with Proxy(tmp_path, settings, {"chat": replicas}, certificate=certificate) as proxy:
        answer = proxy.client.post("/a/b?c=d", headers={"Host": "site.test:80"})
        assert answer.status_code == 308
        assert answer.headers["location"] == "https://site.test:8443/a/b?c=d"
        assert sum(replica.seen.total() for replica in replicas) == 0
        secure = httpx.get(proxy.https_url, verify=False)
        assert secure.status_code == 200
        assert "secure" in secure.headers["set-cookie"].lower()


def test_trusted_proxy_is_believed(replicas: list[Replica], tmp_path: Path) -> None:
    settings = {
        "listen": {"http": 80},
        "trusted_proxies": ["127.0.0.0/8"],
        "routes": [
            {"app": "chat"},
            {"app": "chat", "path": "/limited", "rate_limit": {"requests": 2, "period": "1m"}},
        ],
    }
    with Proxy(tmp_path, settings, {"chat": replicas}) as proxy:
        sent = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "X-Forwarded-Proto": "https"}
        answer = proxy.client.get("/", headers=sent)
        assert headers_of(answer, "x-forwarded-for") == ["6.6.6.6, 203.0.113.7", "127.0.0.1"]
        assert headers_of(answer, "x-forwarded-proto") == ["https"]
        limited = [
            proxy.client.get("/limited", headers={"X-Forwarded-For": client}).status_code
            for client in ["203.0.113.7"] * 3 + ["203.0.113.8"]
        ]
        assert limited == [200, 200, 429, 200], "clients are told apart by the address that the trusted proxy names"


def test_no_route_and_no_replica(replicas: list[Replica], tmp_path: Path) -> None:
    settings = {"listen": {"http": 80}, "routes": [{"app": "chat", "path": "/api"}]}
    with Proxy(tmp_path, settings, {"chat": replicas}) as proxy:
        assert proxy.client.get("/").status_code == 404
        assert proxy.client.get("/api/x").status_code == 200
        for replica in replicas:
            replica.kill()
        assert proxy.client.get("/api/x").status_code == 503
        assert httpx.get(f"{proxy.status_url}/healthz").status_code == 200
        replicas[0].restart()
