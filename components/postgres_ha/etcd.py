"""The consensus store: etcd, one member or three."""

from pathlib import Path

from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from components.sizes import reserved
from components.store_image import StoreImage
from model import (
    Container,
    Endpoint,
    ExecCheck,
    Members,
    Port,
    Probe,
    Probes,
    TcpCheck,
    Tier,
    Volume,
)
from model.units import MIB

_FILES = Path(__file__).parent / "files"
_DIRECTORY = "/etc/ha-etcd"
RESOURCES = reserved(cpu_millis=200, memory_bytes=256 * MIB)
"""A member of a Patroni store was seen to use 21 MiB."""


def etcd(scope: Scope, name: str, settings: PostgresSettings, *, image: StoreImage) -> Endpoint:
    """As many members as PostgreSQL has, and three for two. `--pre-vote` keeps a returning member from deposing a
    healthy leader.

    A member whose volume was lost joins again by itself (`etcd_start.sh`).
    """
    word = f"{name}-etcd"
    hosts = [scope.platform.member_host(word, ordinal) for ordinal in range(settings.store_members)]
    peers = [f"http://{host}:2380" for host in hosts]
    cluster = ",".join(f"{word}-{ordinal}={peer}" for ordinal, peer in enumerate(peers))
    scripts = {name: (f"{name}.sh", (_FILES / f"etcd_{name}.sh").read_text()) for name in ("start", "ready")}
    return scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", f"{_DIRECTORY}/start.sh"),
                args=(
                    "--name=$(MEMBER_NAME)",
                    f"--data-dir={image.data_dir}/etcd",
                    "--listen-client-urls=http://0.0.0.0:2379",
                    "--advertise-client-urls=http://$(MEMBER_HOST):2379",
                    "--listen-peer-urls=http://0.0.0.0:2380",
                    "--initial-advertise-peer-urls=http://$(MEMBER_HOST):2380",
                    f"--initial-cluster={cluster}",
                    f"--initial-cluster-token={scope.platform.stack}-{word}",
                    "--pre-vote=true",
                    "--auto-compaction-mode=periodic",
                    "--auto-compaction-retention=1h",
                ),
                env={
                    "HA_VOLUME": image.data_dir,
                    "HA_NAME": "$(MEMBER_NAME)",
                    "HA_PEER_URL": "http://$(MEMBER_HOST):2380",
                    # A single member has nobody to copy from.
                    "HA_PEERS": " ".join(peers) if len(peers) > 1 else "",
                    "HA_CLIENTS": ",".join(f"http://{host}:2379" for host in hosts),
                    "ETCDCTL_API": "3",
                },
                files=scope.config_files(word, _DIRECTORY, scripts),
                resources=settings.store_resources.resources() if settings.store_resources else RESOURCES,
            ),
            count=settings.store_members,
            volume=Volume(path=image.data_dir, size_bytes=2 * 2**30),
            # etcd asks nobody who they are: whoever connects can take the leader lock.
            private_to=(f"{name}-pg",),
            ports=(Port(name="client", number=2379), Port(name="peer", number=2380)),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{_DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=3
                ),
                live=Probe(check=TcpCheck(port=2379), interval_seconds=5, failures=6),
                start_seconds=300,
            ),
            hosts=settings.hosts,
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
        )
    )
