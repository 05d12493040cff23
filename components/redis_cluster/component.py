"""RedisCluster: the shards, the job that gives them slots, and the contract that clients need to follow the masters."""

from collections.abc import Mapping

import pulumi

from components.component import Component
from components.contracts import ClientContract
from components.external import tls_values
from components.facts import filled
from components.observability import Observability
from components.redis_cluster.cluster import DIRECTORY, Cluster
from components.redis_cluster.contract import PORT, cluster_url, node_fact
from components.redis_cluster.exporter import exporter
from components.redis_cluster.form import form
from components.redis_cluster.secrets import ClusterSecrets, Login
from components.redis_cluster.settings import ClusterSettings
from components.redis_cluster.shard import common_files, shard
from components.redis_cluster.timers import SOCKET_TIMEOUT_SECONDS
from components.redis_cluster.tls import Authority
from components.scope import Scope
from components.store_image import ExporterImage, StoreImage
from model import Origin
from platforms.base import Platform


class RedisCluster(Component):
    """One Redis cluster.

    `apps` are the applications that get users of their own; `origin` is where the settings stand. Outputs: `contract`
    (addresses of all members, user, password), `own` (the same for each of `apps`) and `observability`.
    """

    contract: ClientContract
    own: Mapping[str, ClientContract]
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        *,
        platform: Platform,
        image: StoreImage,
        exporter_image: ExporterImage,
        apps: tuple[str, ...] = (),
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RedisCluster", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="clusters", name=name), parent=self.place)
        secrets = ClusterSecrets.generated(scope, name, settings, DIRECTORY, apps)
        cluster = Cluster(
            scope=scope,
            name=name,
            settings=settings,
            image=image,
            secrets=secrets,
            authority=Authority.of(scope, name) if settings.tls else None,
        )
        files, after = common_files(cluster), tuple[pulumi.Resource, ...]()
        for number in range(settings.masters):
            # One after the other: a change never takes two members down, of whatever shards.
            after = (*after, *shard(cluster, number, files=files, after=after).resources)
        resources = (*after, *form(cluster, after=after))
        self.observability = scope.observed(exporter(cluster, image=exporter_image, after=after))

        def contract(login: Login) -> ClientContract:
            return _contract(cluster, login, resources)

        self.own = {app: contract(login) for app, login in secrets.apps.items()}
        self.contract = contract(secrets.client) if secrets.client else next(iter(self.own.values()))
        self.register_outputs(
            {
                "nodes": self.contract.values["cluster_nodes"],
                "fixed": {scope.origin.at(key).path: value for key, value in settings.fixed.items()},
                "grows": {scope.origin.at(key).path: value for key, value in settings.grows.items()},
            }
        )


def _contract(cluster: Cluster, login: Login, resources: tuple[pulumi.Resource, ...]) -> ClientContract:
    settings, scope, name = cluster.settings, cluster.scope, cluster.name
    terms, members = settings.terms(), [host for hosts in cluster.shards for host in hosts]
    values: dict[str, pulumi.Input[str]] = {
        "cluster_nodes": ",".join(f"{host}:{PORT}" for host in members),
        "host": members[0],
        "port": PORT,
        "socket_timeout": str(SOCKET_TIMEOUT_SECONDS),
        **{node_fact(number): host for number, host in enumerate(members)},
        "user": login.user,
        "password": login.password,
        **tls_values(name, settings.tls),
    }
    values["url"] = filled(cluster_url(settings.tls), values, terms.facts)
    word = f"{name}-{login.user.replace('_', '-')}"
    return ClientContract(
        terms=terms,
        values=values,
        secrets={key: scope.secret(f"{word}-{key}", values[key]) for key in ("password", "url")},
        files={"ca_file": cluster.authority.ca} if cluster.authority else {},
        resources=resources,
    )
