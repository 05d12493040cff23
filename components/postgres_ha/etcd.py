"""The consensus store: etcd, one member or three."""

from pathlib import Path

import pulumi

from components.postgres_ha.settings import PostgresSettings
from components.store_image import StoreImage
from model import (
    ConfigFile,
    Container,
    Endpoint,
    ExecCheck,
    File,
    Members,
    Port,
    Probe,
    Probes,
    Resources,
    TcpCheck,
    Tier,
    Volume,
)
from platforms.base import Platform

_FILES = Path(__file__).parent / "files"
_READY = "/etc/ha-etcd/ready.sh"
_MIB = 2**20
RESOURCES = Resources(
    cpu_request_millis=50, cpu_limit_millis=1000, memory_request_bytes=64 * _MIB, memory_limit_bytes=512 * _MIB
)
"""A member of a Patroni store was seen to use 21 MiB."""


def etcd(
    name: str,
    settings: PostgresSettings,
    *,
    platform: Platform,
    image: StoreImage,
    origin: str,
    parent: pulumi.Resource,
) -> Endpoint:
    """As many members as PostgreSQL has. `--pre-vote` keeps a returning member from deposing a healthy leader."""
    word = f"{name}-etcd"
    hosts = [platform.member_host(word, ordinal) for ordinal in range(settings.members)]
    cluster = ",".join(f"{word}-{ordinal}=http://{host}:2380" for ordinal, host in enumerate(hosts))
    ready = platform.config_file(
        ConfigFile(name=f"{word}-ready", text=(_FILES / "etcd_ready.sh").read_text()), parent=parent
    )
    return platform.members(
        Members(
            name=word,
            origin=origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("etcd",),
                args=(
                    "--name=$(MEMBER_NAME)",
                    f"--data-dir={image.data_dir}/etcd",
                    "--listen-client-urls=http://0.0.0.0:2379",
                    "--advertise-client-urls=http://$(MEMBER_HOST):2379",
                    "--listen-peer-urls=http://0.0.0.0:2380",
                    "--initial-advertise-peer-urls=http://$(MEMBER_HOST):2380",
                    f"--initial-cluster={cluster}",
                    "--initial-cluster-state=new",
                    f"--initial-cluster-token={platform.stack}-{word}",
                    "--pre-vote=true",
                    "--auto-compaction-mode=periodic",
                    "--auto-compaction-retention=1h",
                ),
                env={"HA_VOLUME": image.data_dir, "ETCDCTL_API": "3"},
                files=(File(path=_READY, source=ready),),
                resources=RESOURCES,
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=2 * 2**30),
            ports=(Port(name="client", number=2379), Port(name="peer", number=2380)),
            probes=Probes(
                ready=Probe(check=ExecCheck(command=("sh", _READY)), interval_seconds=2, timeout_seconds=3),
                live=Probe(check=TcpCheck(port=2379), interval_seconds=5, failures=6),
                start_seconds=300,
            ),
            hosts=settings.hosts,
            abandon_data_on=settings.abandon_data_on,
        ),
        parent=parent,
    )
