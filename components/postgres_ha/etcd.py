"""The consensus store: etcd, an odd number of members."""

from dataclasses import dataclass
from pathlib import Path

from components.observability import Observability, Panel, ScrapeTarget
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.store_alerts import StoreAlerts
from components.scope import Scope
from components.sizes import reserved
from components.store_image import StoreImage
from model import (
    Container,
    Endpoint,
    ExecCheck,
    File,
    Members,
    Port,
    Probe,
    Probes,
    Resources,
    SecretRef,
    TcpCheck,
    Tier,
    Volume,
)
from model.units import MIB

_FILES = Path(__file__).parent / "files"
_DIRECTORY = "/etc/ha-etcd"
_PLAIN_SECONDS = 30 * 60
"""How long a member of an earlier version also takes clients without certificates: Patroni's change after the store."""
METRICS_PORT = 2381
RESOURCES = reserved(cpu_millis=200, memory_bytes=256 * MIB)
"""A member of a Patroni store was seen to use 21 MiB."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """The members, what lets Patroni in (whom it trusts, and its own certificate with its key), and what to watch."""

    members: Endpoint
    chain: SecretRef
    client: SecretRef
    observability: Observability


def store_resources(settings: PostgresSettings) -> Resources:
    """Of each member of the store."""
    return settings.store_resources.resources() if settings.store_resources else RESOURCES


def etcd(scope: Scope, name: str, settings: PostgresSettings, *, image: StoreImage) -> Store:
    """As many members as PostgreSQL has and three for two, or as the stack file says. `--pre-vote` keeps a returning
    member from deposing a healthy leader.

    Whoever connects has a certificate of this store's own authority, and peers have the members'. A member whose volume
    was lost joins again by itself, and one without certificates changes to them (`etcd_start.sh`).
    """
    word = f"{name}-etcd"
    hosts = [scope.platform.member_host(word, ordinal) for ordinal in range(settings.store_members)]
    peers = [f"https://{host}:2380" for host in hosts]
    cluster = ",".join(f"{word}-{ordinal}={peer}" for ordinal, peer in enumerate(peers))
    scripts = {name: (f"{name}.sh", (_FILES / f"etcd_{name}.sh").read_text()) for name in ("start", "ready")}
    circle = scope.circle(f"{word}-ca")
    peer_name = f"{scope.platform.stack}-{word}"
    trusted = scope.secret(f"{word}-ca", circle.trusted)
    chain = scope.secret(f"{word}-chain", circle.chain)
    own = scope.identity(circle, f"{word}-identity", common_name=peer_name, hosts=hosts)
    ca, identity = f"{_DIRECTORY}/ca.pem", f"{_DIRECTORY}/identity.pem"
    members = scope.members(
        Members(
            name=word,
            origin=scope.origin.at("store") if settings.store.members else scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", f"{_DIRECTORY}/start.sh"),
                args=(
                    "--name=$(MEMBER_NAME)",
                    f"--data-dir={image.data_dir}/etcd",
                    "--listen-client-urls=https://0.0.0.0:2379",
                    "--advertise-client-urls=https://$(MEMBER_HOST):2379",
                    "--client-cert-auth=true",
                    f"--trusted-ca-file={ca}",
                    f"--cert-file={identity}",
                    f"--key-file={identity}",
                    "--listen-peer-urls=https://0.0.0.0:2380",
                    "--initial-advertise-peer-urls=https://$(MEMBER_HOST):2380",
                    "--peer-client-cert-auth=true",
                    f"--peer-cert-allowed-cn={peer_name}",
                    f"--peer-trusted-ca-file={ca}",
                    f"--peer-cert-file={identity}",
                    f"--peer-key-file={identity}",
                    f"--initial-cluster={cluster}",
                    f"--initial-cluster-token={scope.platform.stack}-{word}",
                    "--pre-vote=true",
                    "--auto-compaction-mode=periodic",
                    "--auto-compaction-retention=1h",
                ),
                env={
                    "HA_VOLUME": image.data_dir,
                    "HA_NAME": "$(MEMBER_NAME)",
                    "HA_PEER_URL": "https://$(MEMBER_HOST):2380",
                    # A single member has nobody to copy from.
                    "HA_PEERS": " ".join(peers) if len(peers) > 1 else "",
                    "HA_CHAIN": f"{_DIRECTORY}/chain.pem",
                    "HA_CLIENTS": ",".join(f"https://{host}:2379" for host in hosts),
                    # Health and figures alone, without encryption: monitoring reaches it.
                    "HA_HEALTH": f"--listen-metrics-urls=http://0.0.0.0:{METRICS_PORT}",
                    "HA_PLAIN_PEERS": "--listen-peer-urls=http://0.0.0.0:2380",
                    "HA_PLAIN_CLIENTS": "--listen-client-urls=https://0.0.0.0:2379,http://0.0.0.0:2382 "
                    "--advertise-client-urls=http://$(MEMBER_HOST):2382",
                    "HA_PLAIN_SECONDS": str(_PLAIN_SECONDS),
                    "ETCDCTL_API": "3",
                    "ETCDCTL_CACERT": ca,
                    "ETCDCTL_CERT": identity,
                    "ETCDCTL_KEY": identity,
                    # A peer's address is no name of its own: it is not in DNS before it is ready, or behind a Service.
                    # Who it is says its certificate. The first is the name until etcd 3.5.
                    "ETCD_EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION": "true",
                    "ETCD_PEER_SKIP_CLIENT_SAN_VERIFICATION": "true",
                },
                files=(
                    *scope.config_files(word, _DIRECTORY, scripts),
                    File(path=ca, source=trusted),
                    File(path=f"{_DIRECTORY}/chain.pem", source=chain),
                    File(path=identity, source=own),
                ),
                resources=store_resources(settings),
            ),
            count=settings.store_members,
            electorate=True,
            volume=Volume(path=image.data_dir, size_bytes=2 * 2**30),
            private_to=(f"{name}-pg",),
            metrics_port="health",
            ports=(
                Port(name="client", number=2379),
                Port(name="peer", number=2380),
                Port(name="health", number=METRICS_PORT),
                Port(name="plain", number=2382),
            ),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{_DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=3
                ),
                live=Probe(check=TcpCheck(port=METRICS_PORT), interval_seconds=5, failures=6),
                start_seconds=300,
            ),
            hosts=settings.store_hosts,
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
        )
    )
    return Store(
        members=members,
        chain=chain,
        client=scope.identity(circle, f"{word}-client", common_name=f"{scope.platform.stack}-{name}-pg"),
        observability=_observed(name, members, settings.store_members),
    )


def _observed(name: str, members: Endpoint, count: int) -> Observability:
    target = ScrapeTarget(
        job=f"postgres-{name}-store", replicas_host=members.replicas_host, port=METRICS_PORT, expected=count
    )
    changes = f'max(increase(etcd_server_leader_changes_seen_total{{job="{target.job}"}}[1h]))'
    return Observability(
        targets=(target,),
        rules=StoreAlerts(name=name, members=count, store=target.job).rules(),
        panels=(
            Panel(title=f"{name}: store members", expr=f'sum(etcd_server_has_leader{{job="{target.job}"}})'),
            Panel(title=f"{name}: store leader changes an hour", expr=changes),
        ),
    )
