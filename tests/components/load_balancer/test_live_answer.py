"""What `make up` asks of a balancer that redirects to HTTPS: the real proxy with the rendered configuration."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli.answer import show_answers
from cli.entry import Address, Entries
from composition.stack import Stack
from settings.load import load
from tests.components.load_balancer.proxy import Proxy
from tests.components.load_balancer.replica import Replica

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("haproxy")]

EDGE = {
    "listen": {"http": 8080, "https": 8443},
    "tls": {"certificate": "site_cert", "private_key": "site_key"},
    "routes": [{"app": "chat"}],
}
APPS = {"chat": {"image": "registry.example.com/x/chat:1.0", "port": 8000}}


class Loopback(Entries):
    """Every port is this machine's."""

    def of(self, port: int) -> list[Address]:
        return [Address("127.0.0.1", port)]

    def for_operators(self, word: str, port_name: str, published: int, scheme: str = "http") -> str:
        return f"{scheme} {word} {port_name} {published}"


def test_a_balancer_that_redirects_is_asked_by_https(
    replicas: list[Replica], certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"platform": {"kind": "kubernetes"}, "balancers": {"edge": EDGE}, "apps": APPS}
    settings = load(Stack, document, root="stack").sound
    with Proxy(tmp_path, EDGE, {"chat": replicas}, certificate=certificate) as proxy:
        assert proxy.client.get("/health").status_code == 308
        ports = {"http": urlsplit(proxy.url).port, "https": urlsplit(proxy.https_url).port, "status": 8404}
        show_answers(settings, Loopback(), {"balancers": {"edge": ports}}, status="make status")
    assert "GET /health -> 200" in capsys.readouterr().out
