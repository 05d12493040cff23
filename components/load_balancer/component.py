"""LoadBalancer: proxies at the edge, in front of the replicas of applications."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from components.load_balancer.contract import Backend, Entry
from components.load_balancer.haproxy.config import haproxy_config
from components.load_balancer.haproxy.place import CONTAINER
from components.load_balancer.settings import LoadBalancerSettings, Tls
from components.load_balancer.watched import observability
from components.observability import Observability
from model import (
    ConfigFile,
    Container,
    Endpoint,
    File,
    HttpCheck,
    Image,
    Port,
    Probe,
    Probes,
    PublicPort,
    Rollout,
    Scratch,
    Secret,
    Stop,
    Tier,
    Workload,
)
from platforms.base import Platform

_ROLLOUT_MARGIN_SECONDS = 120
"""For the starts, on top of one drain after the other."""


class LoadBalancer(pulumi.ComponentResource):
    """One load balancer.

    `backends` holds every application that a route names, `certificates` the values of the given secrets that `tls`
    names; `origin` is the YAML path of the settings. Outputs: `entry` (where the outside reaches it), `endpoint`
    (the proxies inside the platform) and `observability`.
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
        origin: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:traffic:LoadBalancer", name, None, opts)
        config = platform.config_file(
            ConfigFile(name=f"{name}-config", text=haproxy_config(name, settings, backends)), parent=self
        )
        files = [File(path=CONTAINER.config_file, source=config)]
        if settings.tls:
            bundle = Secret(name=f"{name}-tls", value=_bundle(settings.tls, certificates or {}))
            files.append(File(path=CONTAINER.certificate_file, source=platform.secret(bundle, parent=self)))
        ports, public_ports = _ports(settings)
        self.endpoint = platform.workload(
            Workload(
                name=name,
                origin=origin,
                tier=Tier.EDGE,
                container=_container(settings, image, tuple(files)),
                replicas=settings.replicas,
                ports=ports,
                public_ports=public_ports,
                probes=_probes(),
                rollout=Rollout(deadline_seconds=settings.replicas * settings.stop_grace + _ROLLOUT_MARGIN_SECONDS),
                spread="require" if settings.replicas > 1 else "prefer",
                # The entry opens when something is behind it, and closes first when the stack is destroyed.
                depends_on=tuple(resource for each in backends.values() for resource in each.endpoint.resources),
            ),
            parent=self,
        )
        self.entry = Entry(http=settings.listen.http, https=settings.listen.https, status=settings.status.port)
        self.observability = observability(
            name,
            self.entry,
            replicas_host=self.endpoint.replicas_host,
            port=CONTAINER.status_port,
            replicas=settings.replicas,
        )
        self.register_outputs({"host": self.endpoint.host})


def _container(settings: LoadBalancerSettings, image: Image, files: tuple[File, ...]) -> Container:
    return Container(
        image=replace(image, ref=settings.image) if settings.image else image,
        command=("haproxy", "-W", "-db", "-f", CONTAINER.config_file),
        files=files,
        scratch=(Scratch(path=CONTAINER.runtime_directory, size_bytes=1024 * 1024),),
        resources=settings.container_resources(),
        stop=Stop(signal="SIGUSR1", grace_seconds=settings.stop_grace),
    )


def _ports(settings: LoadBalancerSettings) -> tuple[tuple[Port, ...], tuple[PublicPort, ...]]:
    listening = (
        (Port(name="http", number=CONTAINER.http_port), settings.listen.http),
        (Port(name="https", number=CONTAINER.https_port), settings.listen.https),
    )
    used = [(port, published) for port, published in listening if published is not None]
    status = Port(name="status", number=CONTAINER.status_port)
    return (
        (*(port for port, _ in used), status),
        (
            *(PublicPort(port=port.name, published=published, audience="clients") for port, published in used),
            PublicPort(port=status.name, published=settings.status.port, audience="operators"),
        ),
    )


def _probes() -> Probes:
    """The proxy alone: a proxy without applications is healthy, and answers 503 for them."""
    return Probes(
        ready=Probe(
            check=HttpCheck(path="/healthz", port=CONTAINER.status_port),
            interval_seconds=2,
            timeout_seconds=2,
            failures=2,
        ),
        live=Probe(check=HttpCheck(path="/livez", port=CONTAINER.status_port)),
        start_seconds=30,
    )


def _bundle(tls: Tls, certificates: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """Certificate chain and key in one file, as HAProxy reads them."""
    parts = pulumi.Output.all(certificates[tls.certificate], certificates[tls.private_key])
    return pulumi.Output.secret(parts.apply(lambda texts: "".join(f"{text.strip()}\n" for text in texts)))
