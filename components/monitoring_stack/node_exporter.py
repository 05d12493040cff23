"""The node exporter: metrics of every host."""

from components.liveness import liveness
from components.monitoring_stack.host_alerts import host_rules
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.scope import Scope
from model import Agent, Container, HostPath, HttpCheck, Image, Port, Probe, Probes, Resources, Tier
from model.units import MIB

NAME = "node-exporter"
PORT = 9100
RESOURCES = Resources(
    cpu_request_millis=20,
    cpu_limit_millis=250,
    memory_request_bytes=32 * MIB,
    memory_limit_bytes=128 * MIB,
)


def node_exporter(scope: Scope, *, image: Image) -> Observability:
    """Reads the host's /proc, /sys and mounts; runs as nobody and writes nothing."""
    health = HttpCheck(path="/", port=PORT)
    endpoint = scope.agent(
        Agent(
            name=NAME,
            origin=scope.origin,
            tier=Tier.MONITORING,
            container=Container(
                image=image,
                args=(
                    "--path.procfs=/host/proc",
                    "--path.sysfs=/host/sys",
                    "--path.rootfs=/host/root",
                    f"--web.listen-address=:{PORT}",
                ),
                resources=RESOURCES,
            ),
            ports=(Port(name="http", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=30),
            host_paths=(
                HostPath(host_path="/proc", mount_path="/host/proc"),
                HostPath(host_path="/sys", mount_path="/host/sys"),
                HostPath(host_path="/", mount_path="/host/root"),
            ),
        )
    )
    target = ScrapeTarget(job=NAME, replicas_host=endpoint.replicas_host, port=PORT)
    return Observability(
        targets=(target,),
        rules=(
            down_rule("NodeExporter", target, severity="warning", runbook="docs/runbooks/node-exporter-down.md"),
            *host_rules(NAME),
        ),
        panels=(
            Panel(
                title="CPU of the hosts",
                expr='1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
                unit="percentunit",
            ),
            Panel(
                title="Free memory of the hosts",
                expr="node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
                unit="percentunit",
            ),
        ),
    )
