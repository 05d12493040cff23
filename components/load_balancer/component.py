"""LoadBalancer: proxies at the edge, in front of the replicas of applications."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from components.component import Component
from components.contracts import Backend
from components.load_balancer.certificates import watched as certificates_watched
from components.load_balancer.contract import Entry
from components.load_balancer.engine import Engine
from components.load_balancer.engines import ENGINES
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import TcpRoute, Tls
from components.load_balancer.watched import observability
from components.observability import Observability
from components.scope import Scope
from model import (
    CloudBalancer,
    Container,
    Endpoint,
    File,
    Front,
    GivenCertificate,
    HttpCheck,
    Image,
    Issued,
    Origin,
    Port,
    Probe,
    Probes,
    PublicPort,
    Rollout,
    Scratch,
    Tier,
    Workload,
)
from model.units import MIB
from platforms.base import Platform

_START_SECONDS = 60
"""An image that has to be pulled, and a process that is ready in a second. A proxy that is not up in twice that time is
reported."""


class LoadBalancer(Component):
    """One load balancer.

    `backends` holds every application of `settings.apps`, `certificates` the values of the given secrets that `tls`
    and `front.tls` name; `origin` is where the settings stand. Outputs: `entry` (where the outside reaches it),
    `endpoint` (the proxies inside the platform) and `observability`.
    """

    entry: Entry
    endpoint: Endpoint
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: LoadBalancerSettings,
        *,
        platform: Platform,
        image: Image,
        backends: Mapping[str, Backend],
        certificates: Mapping[str, pulumi.Output[str]] | None = None,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:traffic:LoadBalancer", name, opts, platform=platform)
        engine = ENGINES[settings.engine]
        scope = Scope(platform=platform, origin=origin or Origin(key="balancers", name=name), parent=self.place)
        config = scope.config_file(f"{name}-config", engine.config(name, settings, backends, place=engine.place))
        files = [File(path=engine.place.config_file, source=config)]
        if settings.tls:
            certificate = scope.secret(f"{name}-tls", _certificate(engine, settings.tls, certificates or {}))
            files.append(File(path=engine.place.certificate_file, source=certificate))
        ports, public_ports = _ports(engine, settings)
        self.endpoint = scope.workload(
            Workload(
                name=name,
                origin=scope.origin,
                tier=Tier.EDGE,
                container=_container(engine, settings, image, tuple(files)),
                replicas=settings.replicas,
                ports=ports,
                public_ports=public_ports,
                cloud_balancer=CloudBalancer(
                    annotations=settings.cloud_balancer.annotations, sources=settings.cloud_balancer.sources
                ),
                front=_front(settings, certificates or {}),
                probes=_probes(engine.place.status_port),
                rollout=Rollout(deadline_seconds=2 * _START_SECONDS),
                spread="require" if settings.replicas > 1 else "prefer",
                # The entry opens when something is behind it, and closes first when the stack is destroyed.
                depends_on=tuple(resource for each in backends.values() for resource in each.endpoint.resources),
            )
        )
        self.entry = Entry(
            http=settings.listen.http, https=settings.listen.https, status=settings.status.port, tcp=_tcp(settings)
        )
        watched = observability(
            name, self.entry, engine, replicas_host=self.endpoint.replicas_host, replicas=settings.replicas
        )
        self.observability = scope.observed(watched, certificates_watched(name, settings, certificates or {}))
        self.register_outputs({"host": self.endpoint.host})


def _container(engine: Engine, settings: LoadBalancerSettings, image: Image, files: tuple[File, ...]) -> Container:
    return Container(
        image=replace(image, ref=settings.image) if settings.image else image,
        command=engine.command(),
        files=files,
        scratch=(Scratch(path=engine.place.runtime_directory, size_bytes=MIB),),
        resources=settings.container_resources(),
        stop=engine.stop(settings),
    )


def _ports(engine: Engine, settings: LoadBalancerSettings) -> tuple[tuple[Port, ...], tuple[PublicPort, ...]]:
    listening = (
        (Port(name="http", number=engine.place.http_port), settings.listen.http),
        (Port(name="https", number=engine.place.https_port), settings.listen.https),
    )
    used = [(port, published) for port, published in listening if published is not None]
    status = Port(name="status", number=engine.place.status_port)
    passed_on = [Port(name=name, number=number) for name, number in engine.place.tcp_ports(settings.tcp).items()]
    return (
        (*(port for port, _ in used), status, *passed_on),
        (
            *(PublicPort(port=port.name, published=published, audience="clients") for port, published in used),
            PublicPort(port=status.name, published=settings.status.port, audience="operators"),
            *(_tcp_port(port.name, settings.tcp[port.name]) for port in passed_on),
        ),
    )


def _tcp_port(name: str, route: TcpRoute) -> PublicPort:
    return PublicPort(port=name, published=route.listen, audience="clients", sources=route.sources)


def _tcp(settings: LoadBalancerSettings) -> dict[str, int]:
    return {name: route.listen for name, route in sorted(settings.tcp.items())}


def _front(settings: LoadBalancerSettings, values: Mapping[str, pulumi.Output[str]]) -> Front:
    tls, hosts = settings.front.tls, [route.host for route in settings.routes]
    certificate: GivenCertificate | Issued | None = None
    if tls and tls.issuer:
        certificate = Issued(name=tls.issuer, kind=tls.issuer_kind)
    elif tls and tls.certificate and tls.private_key:
        certificate = GivenCertificate(certificate=values[tls.certificate], private_key=values[tls.private_key])
    return Front(
        port=None if settings.listen.http is None else "http",
        hosts=tuple(sorted({host for host in hosts if host is not None})),
        any_host=None in hosts,
        trusted_proxies=settings.trusted_proxies,
        annotations=settings.front.annotations,
        tls=certificate,
    )


def _probes(status_port: int) -> Probes:
    """The proxy alone: a proxy without applications is healthy, and answers 503 for them."""
    return Probes(
        ready=Probe(
            check=HttpCheck(path="/healthz", port=status_port),
            interval_seconds=2,
            timeout_seconds=2,
            failures=2,
        ),
        live=Probe(check=HttpCheck(path="/livez", port=status_port)),
        start_seconds=_START_SECONDS,
    )


def _certificate(engine: Engine, tls: Tls, values: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """The certificate file: as secret as the key in it."""
    parts = pulumi.Output.all(values[tls.certificate], values[tls.private_key])
    return pulumi.Output.secret(parts.apply(lambda texts: engine.certificate(*texts)))
