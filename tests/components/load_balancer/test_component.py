"""The words that the component says, and its outputs."""

from collections.abc import Callable
from typing import Any

import pulumi

from components.load_balancer import Entry, LoadBalancer
from components.load_balancer.settings import LoadBalancerSettings
from model import ConfigFile, Front, GivenCertificate, Image, Issued, Origin, PublicPort, Secret, Stop, Tier, Workload
from tests.components.load_balancer.stacks import TLS, backend, balancer
from tests.components.recorder import Recorder
from tests.mock_engine import render

IMAGE = Image(ref="docker.io/library/haproxy:3.0", uid=99, gid=99)


def made(
    settings: dict[str, Any], *, then: Callable[[Recorder], None] = lambda _: None
) -> tuple[LoadBalancer, Recorder]:
    """The component as it stands after the program; `then` runs inside the program, where Outputs can be read."""
    platform = Recorder()
    balancers: list[LoadBalancer] = []

    def build(_: pulumi.Resource) -> None:
        model = LoadBalancerSettings.model_validate(settings)
        balancers.append(
            LoadBalancer(
                "edge",
                model,
                platform=platform,
                image=IMAGE,
                backends={app: backend(app) for app in model.apps},
                certificates={
                    "site_cert": pulumi.Output.from_input("CERTIFICATE\n\n"),
                    "site_key": pulumi.Output.secret("KEY"),
                },
                origin=Origin(key="balancers", name="edge"),
            )
        )
        then(platform)

    registered = render(build)
    assert [one.type for one in registered if one.name == "edge"] == ["ha-platform:traffic:LoadBalancer"]
    return balancers[0], platform


def test_the_workload() -> None:
    _, platform = made(balancer(longest_stream="2m", stop_delay="4s"))
    word = platform.one(Workload)
    assert (word.name, word.origin, word.tier, word.replicas) == (
        "edge",
        Origin(key="balancers", name="edge"),
        Tier.EDGE,
        2,
    )
    assert word.spread == "require"
    assert word.public_ports == (
        PublicPort(port="http", published=80, audience="clients"),
        PublicPort(port="status", published=8404, audience="operators"),
    )
    assert word.container.stop == Stop(signal="SIGUSR1", grace_seconds=4 + 120 + 5)
    assert word.rollout.deadline_seconds <= 2 * word.probes.start_seconds, "a bad image is reported soon"
    assert all(port.number > 1024 for port in word.ports), "a process without capabilities cannot bind below"
    assert word.container.security.read_only_root
    assert [file.path for file in word.container.files] == ["/etc/haproxy-config/haproxy.cfg"]
    assert word.probes.ready.check.path == "/healthz"
    assert word.probes.live.check.path == "/livez", "a draining proxy is not ready, but must not be restarted"


def test_one_replica_asks_for_no_spread() -> None:
    assert made(balancer(replicas=1))[1].one(Workload).spread == "prefer"


def test_own_image_runs_as_the_pinned_identity() -> None:
    image = made(balancer(image="mirror.test/haproxy:2.8"))[1].one(Workload).container.image
    assert (image.ref, image.uid) == ("mirror.test/haproxy:2.8", 99)


def test_the_certificate_is_a_secret_and_the_configuration_holds_none() -> None:
    seen: list[tuple[str, bool]] = []

    def look(platform: Recorder) -> None:
        value = platform.one(Secret).value
        pulumi.Output.all(value, value.is_secret()).apply(lambda both: seen.append((both[0], both[1])))

    _, platform = made(balancer(**TLS), then=look)
    assert seen == [("CERTIFICATE\nKEY\n", True)]
    assert "KEY" not in platform.one(ConfigFile).text
    paths = [file.path for file in platform.one(Workload).container.files]
    assert paths == ["/etc/haproxy-config/haproxy.cfg", "/etc/haproxy-tls/site.pem"]
    published = {port.port: port.published for port in platform.one(Workload).public_ports}
    assert published == {"http": 80, "https": 443, "status": 8404}


def test_another_engine() -> None:
    component, platform = made(balancer(engine="nginx", longest_stream="2m", **TLS))
    container = platform.one(Workload).container
    assert container.stop == Stop(signal="SIGQUIT", grace_seconds=120 + 5)
    assert [file.path for file in container.files] == ["/etc/nginx-config/nginx.conf", "/etc/nginx-tls/site.pem"]
    assert container.command[:2] == ("sh", "-c")
    assert [rule.name for rule in component.observability.rules] == [
        "Balancer_edgeDown", "Balancer_edgeCertificateEnds", "Balancer_edgeCertificateEndsSoon",
    ]  # fmt: skip
    assert len(component.observability.panels) == 2


def test_outputs() -> None:
    component, _ = made(balancer(**TLS))
    assert component.entry == Entry(http=80, https=443, status=8404)
    (target,) = component.observability.targets
    assert (target.replicas_host, target.port, target.path, target.expected) == ("tasks.edge", 8404, "/metrics", 2)
    down, *_ = component.observability.rules
    assert down.expr == '(sum(up{job="balancer-edge"}) or vector(0)) < 2'
    assert [panel.title for panel in component.observability.panels] == [
        "edge: answers by status class",
        "edge: answers that are errors",
        "edge: days left of its certificates",
    ]


def test_tcp_routes_are_published() -> None:
    tcp = {
        "sql": {"listen": 5432, "app": "chat", "sources": ["10.0.0.0/8"], "max_connections": 50},
        "mqtt": {"listen": 1883, "app": "broker"},
    }
    component, platform = made(balancer(tcp=tcp))
    word = platform.one(Workload)
    assert word.public_ports[2:] == (
        PublicPort(port="mqtt", published=1883, audience="clients"),
        PublicPort(port="sql", published=5432, audience="clients", sources=("10.0.0.0/8",)),
    )
    assert [(port.name, port.number) for port in word.ports[2:]] == [("mqtt", 10_000), ("sql", 10_001)]
    assert component.entry.tcp == {"mqtt": 1883, "sql": 5432}


def front(settings: dict[str, Any]) -> Front:
    found: Front | None = made(settings)[1].one(Workload).front
    assert found
    return found


def test_what_may_stand_in_front_learns_the_hosts_of_the_routes() -> None:
    hosts = [{"app": "chat", "host": "b.test"}, {"app": "chat", "host": "a.test"}]
    paths = [*hosts, {"app": "other", "host": "a.test", "path": "/x"}]
    told = front(balancer(routes=paths, trusted_proxies=["10.0.0.0/8"], front={"annotations": {"example.com/a": "b"}}))
    assert told == Front(
        port="http",
        hosts=("a.test", "b.test"),
        any_host=False,
        trusted_proxies=("10.0.0.0/8",),
        annotations={"example.com/a": "b"},
    )
    assert front(balancer(routes=[*hosts, {"app": "chat"}])).any_host
    assert front(balancer(**TLS | {"listen": {"https": 443}})).port is None


def test_the_certificate_in_front_is_not_the_proxies() -> None:
    given = {"certificate": "site_cert", "private_key": "site_key"}
    _, platform = made(balancer(front={"tls": given}))
    word = platform.one(Workload)
    assert word.front is not None
    assert isinstance(word.front.tls, GivenCertificate)
    assert [file.path for file in word.container.files] == ["/etc/haproxy-config/haproxy.cfg"]
    issued = front(balancer(front={"tls": {"issuer": "ours", "issuer_kind": "Issuer"}}))
    assert issued.tls == Issued(name="ours", kind="Issuer")
