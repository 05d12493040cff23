"""Each field of the settings, as lines of haproxy.cfg."""

import re
from dataclasses import replace
from typing import Any

import pytest

from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from tests.components.load_balancer.stacks import TLS, backend, balancer, config, section, with_route

MQTT: dict[str, Any] = {"mqtt": {"listen": 1883, "app": "broker"}}
SQL: dict[str, Any] = {
    "sql": {
        "listen": 5433,
        "app": "chat",
        "sources": ["10.0.0.0/8", "fd00::/8"],
        "check": {"interval": "2s", "timeout": "500ms", "fall": 4, "rise": 3},
        "timeouts": {"connect": "300ms", "idle": "2h"},
        "max_connections": 50,
    }
}
FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    # field: (settings, section, line)
    "listen.http": (balancer(), "frontend public", "bind :8080"),
    "listen.https": (
        balancer(**TLS),
        "frontend public",
        "bind :8443 ssl crt /etc/haproxy-tls/site.pem alpn h2,http/1.1",
    ),
    "resources": (
        balancer(
            resources={"cpu_request": "1", "cpu_limit": "2500m", "memory_request": "64Mi", "memory_limit": "256Mi"}
        ),
        "global",
        "nbthread 3",
    ),
    "size": (balancer(size="medium"), "global", "nbthread 2"),
    "tls.min_version": (
        balancer(**TLS | {"tls": {**TLS["tls"], "min_version": "1.3"}}),
        "global",
        "ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets",
    ),
    "tls.redirect": (
        balancer(**TLS),
        "frontend public",
        "http-request redirect code 308 location https://%[req.hdr(host),host_only]%[pathq] "
        "unless { var(txn.tls) -m bool }",
    ),
    "require_https": (
        balancer(trusted_proxies=["10.0.0.0/8"], require_https=True),
        "frontend public",
        "http-request redirect code 308 location https://%[req.hdr(host),host_only]%[pathq] "
        "unless { var(txn.tls) -m bool }",
    ),
    "longest_stream": (balancer(longest_stream="10m"), "global", "hard-stop-after 600s"),
    "stop_delay": (balancer(stop_delay="9s"), "global", "grace 9s"),
    "max_connections": (balancer(max_connections=500), "frontend public", "maxconn 500"),
    "max_connections, spare": (balancer(max_connections=500), "global", "maxconn 600"),
    "trusted_proxies": (
        balancer(trusted_proxies=["10.0.0.0/8", "fd00::/8"]),
        "frontend public",
        "acl trusted src fd00::/8",
    ),
    "timeouts.request": (balancer(timeouts={"request": "7s"}), "defaults", "timeout http-request 7s"),
    "timeouts.keep_alive": (balancer(timeouts={"keep_alive": "7s"}), "defaults", "timeout http-keep-alive 7s"),
    "app": (with_route(), "backend chat", "server-template replica 8 tasks.chat:8000"),
    "path": (
        with_route(path="/api"),
        "frontend public",
        "use_backend chat:api if { path_beg /api/ }",
    ),
    "host": (
        with_route(host="a.test"),
        "frontend public",
        "use_backend chat.a.test if { req.hdr(host),host_only,lower -m str a.test }",
    ),
    "rewrite": (
        with_route(path="/api/v1.0", rewrite="/v2"),
        "backend chat:api:v1.0",
        r"http-request replace-path '^/api/v1\.0(/.*)?$' '/v2\1'",
    ),
    "rewrite, stripped": (
        with_route(path="/api", rewrite="/", ejection={}),
        "backend ejecting_chat:api",
        r"http-request replace-path '^/api/*(.*)$' '/\1'",
    ),
    "rewrite, the prefix": (
        with_route(path="/api", rewrite="/"),
        "backend chat:api",
        'http-request set-header X-Forwarded-Prefix "%[req.fhdr(x-forwarded-prefix)]/api"',
    ),
    "headers.request.set": (
        with_route(headers={"request": {"set": {"X-A": "it's 100%"}}}),
        "backend chat",
        r"http-request set-header X-A 'it'\''s 100%%'",
    ),
    "headers.request.remove": (
        with_route(headers={"request": {"remove": ["X-Debug"]}}),
        "backend chat",
        "http-request del-header X-Debug",
    ),
    "headers.response.add": (
        with_route(headers={"response": {"add": {"X-B": "b"}}}),
        "backend chat",
        "http-after-response add-header X-B 'b'",
    ),
    "headers.response.remove": (
        with_route(headers={"response": {"remove": ["Server"]}}),
        "backend chat",
        "http-response del-header Server",
    ),
    "headers, room": (
        with_route(headers={"request": {"set": {"X-A": "b"}}}),
        "global",
        f"tune.maxrewrite {2048 + 8 + 16}",
    ),
    "balance": (with_route(balance="least_conn"), "backend chat", "balance leastconn"),
    "limits.headers": (balancer(limits={"headers": "16Ki"}), "global", f"tune.bufsize {(16 + 2 + 1) * 1024}"),
    "sticky.same_site": (
        with_route(sticky={"same_site": "strict"}),
        "backend chat",
        'cookie SERVER insert indirect nocache httponly dynamic maxidle 3600s attr "SameSite=Strict"',
    ),
    "sticky.same_site, none": (
        balancer(**TLS, routes=[{"app": "chat", "sticky": {"same_site": "none"}}]),
        "backend chat",
        'cookie SERVER insert indirect nocache httponly secure dynamic maxidle 3600s attr "SameSite=None"',
    ),
    "sticky.same_site, none behind a proxy that ends TLS": (
        balancer(trusted_proxies=["10.0.0.0/8"], routes=[{"app": "chat", "sticky": {"same_site": "none"}}]),
        "backend chat",
        'cookie SERVER insert indirect nocache httponly secure dynamic maxidle 3600s attr "SameSite=None"',
    ),
    "sticky": (
        with_route(sticky={"cookie": "WHERE", "ttl": "2h"}),
        "backend chat",
        'cookie WHERE insert indirect nocache httponly dynamic maxidle 7200s attr "SameSite=Lax"',
    ),
    "check.path": (
        with_route(check={"path": "/ok"}),
        "backend chat",
        "http-check send meth GET uri /ok ver HTTP/1.1 hdr Host chat",
    ),
    "check.path, default": (
        with_route(),
        "backend chat",
        "http-check send meth GET uri /up ver HTTP/1.1 hdr Host chat",
    ),
    "check.host": (
        with_route(host="a.test", check={"host": "health.test"}),
        "backend chat.a.test",
        "http-check send meth GET uri /up ver HTTP/1.1 hdr Host health.test",
    ),
    "check.host, default": (
        with_route(host="a.test"),
        "backend chat.a.test",
        "http-check send meth GET uri /up ver HTTP/1.1 hdr Host a.test",
    ),
    "check.interval, fall, rise": (
        with_route(check={"interval": "3s", "fall": 4, "rise": 5}),
        "backend chat",
        "default-server check inter 3000ms fastinter 1500ms fall 4 rise 5 resolvers dns resolve-prefer ipv4 "
        "init-addr none",
    ),
    "check.timeout": (with_route(check={"timeout": "700ms"}), "backend chat", "timeout check 700ms"),
    "ejection": (
        with_route(ejection={"errors": 7}),
        "backend ejecting_chat",
        "default-server observe layer7 error-limit 7 on-error mark-down",
    ),
    "ejection, never the last": (
        with_route(ejection={"errors": 7}, path="/api"),
        "frontend public",
        "use_backend ejecting_chat:api if { path_beg /api/ } { nbsrv(ejecting_chat:api) gt 0 }",
    ),
    "retries.attempts": (with_route(retries={"attempts": 2}), "backend chat", "retries 2"),
    "retries.on": (
        with_route(retries={"on": ["connect_failure", 504]}),
        "backend chat",
        "retry-on conn-failure 504",
    ),
    "retries.methods": (
        with_route(retries={"methods": ["GET"]}),
        "backend chat",
        "http-request disable-l7-retry unless { method GET }",
    ),
    "retries off": (with_route(retries=None), "backend chat", "retries 0"),
    "rate_limit": (
        with_route(rate_limit={"requests": 9, "period": "1m"}),
        "backend chat",
        "stick-table type ipv6 size 100000 expire 60s store http_req_rate(60s)",
    ),
    "rate_limit, one count": (
        with_route(rate_limit={"requests": 9, "period": "1m"}, ejection={}),
        "backend ejecting_chat",
        "http-request track-sc0 src table chat",
    ),
    "cors": (
        with_route(cors={"origins": ["https://a.test", "https://b.test"]}),
        "backend chat",
        "http-request set-var(txn.origin) req.hdr(origin) if { req.hdr(origin) -m str https://a.test https://b.test }",
    ),
    "cors for all": (
        with_route(cors={"origins": ["*"]}),
        "backend chat",
        'http-after-response set-header Access-Control-Allow-Origin "*" if { var(txn.origin) -m found }',
    ),
    "max_body": (
        with_route(max_body="2Ki"),
        "backend chat",
        'http-request return status 413 content-type text/plain string "body too large" '
        "if { req.hdr(content-length) -m int gt 2048 }",
    ),
    "max_per_replica": (with_route(max_per_replica=8), "backend chat", "default-server maxconn 8"),
    "tcp.listen, app": (balancer(tcp=MQTT), "listen tcp_mqtt", "server-template replica 8 tasks.broker:8000"),
    "tcp, port in the container": (balancer(tcp=MQTT | SQL), "listen tcp_sql", "bind :10001"),
    "tcp.balance": (balancer(tcp=MQTT), "listen tcp_mqtt", "balance leastconn"),
    "tcp.sources": (balancer(tcp=SQL), "listen tcp_sql", "acl allowed src fd00::/8"),
    "tcp.sources, others": (balancer(tcp=SQL), "listen tcp_sql", "tcp-request connection reject unless allowed"),
    "tcp.check": (
        balancer(tcp=SQL),
        "listen tcp_sql",
        "default-server check inter 2000ms fastinter 1000ms fall 4 rise 3 on-marked-down shutdown-sessions "
        "resolvers dns resolve-prefer ipv4 init-addr none",
    ),
    "tcp.timeouts.connect": (balancer(tcp=SQL), "listen tcp_sql", "timeout connect 300ms"),
    "tcp.timeouts.idle": (balancer(tcp=SQL), "listen tcp_sql", "timeout client 7200s"),
    "tcp.max_connections": (balancer(tcp=SQL), "listen tcp_sql", "maxconn 50"),
    "tcp.max_connections, all": (balancer(tcp=MQTT | SQL), "global", f"maxconn {2_000 + 100 + 500 + 50}"),
    "shift": (
        with_route(path="/a", shift={"to": "next", "percent": 25}),
        "frontend public",
        "use_backend shift_next:a if { path /a } { var(txn.draw0) -m int lt 25 }",
    ),
    "closed": (
        with_route(closed=["/metrics", "/Admin.v1"]),
        "backend chat",
        'http-request return status 404 content-type text/plain string "no route" '
        "if { var(txn.asked),regsub('/+','/',g) -m reg ^(/metrics|/admin[.]v1)([^a-z0-9_-]|$) }",
    ),
    "timeouts.connect": (with_route(timeouts={"connect": "250ms"}), "backend chat", "timeout connect 250ms"),
    "timeouts.response": (with_route(timeouts={"response": "2m"}), "backend chat", "timeout server 120s"),
    "timeouts.stream": (with_route(timeouts={"stream": "2m"}), "backend chat", "timeout tunnel 120s"),
    "timeouts.queue": (with_route(timeouts={"queue": "2s"}), "backend chat", "timeout queue 2s"),
}
ELSEWHERE = {
    "cloud_balancer",
    "engine",
    "front",
    "image",
    "replicas",
    "status",
    "routes",
    "tls",
    "listen",
    "timeouts",
    "forward_auth",
    "port",
}
"""Not in haproxy.cfg (the component's test has them), containers of other fields, refused, or tested alone."""


@pytest.mark.parametrize("field", FIELDS)
def test_field(field: str) -> None:
    settings, name, line = FIELDS[field]
    assert line in section(config(settings) if name != "global" else "\n" + config(settings), name)


def test_the_application_says_under_which_name_it_is_asked() -> None:
    named = {"chat": replace(backend("chat"), health_host="www.test")}
    lines = section(config(with_route(host="a.test"), backends=named), "backend chat.a.test")
    assert "http-check send meth GET uri /up ver HTTP/1.1 hdr Host www.test" in lines


@pytest.mark.parametrize(
    ("route", "check", "server"),
    [
        ({}, "check inter", "tasks.chat:8000"),
        ({"port": "admin"}, "check port 8000 inter", "tasks.chat:9000"),
        ({"port": "admin", "check": {"path": "/ok"}}, "check inter", "tasks.chat:9000"),
    ],
)
def test_a_route_names_a_port(route: dict[str, Any], check: str, server: str) -> None:
    """What the application's probes ask is asked at their port."""
    ports = {"chat": replace(backend("chat"), ports={"admin": 9000}, health_port=8000)}
    lines = section(config(with_route(**route), backends=ports), "backend chat")
    assert any(line.startswith(f"default-server {check}") for line in lines)
    assert f"server-template replica 8 {server}" in lines


def test_every_field_is_tested() -> None:
    tested = {re.split(r"[., ]", field)[0] for field in FIELDS} | ELSEWHERE
    assert not {*LoadBalancerSettings.model_fields, *Route.model_fields} - tested


@pytest.mark.parametrize(
    ("settings", "absent"),
    [
        (balancer(), "ssl"),
        (balancer(), "grace"),
        (balancer(**TLS | {"tls": {**TLS["tls"], "redirect": False}}), "redirect code"),
        (balancer(trusted_proxies=["10.0.0.0/8"]), "redirect code"),
        (balancer(**TLS | {"listen": {"https": 443}}), ":8080"),
        (with_route(), "observe"),
        (with_route(), "ejecting"),
        (with_route(retries=None), "redispatch"),
        (with_route(), "cookie"),
        (with_route(), "stick-table"),
        (with_route(), "Access-Control"),
        (with_route(), "413"),
        (balancer(), "mode tcp"),
        (balancer(tcp=MQTT), "reject"),
        (with_route(path="/api"), "replace-path"),
        (with_route(path="/api", rewrite="/v2"), "X-Forwarded-Prefix"),
    ],
)
def test_what_is_off_leaves_nothing(settings: dict[str, Any], absent: str) -> None:
    assert absent not in re.sub(r"ssl_fc", "", config(settings))


def test_hosts_come_first_and_long_paths_before_short_ones() -> None:
    routes = [
        {"app": "site"},
        {"app": "api", "path": "/api"},
        {"app": "v2", "path": "/api/v2"},
        {"app": "admin", "host": "admin.test"},
        {"app": "deep", "host": "admin.test", "path": "/deep"},
    ]
    for order in (routes, routes[::-1]):
        lines = section(config(balancer(routes=order)), "frontend public")
        used = [line.split()[1] for line in lines if line.startswith("use_backend")]
        assert list(dict.fromkeys(used)) == ["deep.admin.test:deep", "admin.admin.test", "v2:api:v2", "api:api", "site"]


def test_cookies_are_secure_when_clients_cannot_use_plain_http() -> None:
    assert " secure " in config(balancer(**TLS, routes=[{"app": "chat", "sticky": {}}]))
    assert " secure " not in config(with_route(sticky={}))


def test_replicas_outlive_their_name_server() -> None:
    lines = section(config(balancer()), "resolvers dns")
    assert {"hold timeout 1h", "hold refused 1h", "hold other 1h", "parse-resolv-conf"} <= {*lines}


def test_a_lost_host_is_missed_by_keepalives_and_not_by_an_answers_time() -> None:
    lines = section(config(balancer()), "defaults")
    assert {"option srvtcpka", "srvtcpka-idle 3s", "srvtcpka-intvl 1s", "srvtcpka-cnt 3"} <= {*lines}
    assert "tcp-ut" not in config(balancer()), "it would also end connections of replicas that read slowly"


def test_redirect_names_a_port_other_than_443() -> None:
    settings = balancer(**TLS | {"listen": {"http": 8080, "https": 8443}})
    assert "https://%[req.hdr(host),host_only]:8443%[pathq]" in config(settings)
