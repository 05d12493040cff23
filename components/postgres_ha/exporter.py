"""Metrics of the servers themselves: one exporter that asks each in turn."""

import json
from pathlib import Path

import pulumi

from components.liveness import liveness
from components.observability import Observability, Panel, ScrapeTarget
from components.postgres_ha.server_alerts import ServerAlerts
from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from components.store_image import ExporterImage
from model import (
    Container,
    Endpoint,
    File,
    HttpCheck,
    Port,
    Probe,
    Probes,
    Resources,
    SecretRef,
    Tier,
    Workload,
)
from model.units import MIB

PORT = 9187
USER = "ha_exporter"
_MODULE = "server"
_DIRECTORY = "/etc/ha-exporter"
_QUERIES = Path(__file__).parent / "files/exporter_queries.yml"
RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=250,
    memory_request_bytes=24 * MIB,
    memory_limit_bytes=96 * MIB,
)
"""It was seen to use 18 MiB."""


def exporter(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: ExporterImage,
    members: Endpoint,
    ca: SecretRef,
    password: pulumi.Output[str],
    patroni: str,
) -> Observability:
    """A target for each server, which the exporter asks as `ha_exporter`. `ca` is the authority of the servers,
    `patroni` the job of their own targets."""
    word = f"{name}-pg-exporter"
    queries = scope.config_file(f"{word}-queries", _QUERIES.read_text())
    config = scope.secret(f"{word}-config", password.apply(_config))
    health = HttpCheck(path="/", port=PORT)
    endpoint = scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=(image.program("postgres_exporter"),),
                # No server of its own: it looks only at what a scrape names.
                args=(
                    f"--config.file={_DIRECTORY}/config.yml",
                    f"--extend.query-path={_DIRECTORY}/queries.yml",
                    # A series for each combination of application, user and wait event; and one for each parameter.
                    "--disable-default-metrics",
                    "--disable-settings-metrics",
                    f"--web.listen-address=:{PORT}",
                ),
                files=(
                    File(path=f"{_DIRECTORY}/config.yml", source=config),
                    File(path=f"{_DIRECTORY}/queries.yml", source=queries),
                    File(path=f"{_DIRECTORY}/ca.pem", source=ca),
                ),
                resources=RESOURCES,
            ),
            replicas=1,
            ports=(Port(name="metrics", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=30),
            depends_on=members.resources,
        )
    )
    job = f"postgres-{name}-server"
    targets = tuple(
        ScrapeTarget(
            job=f"{job}-{ordinal}",
            replicas_host=endpoint.replicas_host,
            port=PORT,
            path="/probe",
            params=(("target", f"{host}:5432/postgres"), ("auth_module", _MODULE)),
        )
        for ordinal, host in enumerate(members.member_hosts)
    )
    alerts = ServerAlerts(name=name, settings=settings, servers=f"{job}-[0-9]+", patroni=patroni)
    own = f'job=~"{alerts.servers}"'
    return Observability(
        targets=targets,
        rules=alerts.rules(),
        panels=(
            Panel(title=f"{name}: connections", expr=f"max by (job) (ha_connections_used{{{own}}})"),
            Panel(
                title=f"{name}: transactions",
                expr=f"sum by (job) (rate(pg_stat_database_xact_commit{{{own}}}[2m]))",
                unit="reqps",
            ),
            Panel(title=f"{name}: volume used", expr=alerts.used, unit="percentunit"),
            Panel(
                title=f"{name}: log held by slots", expr=f"max by (job) (ha_slots_held_bytes{{{own}}})", unit="bytes"
            ),
            Panel(title=f"{name}: replay delay", expr=f"max by (job) (pg_replication_lag_seconds{{{own}}})", unit="s"),
        ),
    )


def _config(password: str) -> str:
    options = {
        "sslmode": "verify-full",
        "sslrootcert": f"{_DIRECTORY}/ca.pem",
        # Shorter than Prometheus waits: a server that is gone is told as down, not as a lost exporter.
        "connect_timeout": "3",
        "statement_timeout": "5000",
        "application_name": USER,
    }
    login = {"username": USER, "password": password}
    return json.dumps({"auth_modules": {_MODULE: {"type": "userpass", "userpass": login, "options": options}}})
