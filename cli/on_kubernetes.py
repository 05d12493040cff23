"""The commands on a Kubernetes cluster."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

from cli import (
    kept,
    kubernetes_forward,
    kubernetes_logs,
    kubernetes_recover,
    kubernetes_restart,
    kubernetes_run,
    lost,
    owners,
)
from cli.clients import answering, kubernetes_api
from cli.entry import Entries
from cli.errors import CommandError
from cli.hosts import Hosts, docker_hosts
from cli.keda import check_keda
from cli.killed import KilledRun
from cli.kubernetes_entries import ServiceEntries
from cli.kubernetes_logs import NAME_LABEL
from cli.kubernetes_reasons import FailedPods
from cli.kubernetes_restart import KINDS
from cli.leftovers import SAID_SO, Leftovers
from cli.logs import Asked, Source
from cli.operations import Operations, Resources
from cli.owners import Owned
from cli.progress import say
from cli.reasons import Watch
from cli.status import Row, component_of
from cli.web import SECONDS, Opener
from cli.workloads import UPDATE_SECONDS, Workload
from composition.stack import Stack
from platforms.kubernetes.names import Names, default_namespace
from platforms.kubernetes.settings import KubernetesSettings

_ENDING = ("Job", "CronJob")
"""What runs to its end: nothing of it is restarted."""
_BOUNDS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}
"""What chooses counts, and where it says its bounds."""


class OnKubernetes(Operations):
    """Workloads, claims and Services of a cluster. It judges ports and node labels itself."""

    profile = "kubernetes"

    def _hosts(self) -> Hosts:
        """The stack file's kubeconfig, KUBECONFIG; else the sandbox for stacks of sandbox images, or `~/.kube`."""
        platform = self.stack.platform
        assert isinstance(platform, KubernetesSettings)
        if os.environ.get("HOST"):
            raise CommandError("HOST names a Docker host, but this stack is for Kubernetes; set KUBECONFIG instead.")
        named = platform.kubeconfig
        if self.stack.sandbox and not (named or os.environ.get("KUBECONFIG")):
            cluster = self.cluster()
            return Hosts(
                environment={"KUBECONFIG": str(cluster.kubeconfig)},
                address=cluster.address,
                description=f"sandbox Kubernetes, {len(cluster.hosts)} nodes, the first at {cluster.address}",
                kubeconfig=str(cluster.kubeconfig),
                sandbox=True,
            )
        return Hosts(
            environment={},
            address="",
            description=f"cluster of {named or os.environ.get('KUBECONFIG') or '~/.kube/config'}",
            kubeconfig=named,
            context=platform.context,
        )

    def docker(self) -> Hosts:
        hosts = docker_hosts()
        if hosts.docker_host is None and self.stack.sandbox:
            raise CommandError(
                "the sandbox's Kubernetes has no Docker: verify the images with a stack on Swarm, or name a Docker "
                "host with HOST or DOCKER_HOST."
            )
        return hosts

    def cluster(self) -> Any:
        # The sandbox needs Linux and root; people with hosts of their own must not need its imports.
        from sandbox.hosts.kubernetes import KubernetesCluster

        return KubernetesCluster(self.profile)

    def prepare(self, settings: Stack) -> None:
        """Nothing: the cluster pulls images and has its nodes."""

    def check_hosts(self, settings: Stack) -> None:
        """The scheduler says which pods find no node; what nobody says is that nobody scales."""
        check_keda(settings, self.hosts)

    def check_ports(self, settings: Stack) -> None:
        """Nothing: the API server refuses a node port that is taken."""

    def entries(self, resources: Resources) -> Entries:
        return ServiceEntries(self.hosts, resources)

    def running(self) -> dict[str, str]:
        with answering(self.hosts):
            return kept.workloads(self.hosts, self._names().namespace)

    def rows(self, resources: Resources) -> Iterable[Row]:
        with answering(self.hosts):
            return list(_rows(resources, self.hosts))

    def lost(self, resources: Resources) -> list[str]:
        with answering(self.hosts):
            return lost.on_kubernetes(resources, self.hosts)

    def rescale(self, row: Row) -> None:
        namespace, name = row.id.split("/")
        with answering(self.hosts):
            api = kubernetes_api(self.hosts).AppsV1Api()
            body = {"spec": {"replicas": row.wanted}}
            api.patch_namespaced_deployment_scale(name, namespace, body, _content_type="application/merge-patch+json")

    def workloads(self, resources: Resources) -> list[Workload]:
        return [_workload(one) for one in resources if _kind(one) in (*KINDS, *_ENDING) and "id" in one]

    def logs(self, workload: Workload, asked: Asked) -> Source:
        return kubernetes_logs.source(workload, self.hosts, asked)

    def restart(self, workload: Workload) -> None:
        kubernetes_restart.restart(workload, workload.urn.split("::")[2].rsplit(":", 1)[-1], self.hosts)

    def watch(self) -> Watch:
        names = self._names()
        return FailedPods([names.namespace, names.agents_namespace], self.hosts)

    def take_up(self, killed: KilledRun) -> list[dict[str, Any]]:
        return kubernetes_recover.take_up(killed, self.hosts)

    def close_failed_jobs(self) -> list[str]:
        """None: an update replaces a Job that failed."""
        return []

    def host(self, workload: Workload) -> str:
        return self._names().host(workload.name)

    def run_beside(self, workload: Workload, verb: str, command: Sequence[str], seconds: float) -> tuple[int, str]:
        return kubernetes_run.run(workload, verb, command, seconds, self.hosts)

    def opener(self, resources: Resources, workload: Workload, port: int, published: int) -> Opener:
        for address in self.entries(resources).of(published):
            return lambda: HTTPConnection(address.host, address.port, timeout=SECONDS)
        return lambda: kubernetes_forward.forwarded(workload, port, self.hosts)

    def owned(self, resources: Resources) -> Iterable[Owned]:
        return owners.in_claims(resources, keeps_data=self.stack.keeps_data)

    def leftovers(self, resources: Resources) -> Leftovers:
        return _Claims(self.hosts, resources, keeps_data=self.stack.keeps_data)

    def _names(self) -> Names:
        platform = self.stack.platform
        assert isinstance(platform, KubernetesSettings)
        own = platform.namespace or default_namespace(self.stack.name)
        return Names(namespace=own, cluster_domain=platform.cluster_domain)


class _Claims(Leftovers):
    """Volume claims, which the cluster removes with their StatefulSets where the stack says `data: delete`."""

    def __init__(self, hosts: Hosts, resources: Resources, *, keeps_data: bool) -> None:
        super().__init__(keeps_data=keeps_data)
        self._hosts = hosts
        self._resources = resources

    def settle(self) -> None:
        if not self.keeps_data:
            return
        with answering(self._hosts):
            for claim in kept.claims(self._hosts, self._resources):
                say(f"down: kept claim {claim}, {SAID_SO}")
                self.kept.append(f"claim {claim}")

    def volumes(self) -> list[str]:
        with answering(self._hosts):
            return kept.claims(self._hosts, self._resources)

    def others(self) -> list[str]:
        """Nothing: the sandbox's cluster is one stack's."""
        return []


def _rows(resources: Resources, hosts: Hosts) -> Iterator[Row]:
    client = kubernetes_api(hosts)
    apps = client.AppsV1Api()
    readers = {
        "Deployment": apps.read_namespaced_deployment_status,
        "StatefulSet": apps.read_namespaced_stateful_set_status,
        "DaemonSet": apps.read_namespaced_daemon_set_status,
    }
    bounds = _autoscaled(resources)
    for resource in resources:
        kind = _kind(resource)
        if kind not in readers or "id" not in resource:
            continue
        namespace, name = resource["id"].split("/")
        try:
            live = readers[kind](name, namespace)
        except client.ApiException as error:
            if error.status != 404:
                raise
            live = None
        row = _row(resource, live, bounds.get(resource["id"]))
        if live and row.ready < row.told:
            selector = ",".join(f"{key}={value}" for key, value in (live.spec.selector.match_labels or {}).items())
            row = replace(row, reason=_pod_error(client, namespace, selector))
        yield row


def _autoscaled(resources: Resources) -> dict[str, tuple[int, int]]:
    """`namespace/name` of each Deployment that has an autoscaler, with the fewest and most replicas that it may set."""
    return {
        f"{one['id'].split('/')[0]}/{spec['scaleTargetRef']['name']}": (int(spec[least]), int(spec[most]))
        for one in resources
        if _kind(one) in _BOUNDS and "id" in one
        for spec in [one["inputs"]["spec"]]
        for least, most in [_BOUNDS[_kind(one)]]
    }


def _row(resource: dict[str, Any], live: Any, bounds: tuple[int, int] | None) -> Row:
    """A workload as the stack's state wants it, beside the object that the cluster has; None: it has none."""
    kind, status = _kind(resource), live.status if live else None
    if kind == "DaemonSet":  # as many as there are nodes for it
        told = status.desired_number_scheduled if status else 0
        wanted = told if live else 1
        ready = status.number_ready if status else 0
    else:
        told = live.spec.replicas if live else 0
        wanted = min(max(told, bounds[0]), bounds[1]) if bounds else int(resource["inputs"]["spec"]["replicas"])
        ready = status.ready_replicas if status else 0
    return Row(
        urn=resource["urn"],
        id=resource["id"],
        component=component_of(resource),
        name=resource["id"].split("/")[1],
        kind=kind,
        wanted=wanted,
        told=told,
        ready=ready or 0,
        gone=live is None,
        autoscaled=bounds is not None,
    )


def _workload(resource: dict[str, Any]) -> Workload:
    return Workload(
        urn=resource["urn"],
        id=resource["id"],
        component=component_of(resource),
        word=resource["inputs"]["metadata"]["labels"][NAME_LABEL],
        name=resource["id"].split("/")[1],
        once=_kind(resource) in _ENDING,
        seconds=float((resource.get("customTimeouts") or {}).get("update") or UPDATE_SECONDS),
    )


def _kind(resource: dict[str, Any]) -> str:
    return str(resource["type"].rsplit(":", 1)[-1])


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
