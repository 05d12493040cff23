"""What the settings refuse, and that the refusal names the place, the rule and the fix."""

from typing import Any

import pytest

from components.load_balancer.engine import Refused
from components.load_balancer.engines import ENGINES
from components.load_balancer.settings import LoadBalancerSettings
from settings.load import load
from tests.components.load_balancer.stacks import TLS, balancer, refused, with_route

RESOURCES = {"cpu_request": "1", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "256Mi"}


def with_headers(direction: str = "request", **fields: Any) -> dict[str, Any]:
    """One route that changes headers in `direction`; what `HeaderChanges` does not have are the route's fields."""
    changes = {name: fields.pop(name) for name in ("set", "add", "remove") if name in fields}
    return with_route(headers={direction: changes}, **fields)


def nginx(**route: Any) -> dict[str, Any]:
    """The same engine's balancer with one route."""
    return with_route(**route) | {"engine": "nginx"}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "engine traefik": (balancer(engine="traefik"), "edge.engine: the engine traefik is not built yet; use `haproxy`"),
    "engine unknown": (balancer(engine="apache"), "edge.engine: should be 'haproxy' or 'nginx'"),
    "nginx, a check": (nginx(check={"interval": "2s"}), "edge: `routes[0].check`: open-source nginx asks no replicas"),
    "nginx, an ejection": (nginx(ejection={}), "`routes[0].ejection`: open-source nginx counts no errors"),
    "nginx, a queue": (nginx(max_per_replica=8), "`routes[0].max_per_replica`: open-source nginx has no queue"),
    "nginx, the queue's time": (nginx(timeouts={"queue": "5s"}), "`routes[0].timeouts.queue`: open-source nginx"),
    "nginx, a rate that it does not have": (
        nginx(rate_limit={"requests": 100, "period": "1h"}),
        "`routes[0].rate_limit`: nginx counts in whole requests for each minute, and 100 in 3600 s are 1.67",
    ),
    "nginx, half of a failure": (
        nginx(retries={"on": ["empty_response"]}),
        "`routes[0].retries.on`: to nginx `connect_failure` and `empty_response` are one failure",
    ),
    "nginx, connections that may take as long as answers": (
        nginx(timeouts={"connect": "1s", "response": "3s"}),
        "`routes[0].timeouts.connect`: nginx tells a lost host from slow work by the time alone: 3 x `connect` (3000",
    ),
    "nginx, a header beside the client's": (
        nginx(headers={"request": {"add": {"X-A": "a"}}}),
        "`routes[0].headers.request.add`: nginx sends one value",
    ),
    "nginx, without a name": (
        nginx(headers={"response": {"remove": ["server"]}}),
        "`routes[0].headers.response`: nginx writes `server` of answers itself",
    ),
    "nginx, a delay": (balancer(engine="nginx", stop_delay="5s"), "`stop_delay`: nginx closes its ports at once"),
    "nginx, connections as they are": (
        balancer(engine="nginx", tcp={"mqtt": {"listen": 1883, "app": "chat"}}),
        "`tcp.mqtt`: open-source nginx does not check",
    ),
    "nginx, more connections than memory": (
        balancer(engine="nginx", size="large", max_connections=20_000),
        "`max_connections`: 20000 connections in each of 4 workers with `limits.headers` of 32 KiB may take 5721 MiB",
    ),
    "too many replicas": (balancer(replicas=11), "edge.replicas: should be less than or equal to 10"),
    "no listener": (balancer(listen={}), "edge.listen: one of `http` and `https` is required"),
    "one port twice": (balancer(**TLS | {"listen": {"http": 80, "https": 80}}), "need different ports"),
    "https without tls": (balancer(listen={"https": 443}), "`listen.https` needs `tls` with a certificate"),
    "redirect without https": (balancer(tls=TLS["tls"]), "`tls` has no effect without `listen.https`"),
    "old tls": (balancer(**TLS | {"tls": {**TLS["tls"], "min_version": "1.1"}}), "edge.tls.min_version"),
    "status on the http port": (balancer(status={"port": 80}), "`status.port` needs a port other than"),
    "no routes": (balancer(routes=[]), "edge.routes"),
    "same route twice": (
        balancer(routes=[{"app": "chat", "path": "/a"}, {"app": "other", "path": "/a"}]),
        "`routes[1]` and `routes[0]` both match '/a'",
    ),
    "drain shorter than an answer": (
        balancer(longest_stream="30s"),
        "`longest_stream` (30 s) must cover `routes[0].timeouts.response` (60 s)",
    ),
    "host bits in a network": (balancer(trusted_proxies=["10.0.0.1/8"]), "edge.trusted_proxies[0]: is not an address"),
    "an annotation of the engine": (
        balancer(cloud_balancer={"annotations": {"pulumi.com/skipAwait": "true"}}),
        "edge.cloud_balancer.annotations.pulumi.com/skipAwait: belongs to the platform itself; leave it out",
    ),
    "a secret annotation": (
        balancer(cloud_balancer={"annotations": {"example.com/api-token": "hunter2-hunter2"}}),
        "edge.cloud_balancer.annotations: example.com/api-token looks like a secret",
    ),
    "https that nobody tells of": (
        balancer(require_https=True),
        "edge: `require_https` needs `trusted_proxies`, who say how a request came",
    ),
    "https that ends here": (
        balancer(**TLS, trusted_proxies=["10.0.0.0/8"], require_https=True),
        "`require_https` is for TLS that ends in front; with `tls` leave it to `tls.redirect`",
    ),
    "a secret annotation in front": (
        balancer(front={"annotations": {"example.com/api-token": "hunter2-hunter2"}}),
        "edge.front.annotations: example.com/api-token looks like a secret",
    ),
    "a secret in place of its name": (
        balancer(front={"annotations": {"example.com/auth-secret": "Hunter2 hunter2"}}),
        "edge.front.annotations: example.com/auth-secret looks like a secret",
    ),
    "an issuer as an annotation": (
        balancer(front={"annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}}),
        "edge.front.annotations: cert-manager.io/cluster-issuer is `front.tls.issuer`; say it there",
    ),
    "a class as an annotation": (
        balancer(front={"annotations": {"kubernetes.io/ingress.class": "traefik"}}),
        "edge.front.annotations: kubernetes.io/ingress.class is `platform.ingress.class_name`; say it there",
    ),
    "a certificate in front without its key": (
        balancer(front={"tls": {"certificate": "site_cert"}}),
        "edge.front.tls: `certificate` and `private_key` go together",
    ),
    "two certificates in front": (
        balancer(front={"tls": {"certificate": "site_cert", "private_key": "site_key", "issuer": "letsencrypt"}}),
        "edge.front.tls: give `certificate` and `private_key`, or `issuer`",
    ),
    "no certificate in front": (
        balancer(front={"tls": {}}),
        "edge.front.tls: give `certificate` and `private_key`, or `issuer`",
    ),
    "a kind of no issuer": (
        balancer(front={"tls": {"certificate": "site_cert", "private_key": "site_key", "issuer_kind": "Issuer"}}),
        "edge.front.tls: `issuer_kind` is that of an `issuer`; leave it out",
    ),
    "size and resources": (
        balancer(size="small", resources=RESOURCES),
        "edge: give `size` or `resources`, not both",
    ),
    "more connections than memory": (
        balancer(max_connections=20_000),
        "edge: `max_connections`: 20000 connections with `limits.headers` of 32 KiB may take 1438 MiB, and the memory "
        "limit is 1024 MiB; lower one of them, or give more memory by `size` or `resources`.",
    ),
    "longer headers than memory": (
        balancer(limits={"headers": "256Ki"}),
        "`limits.headers` of 256 KiB may take 1047 MiB",
    ),
    "short headers": (balancer(limits={"headers": "15Ki"}), "edge.limits.headers"),
    "a cookie for other sites over HTTP": (
        with_route(sticky={"same_site": "none"}),
        "`routes[0].sticky.same_site: none` needs HTTPS alone",
    ),
    "a cookie for other sites over HTTP, too": (
        balancer(
            **TLS | {"tls": {**TLS["tls"], "redirect": False}},
            routes=[{"app": "chat", "sticky": {"same_site": "none"}}],
        ),
        "`routes[0].sticky.same_site: none` needs HTTPS alone",
    ),
    "a check's host with a port": (with_route(check={"host": "a.test:80"}), "edge.routes[0].check.host"),
    "a range of one host's interface": (
        balancer(trusted_proxies=["fe80::1%eth0"]),
        "trusted_proxies[0]: names an interface",
    ),
    "a host with a long label": (with_route(host=f"{'a' * 64}.test"), "edge.routes[0].host"),
    "an origin with the usual port": (
        with_route(cors={"origins": ["https://a.test:443"]}),
        "routes[0].cors.origins[0]: browsers leave the usual port out: write `https://a.test`",
    ),
    "an origin with no port": (with_route(cors={"origins": ["http://a.test:70000"]}), "from 1 to 65535"),
    "image without tag": (balancer(image="haproxy"), "edge.image"),
    "trailing slash": (with_route(path="/api/"), "edge.routes[0].path"),
    "path with a condition": (with_route(path="/a } { src 1.2.3.4"), "edge.routes[0].path"),
    "a path that becomes itself": (
        with_route(path="/api", rewrite="/api"),
        "edge.routes[0]: `rewrite` equals `path` and changes nothing",
    ),
    "a path with a reference": (with_route(path="/api", rewrite=r"/\1"), "edge.routes[0].rewrite"),
    "a header with a line break": (with_headers(set={"X-A": "a\r\nX-B: b"}), "headers.request.set.X-A: does not match"),
    "a header with a space at its end": (with_headers(set={"X-A": "a "}), "headers.request.set.X-A: does not match"),
    "a header of nothing": (with_headers(add={"X-A": ""}), "headers.request.add.X-A: does not match"),
    "a header's name with a colon": (with_headers(remove=["X-A:"]), "headers.request.remove[0]: does not match"),
    "a header's name with a space": (with_headers(set={"X A": "a"}), "headers.request.set.X A"),
    "a header of one connection": (with_headers(remove=["connection"]), "`connection` belongs to one connection"),
    "a length": (with_headers("response", set={"Content-Length": "0"}), "`Content-Length` belongs to one connection"),
    "the client's address": (
        with_headers(set={"X_Forwarded-For": "1.2.3.4"}),
        "`X_Forwarded-For` tells the application",
    ),
    "another host": (with_headers(set={"Host": "a.test"}), "`Host` tells the application how it was reached"),
    "a header twice": (with_headers(set={"X-A": "a"}, add={"x-a": "b"}), "`x-a` is named 2 times"),
    "a header with a secret": (
        with_headers(set={"Authorization": "Basic eHg="}),
        "`Authorization` looks like a secret",
    ),
    "a header named as a secret": (with_headers(add={"X-Api-Key": "hunter22"}), "`X-Api-Key` looks like a secret"),
    "too long headers": (
        with_headers(set={f"X-{number}": "v" * 1_000 for number in range(5)}),
        "the headers of one direction may have 4096 bytes, and these have 5035",
    ),
    "the balancer's cookie": (
        with_headers("response", sticky={}, remove=["Set-Cookie"]),
        "`headers` changes `Set-Cookie`, which `sticky` needs as it is",
    ),
    "the balancer's answers to other origins": (
        with_headers("response", cors={"origins": ["*"]}, set={"Access-Control-Max-Age": "1"}),
        "`headers` changes `Access-Control-Max-Age`, which `cors` needs as it is",
    ),
    "the balancer's prefix": (
        with_headers(path="/api", rewrite="/", set={"X-Forwarded-Prefix": "/x"}),
        "`headers` changes `X-Forwarded-Prefix`, which `rewrite` needs as it is",
    ),
    "a shift to itself": (
        with_route(port="admin", shift={"to": "chat", "port": "admin", "percent": 5}),
        "edge.routes[0]: `shift.to` is the route's own app, `chat` at its port `admin`; name another app or port",
    ),
    "a shift of nothing to nobody": (with_route(shift={"percent": 5}), "edge.routes[0].shift.to: is required"),
    "a shift without a part": (with_route(shift={"to": "next"}), "edge.routes[0].shift.percent: is required"),
    "more than all": (with_route(shift={"to": "next", "percent": 101}), "edge.routes[0].shift.percent: should be less"),
    "less than nothing": (with_route(shift={"to": "next", "percent": -1}), "edge.routes[0].shift.percent: should be"),
    "half a percent": (with_route(shift={"to": "next", "percent": 0.5}), "edge.routes[0].shift.percent: should be a"),
    "the number's cookie": (
        with_headers("response", shift={"to": "next", "percent": 5}, remove=["Set-Cookie"]),
        "`headers` changes `Set-Cookie`, which `shift` needs as it is",
    ),
    "a number for other sites over HTTP": (
        with_route(shift={"to": "next", "percent": 5, "same_site": "none"}),
        "`routes[0].shift.same_site: none` needs HTTPS alone",
    ),
    "one cookie for number and replica": (
        balancer(
            routes=[
                {"app": "chat", "shift": {"to": "next", "percent": 5, "cookie": "server"}},
                {"app": "chat", "path": "/x", "sticky": {}},
            ]
        ),
        "edge: `routes[0].shift.cookie` and `routes[1].sticky.cookie` are both `server`, and each would overwrite the "
        "other; rename one",
    ),
    "closed on one way to the second side": (
        balancer(
            routes=[
                {"app": "chat", "shift": {"to": "next", "percent": 5}, "closed": ["/metrics"]},
                {"app": "next", "host": "next.test"},
            ]
        ),
        "edge: `routes[1].closed` and `routes[0].closed` differ, and both lead to `next`: close the same on both",
    ),
    "a TCP route to the second side": (
        balancer(
            routes=[{"app": "chat", "shift": {"to": "next", "percent": 0}, "closed": ["/metrics"]}],
            tcp={"raw": {"listen": 4000, "app": "next"}},
        ),
        "`tcp.raw` passes on what `routes[0].closed` closes",
    ),
    "a name of another port": (
        balancer(tcp={"status": {"listen": 1883, "app": "chat"}}),
        "edge: `tcp.status` has the name of another port of the balancer",
    ),
    "a TCP route without a port": (balancer(tcp={"mqtt": {"app": "chat"}}), "edge.tcp.mqtt.listen: is required"),
    "a TCP route's slow check": (
        balancer(tcp={"mqtt": {"listen": 1883, "app": "chat", "check": {"timeout": "2s"}}}),
        "edge.tcp.mqtt.check: `timeout` must not exceed `interval`",
    ),
    "TCP connections that do not fit": (
        balancer(tcp={"mqtt": {"listen": 1883, "app": "chat", "max_connections": 20_000}}),
        "2000 connections, and those of `tcp`, with `limits.headers` of 32 KiB may take 1578 MiB",
    ),
    "host in capitals": (with_route(host="Example.com"), "edge.routes[0].host"),
    "forward_auth": (with_route(forward_auth="auth"), "edge.routes[0].forward_auth: is reserved: it is not built yet"),
    "unknown balance": (with_route(balance="random"), "edge.routes[0].balance"),
    "two ways to stick": (with_route(sticky={}, balance="source"), "`sticky` and `balance: source` both decide"),
    "cookie with a newline": (with_route(sticky={"cookie": "A\nB"}), "edge.routes[0].sticky.cookie"),
    "check longer than its interval": (with_route(check={"timeout": "2s"}), "`timeout` must not exceed `interval`"),
    "retried POST": (
        with_route(retries={"methods": ["GET", "POST"]}),
        "edge.routes[0].retries.methods[1]: only GET, HEAD and OPTIONS are safe to send twice",
    ),
    "retry without failures": (with_route(retries={"on": []}), "edge.routes[0].retries.on"),
    "retry on 400": (with_route(retries={"on": [400]}), "edge.routes[0].retries.on[0]"),
    "no retry attempts": (with_route(retries={"attempts": 0}), "edge.routes[0].retries.attempts"),
    "ejection after nothing": (with_route(ejection={"errors": 0}), "edge.routes[0].ejection.errors"),
    "rate without period": (with_route(rate_limit={"requests": 5}), "edge.routes[0].rate_limit.period: is required"),
    "cors star and name": (with_route(cors={"origins": ["*", "https://a.test"]}), "`*` covers all others"),
    "cors star with cookies": (with_route(cors={"origins": ["*"], "credentials": True}), "`credentials` cannot be"),
    "cors origin with a path": (with_route(cors={"origins": ["https://a.test/x"]}), "routes[0].cors.origins[0]"),
    "body of nothing": (with_route(max_body="0k"), "edge.routes[0].max_body"),
    "timeout without a unit": (with_route(timeouts={"connect": 5}), "timeouts.connect: a duration has units"),
    "unknown key": (with_route(stiky={}), "edge.routes[0].stiky: is not a known key. Did you mean `sticky`?"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, expected = REFUSED[name]
    faults = load(LoadBalancerSettings, data, root="edge").faults
    assert len(faults) == 1, faults
    assert expected in str(faults[0])


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_drains_within_its_stop_grace(name: str) -> None:
    delay = {} if refused(name, balancer(stop_delay="7s")) else {"stop_delay": "7s"}
    settings = LoadBalancerSettings.model_validate(balancer(engine=name, **delay))
    assert ENGINES[name].stop(settings).grace_seconds > settings.stop_delay + settings.longest_stream


def test_what_an_engine_refuses_is_refused_by_field(monkeypatch: pytest.MonkeyPatch) -> None:
    cannot = iter([Refused("routes[0].retries", "cannot be rendered")])
    monkeypatch.setattr(type(ENGINES["haproxy"]), "refusals", lambda *_: cannot)
    faults = load(LoadBalancerSettings, balancer(), root="edge").faults
    assert [str(fault) for fault in faults] == ["edge: `routes[0].retries`: cannot be rendered."]
