"""Each field of the settings, as lines of nginx.conf."""

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.load_balancer.nginx import closed, start
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from tests.components.load_balancer.samples import samples
from tests.components.load_balancer.stacks import TLS, backend, balancer, with_route
from tests.components.load_balancer.stacks import config as config_of

SAFE = r'"~ (?:GET|HEAD|OPTIONS|POST|PATCH|LOCK)$" "";'
FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    # field: (settings, line)
    "listen.http": (balancer(), "listen 8080;"),
    "listen.https": (balancer(**TLS), "listen 8443 ssl;"),
    "size": (balancer(size="medium"), "worker_processes 2;"),
    "resources": (
        balancer(resources={"cpu_request": "1", "cpu_limit": "2500m", "memory_request": "64Mi", "memory_limit": "1Gi"}),
        "worker_processes 3;",
    ),
    "tls.certificate": (balancer(**TLS), "ssl_certificate /etc/nginx-tls/site.pem;"),
    "tls.private_key": (balancer(**TLS), "ssl_certificate_key /etc/nginx-tls/site.pem;"),
    "tls.min_version": (balancer(**TLS), "ssl_protocols TLSv1.2 TLSv1.3;"),
    "tls.min_version, 1.3": (balancer(**TLS | {"tls": {**TLS["tls"], "min_version": "1.3"}}), "ssl_protocols TLSv1.3;"),
    "tls.redirect": (balancer(**TLS), "return 308 https://$host$request_uri;"),
    "tls.redirect, another port": (
        balancer(**TLS | {"listen": {"http": 80, "https": 8443}}),
        "return 308 https://$host:8443$request_uri;",
    ),
    "require_https": (
        balancer(trusted_proxies=["10.0.0.0/8"], require_https=True),
        "return 308 https://$host$request_uri;",
    ),
    "status.port": (balancer(), "listen 8404;"),
    "longest_stream": (balancer(longest_stream="10m"), "worker_shutdown_timeout 600s;"),
    "max_connections": (balancer(max_connections=500), "worker_connections 1100;"),
    "trusted_proxies": (balancer(trusted_proxies=["10.0.0.0/8"]), "set_real_ip_from 10.0.0.0/8;"),
    "trusted_proxies, others": (balancer(), 'proxy_set_header X-Forwarded-Host "";'),
    "limits.headers": (balancer(limits={"headers": "16Ki"}), "large_client_header_buffers 1 16384;"),
    "limits.headers, of answers": (balancer(limits={"headers": "16Ki"}), "proxy_buffer_size 16384;"),
    "timeouts.request": (balancer(timeouts={"request": "7s"}), "client_header_timeout 7s;"),
    "timeouts.keep_alive": (balancer(timeouts={"keep_alive": "7s"}), "keepalive_timeout 7s;"),
    "app": (with_route(), "server tasks.chat:8000 resolve max_fails=0;"),
    "path": (with_route(path="/v1.0"), r'"~^[^|]*\\|/v1[.]0(?:[/?]|$)" r0;'),
    "host": (with_route(host="a.test"), r'"~^a[.]test\\|" r0;'),
    "rewrite": (
        with_route(path="/v1.0", rewrite="/v2"),
        'map $request_uri $target_r0 { "~^/v1[.]0(?<rest_r0>[/?].*)?$" /v2$rest_r0; default $request_uri; }',
    ),
    "rewrite, stripped": (
        with_route(path="/api", rewrite="/"),
        'map $request_uri $target_r0 { "~^/api/*(?<rest_r0>.*)$" /$rest_r0; default $request_uri; }',
    ),
    "shift": (
        with_route(shift={"to": "next", "percent": 25}),
        'map $draw_0 $side_r0 { "~^(?:[0-9]|[1-1][0-9]|2[0-4])$" r0_shift; default r0; }',
    ),
    "closed": (with_route(closed=["/metrics"]), 'if ($closed_r0) { return 404 "no route\\n"; }'),
    "balance": (with_route(balance="least_conn"), "least_conn;"),
    "balance, source": (with_route(balance="source"), "hash $binary_remote_addr;"),
    "sticky": (
        with_route(sticky={"cookie": "A", "ttl": "2h", "same_site": "strict"}),
        "sticky cookie A expires=7200s httponly samesite=strict path=/;",
    ),
    "sticky, HTTPS alone": (
        balancer(**TLS, routes=[{"app": "chat", "sticky": {}}]),
        "sticky cookie SERVER expires=3600s httponly secure samesite=lax path=/;",
    ),
    "retries": (with_route(), "proxy_next_upstream error timeout http_503;"),
    "retries.attempts": (with_route(retries={"attempts": 2}), "proxy_next_upstream_tries 3;"),
    "retries.methods": (with_route(), SAFE),
    "retries.methods, fewer": (with_route(retries={"methods": ["GET"]}), r'"~ (?:GET|POST|PATCH|LOCK)$" "";'),
    "retries.on": (
        with_route(retries={"on": ["connect_failure", "empty_response", 502, 504]}),
        "proxy_next_upstream error timeout http_502 http_504;",
    ),
    "retries.on, answers alone": (with_route(retries={"on": [503]}), "proxy_next_upstream http_503;"),
    "retries.on, not slow work": (with_route(timeouts={"response": "9s"}), "proxy_next_upstream_timeout 9s;"),
    "retries.on, slow work": (with_route(retries={"on": ["response_timeout"]}), "proxy_next_upstream_timeout 0s;"),
    "retries off": (with_route(retries=None), "proxy_next_upstream off;"),
    "rate_limit": (
        with_route(rate_limit={"requests": 9, "period": "1m"}),
        "limit_req_zone $binary_remote_addr zone=rate_r0:16777216 rate=9r/m;",
    ),
    "rate_limit, at once": (
        with_route(rate_limit={"requests": 9, "period": "1m"}),
        "limit_req zone=rate_r0 burst=8 nodelay;",
    ),
    "rate_limit, one": (with_route(rate_limit={"requests": 1, "period": "1s"}), "limit_req zone=rate_r0 nodelay;"),
    "cors": (with_route(cors={"origins": ["https://a.test"]}), '"https://a.test" $http_origin;'),
    "cors for all": (with_route(cors={"origins": ["*"]}), '"~." "*";'),
    "headers.request.set": (with_route(headers={"request": {"set": {"X-A": 'a"b\\c'}}}), r'r0 "a\"b\\c";'),
    "headers.request.set, a variable's sign": (
        with_route(headers={"request": {"set": {"X-A": "a$b"}}}),
        'geo $text_0 { default "a$b"; }',
    ),
    "headers.request.remove": (with_route(headers={"request": {"remove": ["X-A"]}}), 'r0 "";'),
    "headers.response.add": (
        with_route(headers={"response": {"add": {"X-B": "b"}}}),
        'add_header X-B "b" always;',
    ),
    "headers.response.remove": (with_route(headers={"response": {"remove": ["X-B"]}}), "proxy_hide_header X-B;"),
    "max_body": (with_route(max_body="2Ki"), "client_max_body_size 2048;"),
    "max_body, none": (with_route(), "client_max_body_size 0;"),
    "timeouts.connect": (with_route(timeouts={"connect": "250ms"}), "proxy_connect_timeout 250ms;"),
    "timeouts.response": (with_route(timeouts={"response": "2m"}), "proxy_read_timeout 120s;"),
    "timeouts.stream": (with_route(timeouts={"stream": "5m"}), "proxy_read_timeout 300s;"),
}
ELSEWHERE = {"cloud_balancer", "engine", "front", "image", "replicas", "routes", "port", "forward_auth"}
"""Not in nginx.conf (the component's test has them), reserved, or tested alone."""
REFUSED = {"stop_delay", "tcp", "check", "ejection", "max_per_replica"}


def config(settings: dict[str, Any]) -> str:
    return config_of({"engine": "nginx", **settings})


def lines(settings: dict[str, Any]) -> list[str]:
    return [line.strip() for line in config(settings).splitlines()]


@pytest.mark.parametrize("field", FIELDS)
def test_field(field: str) -> None:
    settings, line = FIELDS[field]
    assert line in lines(settings)


def test_every_field_is_tested() -> None:
    tested = {re.split(r"[., ]", field)[0] for field in FIELDS} | ELSEWHERE | REFUSED
    assert not {*LoadBalancerSettings.model_fields, *Route.model_fields} - tested


@pytest.mark.parametrize(
    ("settings", "absent"),
    [
        (balancer(), "ssl"),
        (balancer(), "set_real_ip_from"),
        (balancer(**TLS | {"tls": {**TLS["tls"], "redirect": False}}), "return 308"),
        (balancer(trusted_proxies=["10.0.0.0/8"]), "return 308"),
        (balancer(**TLS | {"listen": {"https": 443}}), "listen 8080"),
        (with_route(retries=None), "proxy_next_upstream error"),
        (with_route(), "sticky"),
        (with_route(), "limit_req"),
        (with_route(), "Access-Control"),
        (with_route(), "411"),
        (with_route(), "closed"),
        (with_route(), "target"),
        (with_route(), "draw"),
        (with_route(), "shift"),
    ],
)
def test_what_is_off_leaves_nothing(settings: dict[str, Any], absent: str) -> None:
    assert absent not in config(settings)


def test_hosts_come_first_and_long_paths_before_short_ones() -> None:
    routes = [
        {"app": "site"},
        {"app": "api", "path": "/api"},
        {"app": "v2", "path": "/api/v2"},
        {"app": "admin", "host": "admin.test"},
        {"app": "deep", "host": "admin.test", "path": "/deep"},
    ]
    for order in (routes, routes[::-1]):
        servers = [line.split()[1] for line in lines(balancer(routes=order)) if line.startswith("server tasks.")]
        assert servers == [f"tasks.{app}:8000" for app in ("deep", "admin", "v2", "api", "site")]


def test_headers_of_one_route_are_not_those_of_another() -> None:
    """nginx has a request's headers in one place alone, where each route says its own."""
    routes = [
        {"app": "chat", "headers": {"request": {"set": {"X-A": "a"}}}},
        {"app": "chat", "path": "/b", "headers": {"request": {"set": {"x-a": "b"}}}},
        {"app": "chat", "path": "/c"},
        {"app": "chat", "path": "/d", "headers": {"request": {"set": {"X_A": "d"}}}},
    ]
    text = config(balancer(routes=routes))
    # Sorted: /b, /c, /d, /.
    assert re.search(r'r0 "b";\s+r3 "a";\s+default \$http_x_a;', text)
    assert re.search(r'r2 "d";\s+default "";', text), "what came in X-A is not sent in X_A"


def test_a_closed_path_that_the_rewrite_cannot_reach_closes_nothing() -> None:
    route = Route.model_validate({"app": "chat", "path": "/api", "rewrite": "/v2", "closed": ["/metrics"]})
    assert not re.search(closed.expression(route).removeprefix("~"), "/api/metrics")


def test_the_largest_of_many_routes_fit_into_a_config_of_kubernetes() -> None:
    """1 MiB; Swarm takes nearly as much."""
    route = {"closed": ["/metrics"], "cors": {"origins": ["https://a.test"]}, "sticky": {}, "max_body": "1Mi"}
    routes = [{"app": "chat", "path": f"/{number:03}", **route} for number in range(100)]
    assert len(config(balancer(routes=routes))) < 500_000
    each = [{**one, "shift": {"to": "next", "percent": 95, "cookie": f"A{at}"}} for at, one in enumerate(routes)]
    assert len(config(balancer(routes=each))) < 700_000, "each with a number of its own"


@pytest.mark.parametrize("field", [name for name, _ in samples()])
def test_braces_and_quotes_are_closed(field: str) -> None:
    backends = {app: replace(backend(app), ports={"admin": 9000}) for app in ("chat", "next")}
    for settings in dict(samples())[field]:
        try:
            text = config_of({"engine": "nginx", **settings}, backends=backends)
        except ValueError:
            continue  # refused
        bare = re.sub(r'"(?:\\.|[^"\\])*"|\$\{\w+\}|#[^\n]*', "", text)
        assert bare.count("{") == bare.count("}")
        assert '"' not in bare


def test_name_servers_are_those_of_the_container(tmp_path: Path) -> None:
    """In every form that resolv.conf knows. A shell without other programs is enough."""
    (tmp_path / "resolv.conf").write_text(
        "# nameserver 192.0.2.9\nsearch a.test\nnameserver 127.0.0.11\nnameserver 2001:db8::1\n"
        "nameserver fe80::1%eth0\noptions ndots:0\n"
    )
    (tmp_path / "nginx").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "nginx").chmod(0o755)
    script = start.script("/etc/nginx.conf", str(tmp_path), resolv_conf=str(tmp_path / "resolv.conf"))
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "-e stderr -c /etc/nginx.conf\n"
    resolver = (tmp_path / "resolver.conf").read_text()
    assert resolver == "resolver 127.0.0.11 [2001:db8::1] valid=1s ipv6=off;\n"
