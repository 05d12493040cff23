"""The members of one shard."""

from pathlib import Path

import pulumi

from components.redis.parameters import value_of
from components.redis_cluster import timers
from components.redis_cluster.acl import MEMBER
from components.redis_cluster.cluster import DIRECTORY, Cluster
from components.redis_cluster.secrets import USERS_FILE
from components.redis_cluster.tls import CA_FILE, IDENTITY_FILE
from components.templates import render
from model import (
    Container,
    Endpoint,
    ExecCheck,
    File,
    Members,
    Port,
    Probe,
    Probes,
    Shard,
    Stop,
    TcpCheck,
    Tier,
    Volume,
)

FILES = Path(__file__).parent / "files"
_SCRIPTS = {
    "start": "start.sh",
    "asking": "asking.sh",
    "watch": "watch.sh",
    "ready": "ready.sh",
    "hand-over": "hand_over.sh",
}


def common_files(cluster: Cluster) -> tuple[File, ...]:
    """What the members of all shards mount."""
    settings = cluster.settings
    config = render(
        FILES,
        "redis.conf.j2",
        tls=cluster.authority is not None,
        directory=DIRECTORY,
        identity_file=IDENTITY_FILE,
        ca_file=CA_FILE,
        volume=cluster.image.data_dir,
        role=settings.role,
        maxmemory=settings.maxmemory,
        node_timeout=settings.node_timeout,
        repl_timeout=timers.REPL_TIMEOUT_SECONDS,
        shutdown_seconds=timers.SHUTDOWN_SECONDS,
        parameters={key: value_of(key, text) for key, text in settings.parameters.items()},
    )
    texts = {"config": ("redis.conf", config)}
    texts |= {suffix: (file, (FILES / file).read_text()) for suffix, file in _SCRIPTS.items()}
    secrets = cluster.secrets
    return (
        *cluster.scope.config_files(f"{cluster.name}-redis", DIRECTORY, texts),
        File(path=f"{DIRECTORY}/auth.conf", source=secrets.auth),
        File(path=f"{DIRECTORY}/{USERS_FILE}", source=secrets.users),
        File(path=f"{DIRECTORY}/password", source=secrets.member_password),
    )


def shard(cluster: Cluster, number: int, *, files: tuple[File, ...], after: tuple[pulumi.Resource, ...]) -> Endpoint:
    """Members `<name>-redis-<number>-0` ..: the first one is the shard's home, where it is led from. They know those of
    the shards before them by name, and of later ones as soon as these have come: another shard replaces no member."""
    scope, settings, word, hosts = cluster.scope, cluster.settings, cluster.word(number), cluster.hosts(number)
    if cluster.authority:
        files = (*files, *cluster.authority.files(scope, word, DIRECTORY, hosts))
    known = [host for shard in cluster.shards[: number + 1] for host in shard]
    return scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=cluster.image.image,
                command=("sh", f"{DIRECTORY}/start.sh"),
                env=cluster.env(MEMBER)
                | {
                    "HA_VOLUME": cluster.image.data_dir,
                    "HA_HOST": "$(MEMBER_HOST)",
                    "HA_HOME": hosts[0],
                    "HA_SHARD": " ".join(hosts),
                    "HA_PEERS": " ".join(known),
                    "HA_PERSISTED": "yes" if settings.persisted else "no",
                    "HA_HOME_SECONDS": str(timers.HOME_SECONDS),
                    "HA_HAND_OVER_SECONDS": str(timers.HAND_OVER_SECONDS),
                },
                files=files,
                resources=settings.member_resources,
                stop=Stop(grace_seconds=timers.HAND_OVER_SECONDS + timers.SHUTDOWN_SECONDS + 2),
            ),
            count=len(hosts),
            volume=Volume(path=cluster.image.data_dir, size_bytes=settings.volume),
            shard=Shard(of=cluster.name, number=number),
            ports=(Port(name="redis", number=6379), Port(name="bus", number=16379)),
            peer_ports=("bus",),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=3
                ),
                live=Probe(check=TcpCheck(port=6379), interval_seconds=5, failures=6),
                start_seconds=300,
            ),
            hosts=settings.hosts_of(number),
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
            depends_on=after,
        )
    )
