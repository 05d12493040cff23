"""A connection to a port of a cluster's pod through the API server, as `kubectl port-forward` makes it: past its
network policies."""

from http.client import HTTPConnection

from cli.clients import answering, kubernetes_api
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.kubernetes_logs import NAME_LABEL
from cli.web import SECONDS
from cli.workloads import Workload


def forwarded(workload: Workload, port: int, hosts: Hosts) -> HTTPConnection:
    """To the first pod of the workload that is ready. Raises CommandError where none is."""
    from kubernetes.stream import portforward

    namespace, name = workload.id.split("/")
    with answering(hosts):
        api = kubernetes_api(hosts).CoreV1Api()
        pods = api.list_namespaced_pod(namespace, label_selector=f"{NAME_LABEL}={workload.word}").items
        ready = [pod.metadata.name for pod in pods if _is_ready(pod)]
        if not ready:
            raise CommandError(f"no pod of {name} is ready.")
        opened = portforward(api.connect_get_namespaced_pod_portforward, ready[0], namespace, ports=str(port))
        connection = HTTPConnection(ready[0], port)
        connection.sock = opened.socket(port)
        connection.sock.settimeout(SECONDS)
    return connection


def _is_ready(pod: object) -> bool:
    conditions = pod.status.conditions or []  # type: ignore[attr-defined]
    return any(one.type == "Ready" and one.status == "True" for one in conditions)
