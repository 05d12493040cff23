"""What an application learns of the client, through each real proxy and a real uvicorn."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.architecture.modules import ROOT
from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.loopback import free_port

pytestmark = pytest.mark.live

FRONT, STRANGER = "127.0.0.1", "127.0.0.66"
"""Addresses that requests come from: a trusted proxy, and somebody else."""

STACK = {
    "listen": {"http": 80},
    "trusted_proxies": [FRONT, "10.0.0.0/8", "fd00::/8"],
    "routes": [{"app": "chat"}, {"app": "chat", "path": "/limited", "rate_limit": {"requests": 2, "period": "1m"}}],
}
CHAINS: dict[str, tuple[list[str], str, str]] = {
    # name: (lines of X-Forwarded-For, the client, what the application gets)
    "nothing": ([], FRONT, FRONT),
    "the client": (["203.0.113.7"], "203.0.113.7", f"203.0.113.7, {FRONT}"),
    "what the client made up": (["6.6.6.6, 203.0.113.7"], "203.0.113.7", f"203.0.113.7, {FRONT}"),
    "trusted addresses that the client made up": (["10.9.9.9, 203.0.113.7"], "203.0.113.7", f"203.0.113.7, {FRONT}"),
    "two proxies": (["203.0.113.7, 10.1.1.1"], "203.0.113.7", f"203.0.113.7, 10.1.1.1, {FRONT}"),
    "two lines": (["203.0.113.7", "10.1.1.1"], "203.0.113.7", f"203.0.113.7, 10.1.1.1, {FRONT}"),
    "three lines, the first made up": (["6.6.6.6", "203.0.113.7, 10.2.2.2", "10.1.1.1"], "203.0.113.7", ""),
    "trusted addresses alone": (["10.2.2.2, 10.1.1.1"], "10.2.2.2", f"10.2.2.2, 10.1.1.1, {FRONT}"),
    "nine proxies": (["203.0.113.7" + ", 10.1.1.1" * 9], "203.0.113.7", ""),
    "more proxies than are counted": (["203.0.113.7" + ", 10.1.1.1" * 40], "10.1.1.1", ""),
    "IPv6": (["2001:db8::7, fd00::1"], "2001:db8::7", f"2001:db8::7, fd00::1, {FRONT}"),
    "IPv4 in IPv6": (["203.0.113.7, ::ffff:10.1.1.1"], "203.0.113.7", ""),
    "with a port": (["203.0.113.7:4711, 10.1.1.1:80"], "203.0.113.7", f"203.0.113.7, 10.1.1.1, {FRONT}"),
    "IPv6 in brackets": (["[2001:db8::7], [fd00::1]"], "2001:db8::7", f"2001:db8::7, fd00::1, {FRONT}"),
    "IPv6 with a port": (["[2001:db8::7]:4711, [fd00::1]:80"], "2001:db8::7", f"2001:db8::7, fd00::1, {FRONT}"),
    "no address": (["203.0.113.7, unknown"], FRONT, FRONT),
    "no address behind a proxy": (["203.0.113.7, unknown, 10.1.1.1"], "10.1.1.1", f"10.1.1.1, {FRONT}"),
    "empty": ([""], FRONT, FRONT),
}
OWN_WAYS = {
    # nginx counts all proxies. It passes on addresses of proxies that are written plainly.
    ("nginx", "more proxies than are counted"): (["203.0.113.7" + ", 10.1.1.1" * 40], "203.0.113.7", ""),
    ("nginx", "with a port"): (["203.0.113.7:4711, 10.1.1.1:80"], "203.0.113.7", f"203.0.113.7, {FRONT}"),
    ("nginx", "IPv6 in brackets"): (["[2001:db8::7], [fd00::1]"], "2001:db8::7", f"2001:db8::7, {FRONT}"),
    ("nginx", "IPv6 with a port"): (["[2001:db8::7]:4711, [fd00::1]:80"], "2001:db8::7", f"2001:db8::7, {FRONT}"),
}
HEARSAY = {
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": "evil",
    "X-Forwarded-User": "admin",
    "X-Original-URL": "/admin",
    "X-Rewrite-URL": "/admin",
    "X-Client-IP": "6.6.6.6",
    "True-Client-IP": "6.6.6.6",
    "CF-Connecting-IP": "6.6.6.6",
    "Front-End-Https": "on",
    "Proxy": "http://evil.test",
}
NEVER = {"X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X_Forwarded_For": "6.6.6.6", "X-Forwarded_Host": "evil"}


@dataclass(frozen=True)
class Server:
    """A uvicorn that believes everybody who reaches it, as containers behind a balancer are told to."""

    address: str
    port: int


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    address, port = "127.0.0.41", free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.components.load_balancer.asgi_echo:app", "--host", address]
    command += ["--port", str(port), "--proxy-headers", "--forwarded-allow-ips", "*", "--log-level", "warning"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            wait_for(lambda: _answers(f"http://{address}:{port}"), "uvicorn answers")
            yield Server(address, port)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def proxy(engine: str, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("proxy"), STACK, {"chat": [server]}, engine=engine) as proxy:
        yield proxy


def ask(proxy: Proxy, headers: Sequence[tuple[str, str]], *, source: str = FRONT, path: str = "/") -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=60) as client:
        return client.get(f"{proxy.url}{path}", headers=list(headers))


def lines(seen: Mapping[str, Any], name: str) -> list[str]:
    return [value for key, value in seen["headers"] if key == name]


@pytest.mark.parametrize("name", CHAINS)
def test_the_client_is_the_rightmost_address_that_is_not_trusted(proxy: Proxy, name: str) -> None:
    sent, client, forwarded = OWN_WAYS.get((proxy.engine, name), CHAINS[name])
    seen = ask(proxy, [("X-Forwarded-For", line) for line in sent]).json()
    assert seen["client"] == client
    (line,) = lines(seen, "x-forwarded-for")
    assert line.startswith(client)
    assert line.endswith(FRONT)
    assert not forwarded or line == forwarded


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_trusted_proxy_says_how_the_client_came(proxy: Proxy, scheme: str) -> None:
    seen = ask(proxy, [("X-Forwarded-Proto", scheme), ("X-Forwarded-Host", "www.test")]).json()
    assert (seen["scheme"], lines(seen, "x-forwarded-proto")) == (scheme, [scheme])
    assert lines(seen, "x-forwarded-host") == ["www.test"]


@pytest.mark.parametrize("word", ["https", "1 https", "|1|https", "1|https", "on", "on|1|https"])
def test_a_stranger_does_not_say_how_it_came(proxy: Proxy, word: str) -> None:
    """Not by a word either that a proxy's own configuration could take for its own."""
    seen = ask(proxy, [("X-Forwarded-Proto", word)], source=STRANGER).json()
    assert (seen["scheme"], lines(seen, "x-forwarded-proto")) == ("http", ["http"])


def test_what_strangers_say_of_themselves_reaches_nobody(proxy: Proxy) -> None:
    sent = {**HEARSAY, **NEVER, "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "X-Own": "kept"}
    seen = ask(proxy, [*sent.items()], source=STRANGER).json()
    assert (seen["client"], seen["scheme"]) == (STRANGER, "http")
    assert {key for key, _ in seen["headers"]} & {key.lower() for key in sent} == {
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-own",
    }
    assert lines(seen, "x-forwarded-for") == [STRANGER]


def test_without_trusted_proxies_everybody_is_a_stranger(engine: str, server: Server, tmp_path: Path) -> None:
    with Proxy(tmp_path, {**STACK, "trusted_proxies": []}, {"chat": [server]}, engine=engine) as proxy:
        seen = ask(proxy, [*HEARSAY.items(), *NEVER.items(), ("X-Forwarded-For", "6.6.6.6")]).json()
    assert seen["client"] == FRONT
    assert lines(seen, "x-forwarded-for") == [FRONT]
    assert {key for key, _ in seen["headers"]} & {key.lower() for key in (*HEARSAY, *NEVER)} == set()


def test_a_trusted_proxy_may_say_more_but_not_everything(proxy: Proxy) -> None:
    seen = ask(proxy, [*HEARSAY.items(), *NEVER.items()]).json()
    names = {key for key, _ in seen["headers"]}
    assert {key.lower() for key in HEARSAY} <= names
    assert {key.lower() for key in NEVER} & names == set()


def test_rates_are_counted_for_the_client(proxy: Proxy) -> None:
    def limited(chain: str) -> int:
        return ask(proxy, [("X-Forwarded-For", chain)], path="/limited").status_code

    assert [limited(f"{number}.6.6.6, 203.0.113.9, 10.1.1.1") for number in range(1, 4)] == [200, 200, 429]
    assert limited("203.0.113.10, 10.1.1.1") == 200


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=60).status_code == 200
    except httpx.TransportError:
        return False
