"""AppTier: the replicas of one application, with what must run before them."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pulumi

from components.app_tier.celery.exporter import exporter
from components.app_tier.celery.programs import programs
from components.app_tier.container import AppContainer, announced
from components.app_tier.files import texts
from components.app_tier.injected import USES, injected, set_twice
from components.app_tier.metrics import panels, rules
from components.app_tier.replicas import Replicas, most
from components.app_tier.schedules import schedules
from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.app_tier.volumes import shared_mounts
from components.component import Component
from components.contracts import ClientContract, Counted
from components.names import digest
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.scope import Scope
from model import ConfigRef, Endpoint, Image, Job, Origin, SecretRef, SharedVolumeRef, Tier
from platforms.base import Platform


class AppTier(Component):
    """One application tier.

    `contracts` are the client contracts of what the tier uses, by the component's name; `given` are the given secrets
    and `volumes` the shared volumes, each by name; `requests` are counters of what balancers pass on to it; `origin` is
    where the settings stand. Outputs: `endpoint` (where the replicas answer), `max_replicas` (the most that
    may answer at the same moment, a rollout included), `observability`, and `resources`: when these are there, all of
    it uses what the contracts say.
    """

    endpoint: Endpoint
    max_replicas: int
    observability: Observability
    resources: tuple[pulumi.Resource, ...]

    def __init__(
        self,
        name: str,
        settings: AppTierSettings,
        *,
        platform: Platform,
        image: Image,
        contracts: Mapping[str, ClientContract],
        given: Mapping[str, SecretRef],
        volumes: Mapping[str, SharedVolumeRef] = MappingProxyType({}),
        requests: Sequence[Counted] = (),
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:app:AppTier", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="apps", name=name), parent=self.place)
        for field, variable, reason in set_twice(settings, contracts, announced(settings)):
            platform.refuse(scope.at(USES).origin if field == USES else scope.origin, field, variable, reason)
        uses_scope = scope.at(USES)
        pooled = {used for used, use in each_use(settings.uses).items() if use.pooled}
        reached = {used: one.through_pooler() if used in pooled else one for used, one in contracts.items()}
        added = injected(name, settings, reached, given, uses_scope.secret)
        shared = shared_mounts(settings.shared_volumes, volumes)
        files = _files(scope.at("files"), name, settings)
        run = programs(scope.at("celery"), name, settings, contracts)
        container = AppContainer(settings, image=image, injected=added, files=files, programs=run, shared=shared)
        direct = container
        if (settings.migrations is not None or settings.schedules) and pooled:
            # Both take locks of their session and change what a session has: they go to the server itself.
            added = injected(f"{name}-migrate", settings, contracts, given, uses_scope.secret)
            direct = AppContainer(settings, image=image, injected=added, files=files, programs=run, shared=shared)
        uses = tuple(resource for contract in contracts.values() for resource in contract.resources)
        uses += tuple(dict.fromkeys(resource for mount in shared for resource in mount.source.resources))
        outside = tuple(dict.fromkeys(place for contract in contracts.values() for place in contract.outside))
        migrated: tuple[pulumi.Resource, ...] = ()
        if settings.migrations is not None:
            migrated = scope.job(
                Job(
                    name=f"{name}-migrate",
                    origin=scope.at("migrations").origin,
                    tier=Tier.APP,
                    container=direct.migration(settings.migrations.command),
                    retries=settings.migrations.retries,
                    deadline_seconds=settings.migrations.deadline,
                    outside=outside,
                    priority=settings.priority,
                    account_annotations=settings.account_annotations,
                    depends_on=uses,
                )
            )
        replicas = Replicas(
            name=name,
            origin=scope.origin,
            settings=settings,
            contracts=contracts,
            requests=requests,
            container=container.service(),
            outside=outside,
            depends_on=(*uses, *migrated),
        )
        self.endpoint = scope.replicas(replicas.word())
        self.max_replicas = most(settings)
        by_the_clock = [
            *schedules(
                scope, name, settings, direct, outside=outside, depends_on=(*uses, *migrated, *self.endpoint.resources)
            )
        ]
        beside = []
        if settings.celery:
            beside.append(
                exporter(
                    scope.at("celery"), name, settings, container.service(), outside=outside,
                    depends_on=(*uses, *migrated),
                )
            )  # fmt: skip
        clients = (*by_the_clock, *beside)
        self.resources = (*self.endpoint.resources, *(each for _, resources in clients for each in resources))
        self.observability = scope.observed(
            _observability(name, settings, self.endpoint), *(observed for observed, _ in clients)
        )
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
    return "-".join(filter(None, (app, readable, digest(path))))


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
        renamed=tuple((theirs, common) for common, theirs in settings.metrics.names.items() if theirs != common),
    )
    return Observability(
        targets=(target,),
        rules=(
            down_rule(f"App_{name.replace('-', '_')}", target, runbook="docs/runbooks/app-down.md"),
            *rules(name, settings.metrics, target.job),
        ),
        panels=(
            Panel(title=f"{name}: replicas up", expr=f'sum(up{{job="{target.job}"}})'),
            *panels(name, settings.metrics, target.job),
        ),
    )
