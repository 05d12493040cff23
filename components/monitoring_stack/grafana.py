"""Grafana: one dashboard with the panels that the components declare, provisioned from files."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from components.monitoring_stack.settings import GrafanaSettings
from components.observability import Panel
from components.scope import Scope
from components.store_image import StoreImage
from model import (
    Container,
    Endpoint,
    File,
    HttpCheck,
    Members,
    Port,
    Probe,
    Probes,
    PublicPort,
    Resources,
    Tier,
    Volume,
)
from model.units import MIB

NAME = "grafana"
PORT = 3000
_PROVISIONING = "/etc/ha-grafana"
RESOURCES = Resources(
    cpu_request_millis=100,
    cpu_limit_millis=1000,
    memory_request_bytes=128 * MIB,
    memory_limit_bytes=512 * MIB,
)


def grafana(
    scope: Scope,
    settings: GrafanaSettings,
    *,
    image: StoreImage,
    prometheus_host: str,
    panels: Sequence[Panel],
    boards: Mapping[str, tuple[str, Sequence[Panel]]],
) -> Endpoint:
    """The admin's password is generated; the data source and the dashboards cannot be edited in place. `boards` are
    those of the stack file: name -> title and panels."""
    admin = scope.secret(f"{NAME}-admin", scope.password(f"{NAME}-admin"))
    stack = scope.platform.stack
    texts = {
        "datasources": ("datasources/prometheus.yml", _datasource(prometheus_host)),
        "dashboards": ("dashboards/files.yml", _provider()),
        "boards": ("boards/platform.json", dashboard(panels, uid="ha-platform", title=f"ha-platform: {stack}")),
    }
    for name, (title, own) in boards.items():
        texts[f"board-{name}"] = (f"boards/own-{name}.json", dashboard(own, uid=f"ha-own-{name}", title=title))
    files = scope.config_files(NAME, _PROVISIONING, texts)
    health = HttpCheck(path="/api/health", port=PORT)
    return scope.members(
        Members(
            name=NAME,
            origin=scope.origin,
            tier=Tier.MONITORING,
            container=Container(
                image=image.image,
                env={
                    "GF_PATHS_PROVISIONING": _PROVISIONING,
                    "GF_PATHS_DATA": f"{image.data_dir}/data",
                    "GF_PATHS_LOGS": "/tmp/logs",
                    "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/grafana_admin",
                    "GF_ANALYTICS_REPORTING_ENABLED": "false",
                    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
                    "GF_USERS_ALLOW_SIGN_UP": "false",
                },
                files=(*files, File(path="/run/secrets/grafana_admin", source=admin)),
                resources=RESOURCES,
            ),
            count=1,
            hosts=(settings.host,) if settings.host else (),
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
            volume=Volume(path=image.data_dir, size_bytes=1 * 2**30),
            ports=(Port(name="http", number=PORT),),
            public_ports=(PublicPort(port="http", published=settings.port, audience="operators"),),
            probes=Probes(
                ready=Probe(check=health, interval_seconds=2),
                live=Probe(check=health, interval_seconds=5, failures=12),
                start_seconds=120,
            ),
        )
    )


def dashboard(panels: Sequence[Panel], *, uid: str, title: str) -> str:
    """Grafana's dashboard model, two panels in a row of 24 columns."""
    document: dict[str, Any] = {
        "uid": uid,
        "title": title,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "schemaVersion": 39,
        "panels": [
            {
                "id": index + 1,
                "type": "timeseries",
                "title": panel.title,
                "datasource": {"type": "prometheus", "uid": "prometheus"},
                "gridPos": {"x": 12 * (index % 2), "y": 8 * (index // 2), "w": 12, "h": 8},
                "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
                "targets": [{"refId": "A", "expr": panel.expr}],
            }
            for index, panel in enumerate(panels)
        ],
    }
    return json.dumps(document, indent=1)


def _datasource(prometheus_host: str) -> str:
    source = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{prometheus_host}:9090",
        "isDefault": True,
        "editable": False,
    }
    return yaml.safe_dump({"apiVersion": 1, "datasources": [source]}, sort_keys=False)


def _provider() -> str:
    provider = {"name": "files", "type": "file", "options": {"path": f"{_PROVISIONING}/boards"}}
    return yaml.safe_dump({"apiVersion": 1, "providers": [provider]}, sort_keys=False)
