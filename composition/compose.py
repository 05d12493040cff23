"""The wiring: which components a stack has, and what each gives to the others."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.app_tier import AppTier
from components.contracts import ClientContract
from components.load_balancer import Backend, LoadBalancer
from components.monitoring_stack import MonitoringStack
from components.observability import Observability
from components.postgres_ha import PostgresHA
from components.redis_sentinel import RedisSentinel
from composition import images
from composition.read import StackInput
from composition.refusals import refusal_faults
from composition.rules.context import ROOT
from composition.rules.references import given_secret_uses
from model import Secret, SecretRef
from platforms.base import Platform, Unsupported
from platforms.table import make_platform
from settings.faults import BrokenStack


def compose(given: StackInput, *, stack_name: str) -> dict[str, Any]:
    """Register every component of the stack. Returns the stack's outputs.

    Raises BrokenStack with everything that the platform refuses, before any resource is registered.
    """
    platform = make_platform(given.stack.platform, stack=stack_name, data=given.stack.data)
    outputs = _Composition(given, platform).outputs()
    try:
        platform.finish()
    except Unsupported as unsupported:
        raise BrokenStack(given.source, refusal_faults(unsupported.refusals, given.stack)) from None
    return outputs


class _Composition:
    """Databases and caches first, for their contracts; then what uses them; then what watches them."""

    def __init__(self, given: StackInput, platform: Platform) -> None:
        self._stack = given.stack
        self._platform = platform
        self._observed: list[Observability] = []
        self._secrets = self._given_secrets(given.secrets)
        self._databases = self._make_databases()
        self._caches = self._make_caches()
        self._apps = self._make_apps()
        self._balancers = self._make_balancers(given.secrets)
        self._make_monitoring(given.secrets)

    def outputs(self) -> dict[str, Any]:
        """Published ports, for people and scripts."""
        published: dict[str, Any] = {
            name: {"http": settings.listen.http, "https": settings.listen.https, "status": settings.status.port}
            for name, settings in self._stack.balancers.items()
        }
        outputs: dict[str, Any] = {"platform": self._stack.platform.kind, "balancers": published}
        if self._stack.monitoring:
            outputs["monitoring"] = {
                key.removesuffix(".port"): port for key, port in self._stack.monitoring.published().items()
            }
        return outputs

    def _given_secrets(self, values: Mapping[str, pulumi.Output[str]]) -> dict[str, SecretRef]:
        used = {name for _, name in given_secret_uses(self._stack)}
        parent = pulumi.ComponentResource("ha-platform:secrets:GivenSecrets", "given")
        refs = {
            name: self._platform.secret(
                Secret(name=f"given-{name.replace('_', '-')}", value=values[name]), parent=parent
            )
            for name in sorted(used)
        }
        parent.register_outputs({})
        return refs

    def _make_databases(self) -> dict[str, ClientContract]:
        contracts = {}
        for name, settings in self._stack.databases.items():
            database = PostgresHA(
                name,
                settings,
                platform=self._platform,
                images=images.postgres(self._stack.images),
                origin=f"{ROOT}.databases.{name}",
            )
            contracts[name] = database.contract
            self._observed.append(database.observability)
        return contracts

    def _make_caches(self) -> dict[str, ClientContract]:
        contracts = {}
        for name, settings in self._stack.caches.items():
            cache = RedisSentinel(
                name,
                settings,
                platform=self._platform,
                image=images.store(self._stack.images, "redis"),
                exporter_image=images.exporter(self._stack.images, "redis-exporter"),
                origin=f"{ROOT}.caches.{name}",
            )
            contracts[name] = cache.contract
            self._observed.append(cache.observability)
        return contracts

    def _make_apps(self) -> dict[str, AppTier]:
        apps = {}
        for name, settings in self._stack.apps.items():
            uses = settings.uses
            contracts = {prefix: self._databases[database] for database, prefix in uses.databases.items()} | {
                prefix: self._caches[cache] for cache, prefix in uses.caches.items()
            }
            apps[name] = AppTier(
                name,
                settings,
                platform=self._platform,
                image=images.app_image(self._stack.images, settings),
                contracts=contracts,
                given=self._secrets,
                origin=f"{ROOT}.apps.{name}",
            )
            self._observed.append(apps[name].observability)
        return apps

    def _make_balancers(self, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, LoadBalancer]:
        balancers = {}
        for name, settings in self._stack.balancers.items():
            backends = {}
            for app in {route.app for route in settings.routes}:
                its, tier = self._stack.apps[app], self._apps[app]
                assert its.port is not None, "a rule refuses routes to applications without a port"
                backends[app] = Backend(
                    endpoint=tier.endpoint,
                    port=its.port,
                    health_path=its.probes.health,
                    max_replicas=tier.max_replicas,
                )
            balancers[name] = LoadBalancer(
                name,
                settings,
                platform=self._platform,
                image=images.word(images.pinned(self._stack.images, "haproxy")),
                backends=backends,
                certificates=secrets,
                origin=f"{ROOT}.balancers.{name}",
            )
            self._observed.append(balancers[name].observability)
        return balancers

    def _make_monitoring(self, secrets: Mapping[str, pulumi.Output[str]]) -> None:
        if self._stack.monitoring is None:
            return
        MonitoringStack(
            "monitoring",
            self._stack.monitoring,
            platform=self._platform,
            images=images.monitoring(self._stack.images, grafana=self._stack.monitoring.grafana is not None),
            declared=self._observed,
            secrets=secrets,
            origin=f"{ROOT}.monitoring",
        )
