"""Prometheus: one member with its volume."""

from collections.abc import Mapping, Sequence

import pulumi

from components.monitoring_stack.added import own_targets
from components.monitoring_stack.certificates import counted_down
from components.monitoring_stack.probes import http_probes
from components.monitoring_stack.prometheus_config import ca_file, prometheus_yml, rules_yml
from components.monitoring_stack.settings import MonitoringSettings, PrometheusSettings
from components.observability import Observability
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
    SecretRef,
    Tier,
    Volume,
)
from model.units import MIB

NAME = "prometheus"
PORT = 9090
_DIRECTORY = "/etc/ha-prometheus"
DEFAULT_RESOURCES = Resources(
    cpu_request_millis=250, cpu_limit_millis=2000, memory_request_bytes=512 * MIB, memory_limit_bytes=2048 * MIB
)


def prometheus_resources(settings: PrometheusSettings) -> Resources:
    """Its own, or the default."""
    return settings.resources.resources() if settings.resources else DEFAULT_RESOURCES


def prometheus(
    scope: Scope,
    settings: MonitoringSettings,
    *,
    image: StoreImage,
    alertmanager_host: str,
    declared: Sequence[Observability],
    certificate_ends: Mapping[str, pulumi.Output[str]],
    given: Mapping[str, SecretRef],
) -> Endpoint:
    """Scrapes and evaluates what was declared, and counts down to the ends of the certificates. `given` are the given
    secrets as containers mount them."""
    own = settings.prometheus
    targets = [target for part in declared for target in part.targets]
    rules = [rule for part in declared for rule in part.rules]
    watched = [one for part in declared for one in part.certificates]
    text = prometheus_yml(
        settings,
        stack=scope.platform.stack,
        alertmanager_host=alertmanager_host,
        targets=targets,
        certificates=bool(certificate_ends or watched),
        own=own_targets(settings),
    )
    config = scope.config_file(f"{NAME}-config", text)
    rule_file = scope.config_file(f"{NAME}-rules", rules_yml(rules))
    files = [
        File(path=f"{_DIRECTORY}/prometheus.yml", source=config),
        File(path=f"{_DIRECTORY}/rules.yml", source=rule_file),
    ]
    mine = own_targets(settings)
    files += [file for one in mine for file in one.files(given)]
    files += [File(path=ca_file(one), source=one.verified.ca) for one in targets if one.verified]
    if certificate_ends or watched:
        # A secret, for a configuration file is known before anything is made.
        days_left = scope.secret(f"{NAME}-certificates", counted_down(certificate_ends, watched))
        files.append(File(path=f"{_DIRECTORY}/certificates.yml", source=days_left))
    return scope.members(
        Members(
            name=NAME,
            origin=scope.origin,
            tier=Tier.MONITORING,
            container=Container(
                image=image.image,
                command=(image.program("prometheus"),),
                args=(
                    f"--config.file={_DIRECTORY}/prometheus.yml",
                    f"--storage.tsdb.path={image.data_dir}/tsdb",
                    f"--storage.tsdb.retention.time={own.retention}s",
                    # The rest is for what is being compacted and for the log of the last hours. Its MB is 2^20 bytes.
                    f"--storage.tsdb.retention.size={(own.retention_size or own.most_kept) // MIB}MB",
                ),
                files=tuple(files),
                resources=prometheus_resources(own),
            ),
            count=1,
            hosts=(own.host,) if own.host else (),
            abandon_data_on=own.abandon_data_on,
            node_labels=own.placement.labels,
            tolerations=own.placement.tolerated,
            outside=tuple(one.outside for one in mine),
            volume=Volume(path=image.data_dir, size_bytes=own.volume),
            ports=(Port(name="http", number=PORT),),
            public_ports=(PublicPort(port="http", published=own.port, audience="operators"),),
            probes=http_probes(ready="/-/ready", live="/-/healthy", port=PORT, start_seconds=600),
        )
    )
