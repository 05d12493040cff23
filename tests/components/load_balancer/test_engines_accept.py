"""Each real proxy accepts what the settings accept, without a warning that it would not give anyhow."""

import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from components.load_balancer.engines import ENGINES
from components.load_balancer.settings import LoadBalancerSettings
from settings.load import load
from tests.components.load_balancer.generated import balancer_names, balancers
from tests.components.load_balancer.programs import checking
from tests.components.load_balancer.stacks import TLS, backend, balancer, config, offered

LIMITS = ("[NOTICE]", "file descriptor", "FD limit", "threads running on a total of", "open file resource limit")
"""How many connections and CPUs this machine has is not the configuration's fault."""
GOOD = ("syntax is ok", "test is successful")

# Each example starts a process, and shrinking would start thousands: the text of a failure is small enough.
bounded = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@settings(bounded, max_examples=10)
@given(name=balancer_names, data=balancers, replicas=st.sampled_from([1, 10, 300]))
def test_valid_settings_are_accepted(
    engine: str, certificate: Path, name: str, data: dict[str, Any], replicas: int
) -> None:
    accepted_if_valid(engine, certificate, name, data, replicas)


@pytest.mark.live
@pytest.mark.parametrize("each", ["haproxy", pytest.param("nginx", marks=pytest.mark.slow)])
@settings(bounded, max_examples=150)
@given(name=balancer_names, data=balancers, replicas=st.sampled_from([1, 10, 300]))
def test_many_valid_settings_are_accepted(
    certificate: Path, each: str, name: str, data: dict[str, Any], replicas: int
) -> None:
    accepted_if_valid(each, certificate, name, data, replicas)


def test_the_largest_settings_are_accepted(engine: str, certificate: Path) -> None:
    """As many as there may be of each, at once: lines, words in a line, names, and the tables behind them."""
    origins = [f"https://{number}.{'a' * 63}.test" for number in range(50)]
    headers = [f"X-{number}-{'a' * 50}" for number in range(50)]
    values = {f"Y-{number}": "'" * 114 for number in range(32)}
    route = {
        "app": "a" * 24,
        "host": ".".join(["a" * 63] * 3 + ["a" * 61]),
        "rewrite": f"/{'a' * 199}",
        "headers": {"request": {"set": values}, "response": {"add": values, "remove": headers[:32]}},
        "sticky": {"cookie": "A" * 64},
        "ejection": {},
        "cors": {"origins": origins, "headers": headers, "credentials": True},
        "rate_limit": {"requests": 960_000, "period": "1h"},
        "max_body": "1Ti",
        "max_per_replica": 100_000,
    }
    sources = [f"2001:db8:1111:2222:3333:4444:5555:{number:x}" for number in range(100)]
    passed_on = {"app": "a" * 24, "balance": "source", "sources": sources, "max_connections": 1_000}
    data = balancer(
        **TLS,
        routes=[
            {
                **route,
                "path": f"/{number:0199}",
                "shift": {"to": "b" * 24, "percent": 99, "cookie": f"B{number:063}", "ttl": "8760h"},
            }
            for number in range(100)
        ],
        tcp={f"tcp-{number}": {**passed_on, "listen": 20_000 + number} for number in range(50)},
        trusted_proxies=sources,
        limits={"headers": "256Ki"},
        resources={"cpu_request": "1", "cpu_limit": "1000", "memory_request": "1Gi", "memory_limit": "200Gi"},
    )
    data = offered(engine, data)
    assert not load(LoadBalancerSettings, {"engine": engine, **data}, root="edge").faults
    accepted(engine, certificate, "edge", data, replicas=100)


def test_everybody_may_be_trusted_and_a_network_named_twice(engine: str, certificate: Path) -> None:
    networks = ["0.0.0.0/0", "::/0", "10.0.0.0/8", "::ffff:10.0.0.0/104", "10.0.0.0/8"]
    accepted(engine, certificate, "edge", balancer(trusted_proxies=networks), replicas=2)


@pytest.mark.parametrize("app", ["status", "public", "no-route", "no", "ejecting-chat", "dns", "defaults", "global"])
def test_an_application_may_have_any_name(engine: str, certificate: Path, app: str) -> None:
    routes = [{"app": app}, {"app": app, "path": "/x", "ejection": {}, "rate_limit": {"requests": 1, "period": "1s"}}]
    tcp = {"chat": {"listen": 9000, "app": app}}
    accepted(engine, certificate, app, offered(engine, balancer(routes=routes, tcp=tcp)), replicas=2)


def accepted_if_valid(engine: str, certificate: Path, name: str, data: dict[str, Any], replicas: int) -> None:
    """Invalid settings are an answer, too: a report of faults."""
    data = offered(engine, data)
    faults = load(LoadBalancerSettings, {"engine": engine, **data}, root="edge").faults
    event("refused" if faults else "valid")
    if not faults:
        accepted(engine, certificate, name, data, replicas=replicas)


def accepted(engine: str, certificate: Path, name: str, data: dict[str, Any], *, replicas: int) -> None:
    place = replace(
        ENGINES[engine].place,
        certificate_file=str(certificate),
        nameservers=("127.0.0.1:53",),
        runtime_directory=str(certificate.parent),
    )
    routes = [*data["routes"], *data.get("tcp", {}).values()]
    apps = {route["app"] for route in routes} | {route["shift"]["to"] for route in routes if "shift" in route}
    backends = {app: replace(backend(app), max_replicas=replicas) for app in apps}
    text = config({**data, "engine": engine}, name=name, place=place, backends=backends)
    file = certificate.parent / "config"
    file.write_text(text)
    check = subprocess.run(checking(engine, file), capture_output=True, text=True, check=False)
    said = [line for line in check.stderr.splitlines() if not any(limit in line for limit in (*LIMITS, *GOOD))]
    assert (check.returncode, said) == (0, []), f"{check.stderr[:5_000]}\n{text[:20_000]}"
    starts = ("backend ", "frontend ", "listen ", "    upstream ", "        location = /r")
    sections = Counter(line for line in text.splitlines() if line.startswith(starts))
    assert max(sections.values()) == 1, sections.most_common(3)
