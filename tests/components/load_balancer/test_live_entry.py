"""The edge of the entry: redirect, trusted proxies, no route, an application that is not there."""

from pathlib import Path

import httpx
import pytest

from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica

pytestmark = pytest.mark.live


def test_redirect_to_https(engine: str, replicas: list[Replica], certificate: Path, tmp_path: Path) -> None:
    settings = {
        "listen": {"http": 80, "https": 8443},
        "tls": {"certificate": "site_cert", "private_key": "site_key"},
        "routes": [{"app": "chat", "sticky": {}}],
    }
    with Proxy(tmp_path, settings, {"chat": replicas}, certificate=certificate, engine=engine) as proxy:
        answer = proxy.client.post("/a/b?c=d", headers={"Host": "site.test:80"})
        assert answer.status_code == 308
        assert answer.headers["location"] == "https://site.test:8443/a/b?c=d"
        assert sum(replica.seen.total() for replica in replicas) == 0
        secure = httpx.get(proxy.https_url, verify=False, timeout=60)
        assert secure.status_code == 200
        assert "secure" in secure.headers["set-cookie"].lower()


def test_redirect_to_https_that_ends_in_front(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    settings = {
        "listen": {"http": 80},
        "trusted_proxies": ["127.0.0.0/8"],
        "require_https": True,
        "routes": [{"app": "chat", "sticky": {}}],
    }
    with Proxy(tmp_path, settings, {"chat": replicas}, engine=engine) as proxy:
        for came in ({}, {"X-Forwarded-Proto": "http"}):
            answer = proxy.client.post("/a/b?c=d", headers={"Host": "site.test", **came})
            assert (answer.status_code, answer.headers["location"]) == (308, "https://site.test/a/b?c=d")
        assert sum(replica.seen.total() for replica in replicas) == 0
        secure = proxy.client.get("/", headers={"Host": "site.test", "X-Forwarded-Proto": "https"})
        assert secure.status_code == 200
        assert "secure" in secure.headers["set-cookie"].lower()


@pytest.mark.usefixtures("haproxy")
def test_a_route_to_another_port(tmp_path: Path) -> None:
    """The application's own check is asked at the port of its probes; a route's check, at the route's port."""
    replica, admin = Replica("127.0.0.11"), Replica("127.0.0.11")
    admin.healthy = False
    routes = [{"app": "chat"}, {"app": "chat", "path": "/admin", "port": "admin"}]
    asked = {"app": "chat", "path": "/asked", "port": "admin", "check": {"path": "/"}}
    with Proxy(
        tmp_path,
        {"listen": {"http": 80}, "routes": [*routes, asked]},
        {"chat": [replica]},
        ports={"chat": {"admin": admin.port}},
    ) as proxy:
        asks = admin.seen.total()
        for path in ("/", "/admin", "/asked"):
            assert proxy.client.get(path).status_code == 200
        assert (replica.seen.total(), admin.seen.total() - asks >= 2, asks >= 1) == (1, True, True)
        replica.healthy = False
        wait_for(lambda: proxy.client.get("/admin").status_code == 503, "the check at the other port counts")
        assert proxy.client.get("/asked").status_code == 200
    replica.kill()
    admin.kill()


def test_no_route_and_no_replica(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    settings = {"listen": {"http": 80}, "routes": [{"app": "chat", "path": "/api"}]}
    with Proxy(tmp_path, settings, {"chat": replicas}, engine=engine) as proxy:
        assert proxy.client.get("/").status_code == 404
        assert proxy.client.get("/api/x").status_code == 200
        for replica in replicas:
            replica.kill()
        assert proxy.client.get("/api/x").status_code == {"haproxy": 503, "nginx": 502}[engine]
        assert httpx.get(f"{proxy.status_url}/healthz", timeout=60).status_code == 200
        replicas[0].restart()
