"""What runs of a stack: components, replicas and what is wrong with them."""

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.errors import CommandError
from cli.hosts import Hosts


@dataclass(frozen=True, kw_only=True)
class Row:
    """One workload: how many replicas are wanted and ready, and the newest reason why some are not."""

    component: str
    name: str
    kind: str
    wanted: int
    ready: int
    reason: str = ""


def show_status(platform: str, hosts: Hosts, exported: str) -> bool:
    """Print a table; True when everything that is wanted is ready."""
    resources = json.loads(exported)["deployment"].get("resources") or []
    read = _kubernetes_rows if platform == "kubernetes" else _swarm_rows
    rows = sorted(read(resources, hosts), key=lambda row: (row.component, row.name))
    table = Table("component", "workload", "kind", "ready", "what is wrong", box=None, pad_edge=False)
    for row in rows:
        mark = "" if row.ready >= row.wanted else "[red]"
        table.add_row(row.component, row.name, row.kind, f"{mark}{row.ready}/{row.wanted}", row.reason)
    Console(width=None if Console().is_terminal else 140).print(table)
    return all(row.ready >= row.wanted for row in rows)


def _component(resource: dict[str, Any]) -> str:
    """The component that a resource belongs to, by its parent: `PostgresHA main`."""
    parts = str(resource.get("parent", "")).split("::")
    return f"{parts[2].rsplit(':', 1)[-1]} {parts[3]}" if len(parts) > 3 else ""


def _swarm_rows(resources: list[dict[str, Any]], hosts: Hosts) -> Iterator[Row]:
    docker: Any = importlib.import_module("docker")
    try:
        api = docker.APIClient(base_url=hosts.environment.get("DOCKER_HOST"), version="auto", timeout=30)
        services = {service["ID"]: service for service in api.services(status=True)}
        tasks = api.tasks()
    except docker.errors.DockerException as error:
        raise CommandError(f"the Docker host ({hosts.description}) does not answer: {error}") from None
    for resource in resources:
        if resource["type"] != "docker:index/service:Service":
            continue
        service = services.get(resource.get("id", ""))
        name = resource["outputs"].get("name", resource["urn"].rsplit("::", 1)[-1])
        if service is None:
            yield Row(component=_component(resource), name=name, kind="service", wanted=1, ready=0, reason="is gone")
            continue
        status = service.get("ServiceStatus", {})
        yield Row(
            component=_component(resource),
            name=name,
            kind="agent" if "Global" in service["Spec"]["Mode"] else "service",
            wanted=status.get("DesiredTasks", 0),
            ready=status.get("RunningTasks", 0),
            reason=_task_error(tasks, service["ID"]),
        )


def _task_error(tasks: list[dict[str, Any]], service: str) -> str:
    """The error of the newest task that is meant to run and does not."""
    own = [task for task in tasks if task["ServiceID"] == service and task["DesiredState"] in ("running", "ready")]
    for task in sorted(own, key=lambda task: str(task["CreatedAt"]), reverse=True):
        if task["Status"]["State"] != "running":
            return str(task["Status"].get("Err") or task["Status"].get("Message", ""))
    return ""


def _kubernetes_rows(resources: list[dict[str, Any]], hosts: Hosts) -> Iterator[Row]:
    kubernetes: Any = importlib.import_module("kubernetes")
    try:
        kubernetes.config.load_kube_config(config_file=hosts.environment.get("KUBECONFIG"))
        apps = kubernetes.client.AppsV1Api()
        readers = {
            "Deployment": apps.read_namespaced_deployment_status,
            "StatefulSet": apps.read_namespaced_stateful_set_status,
            "DaemonSet": apps.read_namespaced_daemon_set_status,
        }
        for resource in resources:
            kind = resource["type"].rsplit(":", 1)[-1]
            if kind not in readers or "id" not in resource:
                continue
            namespace, name = resource["id"].split("/")
            live = readers[kind](name, namespace)
            daemon = kind == "DaemonSet"
            yield Row(
                component=_component(resource),
                name=name,
                kind=kind,
                wanted=live.status.desired_number_scheduled if daemon else live.spec.replicas,
                ready=(live.status.number_ready if daemon else live.status.ready_replicas) or 0,
            )
    except kubernetes.config.ConfigException as error:
        raise CommandError(f"no usable kubeconfig: {error}; set KUBECONFIG.") from None
    except Exception as error:
        raise CommandError(f"the cluster does not answer: {error}") from None
