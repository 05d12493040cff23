"""Alertmanager: one member with its volume, for silences and what was told already."""

from collections.abc import Sequence

from components.monitoring_stack.alertmanager_config import Secrets, alertmanager_yml
from components.monitoring_stack.probes import http_probes
from components.monitoring_stack.settings import MonitoringSettings
from components.observability import AlertRule
from components.scope import Scope
from components.store_image import StoreImage
from model import (
    Container,
    Endpoint,
    File,
    Members,
    Port,
    PublicPort,
    Resources,
    Tier,
    Volume,
)
from model.units import MIB

NAME = "alertmanager"
PORT = 9093
_CONFIG = "/etc/ha-alertmanager/alertmanager.yml"
RESOURCES = Resources(
    cpu_request_millis=50, cpu_limit_millis=500, memory_request_bytes=64 * MIB, memory_limit_bytes=256 * MIB
)


def alertmanager(
    scope: Scope, settings: MonitoringSettings, *, image: StoreImage, secrets: Secrets, rules: Sequence[AlertRule]
) -> Endpoint:
    """Tells of each of `rules` whom it fits."""
    own = settings.alertmanager
    config = scope.secret(f"{NAME}-config", alertmanager_yml(settings, secrets, rules))
    return scope.members(
        Members(
            name=NAME,
            origin=scope.origin,
            tier=Tier.MONITORING,
            container=Container(
                image=image.image,
                command=(image.program("alertmanager"),),
                args=(
                    f"--config.file={_CONFIG}",
                    f"--storage.path={image.data_dir}/data",
                    # A single member needs no gossip; without an address for it, it looks for a private network.
                    "--cluster.listen-address=",
                ),
                files=(File(path=_CONFIG, source=config),),
                resources=RESOURCES,
            ),
            count=1,
            hosts=(own.host,) if own.host else (),
            abandon_data_on=own.abandon_data_on,
            node_labels=own.placement.labels,
            tolerations=own.placement.tolerated,
            volume=Volume(path=image.data_dir, size_bytes=1 * 2**30),
            ports=(Port(name="http", number=PORT),),
            public_ports=(PublicPort(port="http", published=own.port, audience="operators"),),
            probes=http_probes(ready="/-/ready", live="/-/healthy", port=PORT, start_seconds=60),
        )
    )
