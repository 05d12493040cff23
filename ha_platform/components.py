"""The components, for programs of other repositories."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from components.app_tier.kind import APPS
from components.contracts import ClientContract
from components.kind import Built, Kind
from components.load_balancer.kind import BALANCERS
from components.monitoring_stack.kind import MONITORING
from components.postgres_ha.kind import DATABASES
from components.rabbitmq.kind import BROKERS
from components.redis_cluster.kind import CLUSTERS
from components.redis_sentinel.kind import CACHES
from components.repository.kind import REPOSITORIES
from components.shared_volume.kind import VOLUMES
from ha_platform.args.app_tier import AppTierArgs
from ha_platform.args.load_balancer import LoadBalancerArgs
from ha_platform.args.monitoring_stack import MonitoringArgs
from ha_platform.args.postgres_ha import PostgresArgs
from ha_platform.args.rabbitmq import RabbitArgs
from ha_platform.args.redis_cluster import ClusterArgs
from ha_platform.args.redis_sentinel import RedisArgs
from ha_platform.args.repository import RepositoryArgs
from ha_platform.args.shared_volume import SharedVolumeArgs
from ha_platform.options import for_children_too
from ha_platform.platforms import Kubernetes, Swarm

Outputs = Mapping[str, Any]


class _Component(pulumi.ComponentResource):
    """Judges the arguments, registers itself, then what belongs to it. Its annotations are its outputs."""

    _kind: ClassVar[Kind[Any]]

    def __init__(
        self, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None, platform: Swarm | Kubernetes
    ) -> None:
        said = {key: value for key, value in args.items() if key != "given"}
        build = platform.site.admit(f"{type(self).__name__} {name}", self._kind, name, said, args.get("given") or {})
        super().__init__(f"ha-platform:index:{type(self).__name__}", name, None, for_children_too(opts))
        answers = {"host": platform.site.platform.host(name), **self._answers(build(self))}
        wanted = {key: answers[key] for key in type(self).__annotations__ if answers.get(key) is not None}
        outputs = {key: pulumi.Output.from_input(value) for key, value in wanted.items()}
        for key, output in outputs.items():
            setattr(self, key, output)
        self.register_outputs({_as_recorded(key): output for key, output in outputs.items()})

    @abstractmethod
    def _answers(self, built: Built) -> Outputs:
        """The outputs beside `host`; None for one that these settings do not have."""


def _as_recorded(name: str) -> str:
    """`password_secret` as engines record it, and other languages read it: `passwordSecret`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


class PostgresHA(_Component):
    """A PostgreSQL cluster under Patroni, with its consensus store and one address that follows the primary."""

    host: pulumi.Output[str]
    """Where the primary answers."""
    port: pulumi.Output[int]
    """Its port."""
    database: pulumi.Output[str]
    """The application's database."""
    user: pulumi.Output[str]
    """Its owner."""
    password: pulumi.Output[str]
    """The owner's password (secret)."""
    url: pulumi.Output[str]
    """All of them as a URL (secret)."""
    password_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the password, for containers to mount."""
    url_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the URL."""

    _kind = DATABASES

    def __init__(
        self,
        name: str,
        args: PostgresArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args or {}, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        contract = _contract(built)
        return {
            "host": contract.values["host"],
            "port": _number(contract, "port"),
            "database": contract.values["name"],
            "user": contract.values["user"],
            **_secret(contract, "password"),
            **_secret(contract, "url"),
        }


class RedisSentinel(_Component):
    """A Redis replication group under Sentinel."""

    sentinels: pulumi.Output[Sequence[str]]
    """`host:port` of every Sentinel."""
    master_name: pulumi.Output[str]
    """What the Sentinels call the group."""
    user: pulumi.Output[str]
    """Who logs in at the servers: `default`, or with `default_user: off` a user who may do what applications may."""
    password: pulumi.Output[str]
    """Its password (secret)."""
    sentinel_password: pulumi.Output[str]
    """The Sentinels' password (secret)."""
    password_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the servers' password."""
    sentinel_password_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the Sentinels' password."""
    host: pulumi.Output[str] | None = None
    """With `endpoint`: where the master answers clients without Sentinel."""
    port: pulumi.Output[int] | None = None
    """With `endpoint`: its port."""

    _kind = CACHES

    def __init__(
        self,
        name: str,
        args: RedisArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        contract = _contract(built)
        return {
            "sentinels": _list(contract, "sentinels"),
            "master_name": contract.values["master_name"],
            "user": contract.values["user"],
            **_secret(contract, "password"),
            **_secret(contract, "sentinel_password"),
            "host": contract.values.get("host"),
            "port": _number(contract, "port"),
        }


class RedisCluster(_Component):
    """A Redis cluster: keys are spread over several masters."""

    nodes: pulumi.Output[Sequence[str]]
    """`host:port` of every member."""
    user: pulumi.Output[str]
    """Who may use all keys."""
    password: pulumi.Output[str]
    """Its password (secret)."""
    password_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the password, for containers to mount."""

    _kind = CLUSTERS

    def __init__(
        self,
        name: str,
        args: ClusterArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        contract = _contract(built)
        return {
            "nodes": _list(contract, "cluster_nodes"),
            "user": contract.values["user"],
            **_secret(contract, "password"),
        }


class RabbitMQ(_Component):
    """A RabbitMQ cluster with quorum queues."""

    host: pulumi.Output[str]
    """Where a node answers."""
    port: pulumi.Output[int]
    """Its port."""
    nodes: pulumi.Output[Sequence[str]]
    """`host:port` of every node."""
    vhost: pulumi.Output[str]
    """The virtual host."""
    user: pulumi.Output[str]
    """Who may do everything in it."""
    password: pulumi.Output[str]
    """Its password (secret)."""
    url: pulumi.Output[str]
    """All of them as a URL (secret)."""
    password_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the password, for containers to mount."""
    url_secret: pulumi.Output[str]
    """The name of the cluster's secret that holds the URL."""

    _kind = BROKERS

    def __init__(
        self,
        name: str,
        args: RabbitArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args or {}, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        contract = _contract(built)
        return {
            "host": contract.values["host"],
            "port": _number(contract, "port"),
            "nodes": _list(contract, "nodes"),
            "vhost": contract.values["vhost"],
            "user": contract.values["user"],
            **_secret(contract, "password"),
            **_secret(contract, "url"),
        }


class Repository(_Component):
    """Where backups are kept, outside the stack. Databases name it in `backups.repositories`."""

    passphrase: pulumi.Output[str]
    """What backups are encrypted with: keep it elsewhere, for without it none can be read."""

    _kind = REPOSITORIES

    def __init__(
        self,
        name: str,
        args: RepositoryArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        assert built.repository is not None, "it is what the kind gives"
        return {"passphrase": pulumi.Output.secret(built.repository.passphrase)}


class SharedVolume(_Component):
    """Files that several replicas and applications have in common. Applications name it in `shared_volumes`."""

    volume: pulumi.Output[str]
    """The name of the claim on Kubernetes, and of the volume on the hosts of a Swarm."""

    _kind = VOLUMES

    def __init__(
        self,
        name: str,
        args: SharedVolumeArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        return {"volume": built.volume.object_name if built.volume else None}


class AppTier(_Component):
    """Interchangeable replicas of one application. `uses` names databases and caches of the same platform, and
    `shared_volumes` shared volumes."""

    host: pulumi.Output[str]
    """The name under which a replica answers."""
    port: pulumi.Output[int] | None = None
    """The port, if the settings have one."""

    _kind = APPS

    def __init__(
        self,
        name: str,
        args: AppTierArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        return {"port": built.backend.port if built.backend else None}


class LoadBalancer(_Component):
    """Proxies that the outside reaches. `routes` name application tiers of the same platform."""

    host: pulumi.Output[str]
    """The name of the proxies inside the platform."""
    http: pulumi.Output[int] | None = None
    """The published port for plain HTTP."""
    https: pulumi.Output[int] | None = None
    """The published port for HTTPS."""
    status: pulumi.Output[int]
    """The published port of the status page."""

    _kind = BALANCERS

    def __init__(
        self,
        name: str,
        args: LoadBalancerArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        return built.outputs or {}


class MonitoringStack(_Component):
    """Prometheus and Alertmanager for everything that was constructed on the platform before."""

    prometheus: pulumi.Output[int]
    """The published port of Prometheus."""
    alertmanager: pulumi.Output[int]
    """The published port of Alertmanager."""
    grafana: pulumi.Output[int] | None = None
    """The published port of Grafana, if the settings have it."""

    _kind = MONITORING

    def __init__(
        self,
        name: str,
        args: MonitoringArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        platform: Swarm | Kubernetes,
    ) -> None:
        """Raises BrokenStack with everything that is wrong, before anything is registered."""
        super().__init__(name, args, opts, platform)

    def _answers(self, built: Built) -> Outputs:
        return built.outputs or {}


def _contract(built: Built) -> ClientContract:
    assert built.contract is not None, "a store gives a contract"
    return built.contract


def _list(contract: ClientContract, fact: str) -> pulumi.Output[Sequence[str]]:
    return pulumi.Output.from_input(contract.values[fact]).apply(lambda text: text.split(","))


def _number(contract: ClientContract, fact: str) -> pulumi.Output[int] | None:
    value = contract.values.get(fact)
    return None if value is None else pulumi.Output.from_input(value).apply(int)


def _secret(contract: ClientContract, fact: str) -> Outputs:
    """A secret's value, and the name of the object that holds it."""
    value = pulumi.Output.secret(contract.values[fact])
    return {fact: value, f"{fact}_secret": contract.secrets[fact].object_name}


COMPONENTS = (
    Repository,
    PostgresHA,
    RedisSentinel,
    RedisCluster,
    RabbitMQ,
    SharedVolume,
    AppTier,
    LoadBalancer,
    MonitoringStack,
)
