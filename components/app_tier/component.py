"""AppTier: interchangeable replicas of one application, with what must run before them."""

import hashlib
import re
from collections.abc import Mapping

import pulumi

from components.app_tier.container import AppContainer, announced
from components.app_tier.files import texts
from components.app_tier.injected import USES, injected, set_twice
from components.app_tier.probes import probes
from components.app_tier.settings import AppTierSettings
from components.component import Component
from components.contracts import ClientContract
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.scope import Scope
from model import ConfigRef, Endpoint, Image, Job, Origin, Port, Rollout, SecretRef, Tier, Workload
from platforms.base import Platform

DEFAULT_REPLICAS = 2


class AppTier(Component):
    """One application tier.

    `contracts` are the client contracts of what the tier uses, by the component's name; `given` are the given secrets
    by name; `origin` is where the settings stand. Outputs: `endpoint` (where the replicas answer), `max_replicas` (the
    most that may answer at the same moment, a rollout included) and `observability`.
    """

    endpoint: Endpoint
    max_replicas: int
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: AppTierSettings,
        *,
        platform: Platform,
        image: Image,
        contracts: Mapping[str, ClientContract],
        given: Mapping[str, SecretRef],
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:app:AppTier", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="apps", name=name), parent=self.place)
        for field, variable, reason in set_twice(settings, contracts, announced(settings)):
            platform.refuse(scope.at(USES).origin if field == USES else scope.origin, field, variable, reason)
        added = injected(name, settings, contracts, given, scope.at(USES).secret)
        container = AppContainer(settings, image=image, injected=added, files=_files(scope.at("files"), name, settings))
        uses = tuple(resource for contract in contracts.values() for resource in contract.resources)
        outside = tuple(dict.fromkeys(place for contract in contracts.values() for place in contract.outside))
        migrated: tuple[pulumi.Resource, ...] = ()
        if settings.migrations is not None:
            migrated = scope.job(
                Job(
                    name=f"{name}-migrate",
                    origin=scope.at("migrations").origin,
                    tier=Tier.APP,
                    container=container.migration(settings.migrations.command),
                    retries=settings.migrations.retries,
                    deadline_seconds=settings.migrations.deadline,
                    outside=outside,
                    depends_on=uses,
                )
            )
        scaling = settings.scaling.scaling() if settings.scaling else None
        replicas = scaling.min_replicas if scaling else settings.replicas or DEFAULT_REPLICAS
        self.endpoint = scope.workload(
            Workload(
                name=name,
                origin=scope.origin,
                tier=Tier.APP,
                container=container.service(),
                replicas=replicas,
                scaling=scaling,
                ports=_ports(settings),
                probes=probes(settings),
                rollout=Rollout(
                    parallelism=settings.rollout.parallelism,
                    order=settings.rollout.order,
                    stable_seconds=settings.rollout.stable,
                    deadline_seconds=settings.rollout.deadline,
                ),
                spread=settings.spread,
                prefer_spot=settings.prefer_spot,
                node_labels=settings.placement.labels,
                outside=outside,
                depends_on=(*uses, *migrated),
            )
        )
        surplus = settings.rollout.parallelism if settings.rollout.order == "start-first" else 0
        self.max_replicas = (scaling.max_replicas if scaling else replicas) + surplus
        self.observability = scope.observed(_observability(name, settings, self.endpoint))
        self.register_outputs({"host": self.endpoint.host})


def _files(scope: Scope, name: str, settings: AppTierSettings) -> dict[str, ConfigRef]:
    """The configuration files, by path. Their names follow from the path: one that is added renames no other."""
    return {
        path: scope.config_file(_file_name(name, path), text, not_secret=path in settings.not_secret)
        for path, text in texts(settings.files).items()
    }


def _file_name(app: str, path: str) -> str:
    """`web-app-toml-1b2c3d4e`: at most 54 characters, for Docker takes 64 and the engine adds 8."""
    readable = re.sub(r"[^a-z0-9]+", "-", path.rpartition("/")[2].lower())[:20].strip("-")
    return "-".join(filter(None, (app, readable, hashlib.sha256(path.encode()).hexdigest()[:8])))


def _ports(settings: AppTierSettings) -> tuple[Port, ...]:
    ports = [Port(name="http", number=settings.port)] if settings.port is not None else []
    ports += [Port(name=name, number=number) for name, number in settings.ports.items()]
    metrics_port = settings.metrics_port
    if metrics_port is not None and metrics_port not in {port.number for port in ports}:
        ports.append(Port(name="metrics", number=metrics_port))
    return tuple(ports)


def _observability(name: str, settings: AppTierSettings, endpoint: Endpoint) -> Observability:
    """The rule fires when no replica answers. One that named the count would restart Prometheus with every change."""
    port = settings.metrics_port
    if settings.metrics is None or port is None:
        return Observability()
    target = ScrapeTarget(
        job=f"app-{name}",
        replicas_host=endpoint.replicas_host,
        port=port,
        path=settings.metrics.path,
    )
    return Observability(
        targets=(target,),
        rules=(down_rule(f"App_{name.replace('-', '_')}", target, runbook="docs/runbooks/app-down.md"),),
        panels=(Panel(title=f"{name}: replicas up", expr=f'sum(up{{job="{target.job}"}})'),),
    )
