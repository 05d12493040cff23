"""Pods of a cluster that fail during an update."""

from collections.abc import Iterator
from typing import Any

from cli.clients import answering, kubernetes_api
from cli.hosts import Hosts
from cli.kubernetes_logs import NAME_LABEL
from cli.reasons import LINES, Reason, Watch


class FailedPods(Watch):
    """Those of one stack's namespaces."""

    def __init__(self, namespaces: list[str], hosts: Hosts) -> None:
        super().__init__()
        self._namespaces = namespaces
        self._hosts = hosts
        self._client: Any = None
        self._seen: set[str] = set()

    def look(self, *, report: bool = True) -> Iterator[Reason]:
        with answering(self._hosts):
            if self._client is None:
                self._client = kubernetes_api(self._hosts)
            api = self._client.CoreV1Api()
            for namespace in self._namespaces:
                pods = api.list_namespaced_pod(namespace, label_selector=NAME_LABEL).items
                for pod in sorted(pods, key=lambda pod: str(pod.metadata.creation_timestamp)):
                    for status in [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]:
                        ended = status.state.terminated or status.last_state.terminated
                        if ended is None or ended.exit_code == 0 or ended.container_id in self._seen:
                            continue
                        self._seen.add(ended.container_id)
                        if report:
                            yield self._reason(api, pod, status, ended)

    def _reason(self, api: Any, pod: Any, status: Any, ended: Any) -> Reason:
        why = f"container {status.name} failed with exit code {ended.exit_code}"
        if ended.reason not in (None, "Error"):
            why += f" ({ended.reason})"
        return Reason(pod.metadata.labels[NAME_LABEL], f"{why} in {pod.metadata.name}", self._log(api, pod, status))

    def _log(self, api: Any, pod: Any, status: Any) -> tuple[str, ...]:
        try:
            text = api.read_namespaced_pod_log(
                pod.metadata.name,
                pod.metadata.namespace,
                container=status.name,
                previous=status.state.terminated is None,
                tail_lines=LINES,
            )
        except self._client.ApiException:  # it went meanwhile
            return ()
        return tuple(line for line in str(text).splitlines() if line.strip())
