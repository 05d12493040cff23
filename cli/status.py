"""What runs of a stack: components, replicas and what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.clients import answering, docker_client, kubernetes_api
from cli.hosts import Hosts

PLAIN_WIDTH = 160
"""Columns where standard output is no terminal, so that no name is cut."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One workload: how many replicas are wanted and ready, and the newest reason why some are not."""

    component: str
    name: str
    kind: str
    wanted: int
    ready: int
    reason: str = ""


def show_status(platform: str, hosts: Hosts, resources: list[dict[str, Any]]) -> bool:
    """Print a table; True when everything that is wanted is ready."""
    read = _kubernetes_rows if platform == "kubernetes" else _swarm_rows
    with answering(hosts):
        rows = sorted(read(resources, hosts), key=lambda row: (row.component, row.name))
    lacking = [row for row in rows if row.ready < row.wanted]
    columns = ["component", "workload", "kind", "ready", *(["what is wrong"] if lacking else [])]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        style = "red" if row in lacking else ""
        cells = [row.component, row.name, row.kind, f"{row.ready}/{row.wanted}", *([row.reason] if lacking else [])]
        table.add_row(*cells, style=style)
    Console(width=None if Console().is_terminal else PLAIN_WIDTH).print(table)
    return not lacking


def _component(resource: dict[str, Any]) -> str:
    """The component that a resource belongs to, by its parent: `PostgresHA main`."""
    parts = str(resource.get("parent", "")).split("::")
    return f"{parts[2].rsplit(':', 1)[-1]} {parts[3]}" if len(parts) > 3 else ""


def _swarm_rows(resources: list[dict[str, Any]], hosts: Hosts) -> Iterator[Row]:
    api = docker_client(hosts)
    services = {service["ID"]: service for service in api.services(status=True)}
    tasks = api.tasks()
    for resource in resources:
        if resource["type"] != "docker:index/service:Service":
            continue
        component, name = _component(resource), resource["inputs"]["name"]
        service = services.get(resource.get("id", ""))
        if service is None:
            yield Row(component=component, name=name, kind="service", wanted=1, ready=0, reason="the service is gone")
            continue
        status = service.get("ServiceStatus", {})
        ready = status.get("RunningTasks", 0)
        wanted = status.get("DesiredTasks", 0)
        yield Row(
            component=component,
            name=name,
            kind="agent" if "Global" in service["Spec"]["Mode"] else "service",
            wanted=wanted,
            ready=ready,
            reason=_task_error(tasks, service["ID"]) if ready < wanted else "",
        )


def _task_error(tasks: list[dict[str, Any]], service: str) -> str:
    """Why the newest task that does not run does not: its own error, or that of the one it replaces."""
    own = sorted((task for task in tasks if task["ServiceID"] == service), key=lambda task: str(task["CreatedAt"]))
    errors = [str(task["Status"]["Err"]) for task in own if task["Status"].get("Err")]
    waiting = [task for task in own if task["DesiredState"] != "shutdown" and task["Status"]["State"] != "running"]
    if errors:
        return errors[-1]
    return f"{waiting[-1]['Status']['State']}: {waiting[-1]['Status'].get('Message', '')}" if waiting else ""


def _kubernetes_rows(resources: list[dict[str, Any]], hosts: Hosts) -> Iterator[Row]:
    client = kubernetes_api(hosts)
    apps = client.AppsV1Api()
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
        component = _component(resource)
        try:
            live = readers[kind](name, namespace)
        except client.ApiException as error:
            if error.status != 404:
                raise
            yield Row(component=component, name=name, kind=kind, wanted=1, ready=0, reason="it is gone")
            continue
        daemon = kind == "DaemonSet"
        wanted = live.status.desired_number_scheduled if daemon else live.spec.replicas
        ready = (live.status.number_ready if daemon else live.status.ready_replicas) or 0
        selector = ",".join(f"{key}={value}" for key, value in (live.spec.selector.match_labels or {}).items())
        reason = _pod_error(client, namespace, selector) if ready < wanted else ""
        yield Row(component=component, name=name, kind=kind, wanted=wanted, ready=ready, reason=reason)


def _pod_error(client: Any, namespace: str, selector: str) -> str:
    """Why the first pod that is not ready is not."""
    for pod in client.CoreV1Api().list_namespaced_pod(namespace, label_selector=selector).items:
        for container in pod.status.container_statuses or []:
            waiting, ended = container.state.waiting, container.last_state.terminated
            if not container.ready:
                what = f"{waiting.reason}: {waiting.message or ''}" if waiting else "is not ready"
                return f"{pod.metadata.name}: {what}" + (f" (ended with {ended.exit_code})" if ended else "")
        for condition in pod.status.conditions or []:
            if condition.type == "PodScheduled" and condition.status != "True":
                return f"{pod.metadata.name}: {condition.message}"
    return ""
