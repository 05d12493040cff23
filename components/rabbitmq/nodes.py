"""The nodes."""

from collections.abc import Iterator
from pathlib import Path

from components.rabbitmq import timers
from components.rabbitmq.ports import AMQP_PORT, AMQPS_PORT, DISTRIBUTION_PORT, MANAGEMENT_PORT, METRICS_PORT
from components.rabbitmq.secrets import RabbitSecrets
from components.rabbitmq.settings import RabbitSettings
from components.rabbitmq.tls import Certificates
from components.scope import Scope
from components.store_image import StoreImage
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
    PublicPort,
    Stop,
    TcpCheck,
    Tier,
    Volume,
)

FILES = Path(__file__).parent / "files"
DIRECTORY = "/etc/ha-rabbitmq"
MANAGEMENT = "management"
"""The name of the port of the page."""


def node(host: str) -> str:
    """What a node is called, and what its data is under."""
    return f"rabbit@{host}"


def nodes_word(name: str) -> str:
    """What the nodes of a cluster are called, without their numbers."""
    return f"{name}-rabbitmq"


def nodes(
    scope: Scope,
    name: str,
    settings: RabbitSettings,
    *,
    image: StoreImage,
    secrets: RabbitSecrets,
    certificates: Certificates | None,
) -> Endpoint:
    """Members `<name>-rabbitmq-0` .. : member 0 founds the cluster at the very first start."""
    word = nodes_word(name)
    hosts = [scope.platform.member_host(word, ordinal) for ordinal in range(settings.members)]
    config = render(
        FILES,
        "rabbitmq.conf.j2",
        cluster=f"{scope.platform.stack}-{name}",
        directory=DIRECTORY,
        members=settings.members,
        tls=settings.tls,
        heartbeat=timers.HEARTBEAT_SECONDS,
        table_retries=timers.TABLE_RETRIES,
        memory=settings.node_resources.memory_limit_bytes,
        memory_watermark=settings.memory_watermark_bytes,
        disk_watermark=settings.disk_watermark_bytes,
    )
    texts = {"config": ("rabbitmq.conf", config)} | {
        suffix: (path, (FILES / path).read_text())
        for suffix, path in (
            ("plugins", "enabled_plugins"),
            ("start", "start.sh"),
            ("ready", "ready.sh"),
            ("apply", "apply.erl"),
        )
    }
    return scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", f"{DIRECTORY}/start.sh"),
                env=_environment(hosts, image),
                files=(
                    *scope.config_files(word, DIRECTORY, texts),
                    File(path=f"{DIRECTORY}/cookie", source=secrets.cookie),
                    File(path=f"{DIRECTORY}/definitions.json", source=secrets.definitions),
                    *_certificate_files(certificates),
                ),
                resources=settings.node_resources,
                stop=Stop(grace_seconds=timers.SYNC_SECONDS + timers.DRAIN_SECONDS + timers.SHUTDOWN_SECONDS),
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=settings.volume),
            ports=(
                *_client_ports(settings),
                Port(name=MANAGEMENT, number=MANAGEMENT_PORT),
                Port(name="metrics", number=METRICS_PORT),
                Port(name="epmd", number=4369),
                Port(name="distribution", number=DISTRIBUTION_PORT),
            ),
            peer_ports=("epmd", "distribution"),
            public_ports=_public_ports(settings),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=3
                ),
                # Open as long as Erlang runs: a node without a majority stops RabbitMQ, waits, and must not be killed.
                live=Probe(check=TcpCheck(port=DISTRIBUTION_PORT), interval_seconds=10, timeout_seconds=5, failures=6),
                start_seconds=timers.START_SECONDS,
            ),
            hosts=settings.hosts,
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
        )
    )


def _certificate_files(certificates: Certificates | None) -> Iterator[File]:
    if certificates:
        yield File(path=f"{DIRECTORY}/ca.pem", source=certificates.ca)
        yield File(path=f"{DIRECTORY}/identity.pem", source=certificates.server)


def _client_ports(settings: RabbitSettings) -> Iterator[Port]:
    if settings.tls is None or not settings.tls.required:
        yield Port(name="amqp", number=AMQP_PORT)
    if settings.tls is not None:
        yield Port(name="amqps", number=AMQPS_PORT)


def _public_ports(settings: RabbitSettings) -> tuple[PublicPort, ...]:
    if settings.management is None:
        return ()
    return (PublicPort(port=MANAGEMENT, published=settings.management.port, audience="operators"),)


def _environment(hosts: list[str], image: StoreImage) -> dict[str, str]:
    """Without HOME and the name of the node, `rabbitmqctl` in the container would not find it."""
    return {
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": node("$(MEMBER_HOST)"),
        "RABBITMQ_USE_LONGNAME": str("." in hosts[0]).lower(),
        "RABBITMQ_MNESIA_BASE": f"{image.data_dir}/mnesia",
        "RABBITMQ_CONFIG_FILE": f"{DIRECTORY}/rabbitmq.conf",
        "RABBITMQ_CONFIG_FILES": "/tmp/conf.d",
        "RABBITMQ_CONF_ENV_FILE": f"{DIRECTORY}/none.conf",  # an image's own says other names and ports
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{DIRECTORY}/enabled_plugins",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": "/tmp/rabbitmq.pid",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel net_ticktime {timers.NET_TICK_SECONDS}",
        "ERL_INETRC": "/tmp/inetrc",
        "HA_PROGRAMS": image.bin_dir or "/usr/bin",
        "HA_APPLIED": "/tmp/applied",
        "HA_DEFINITIONS": f"{DIRECTORY}/definitions.json",
        "HA_LISTEN": "127.0.0.1",
        # One alone has nobody to ask.
        "HA_PEERS": " ".join(map(node, hosts)) if len(hosts) > 1 else "",
        "HA_SETTLE_SECONDS": str(timers.SETTLE_SECONDS),
        "HA_SYNC_SECONDS": str(timers.SYNC_SECONDS),
        "HA_DRAIN_SECONDS": str(timers.DRAIN_SECONDS),
    }
