"""Lines of a cluster's pods."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli.clients import answering, kubernetes_api
from cli.hosts import Hosts
from cli.logs import Asked, Line, Source
from cli.workloads import Workload

NAME_LABEL = "app.kubernetes.io/name"
_POLL_SECONDS = 2.0
_PARALLEL = 8


def source(workload: Workload, hosts: Hosts, asked: Asked) -> Source:
    """The lines of every container of the workload's pods; when they are followed, also of pods that come later."""

    def run(put: Callable[[Line], None]) -> None:
        with answering(hosts):
            pods = _Pods(kubernetes_api(hosts), workload)
            if asked.follow:
                pods.follow(put, asked)
            else:
                with ThreadPoolExecutor(_PARALLEL) as pool:
                    reads = [
                        pool.submit(pods.read, pod, container, put, since=asked.since_seconds, tail=asked.tail)
                        for pod, container in pods.containers()
                    ]
                    for read in reads:
                        read.result()

    return run


class _Pods:
    def __init__(self, client: Any, workload: Workload) -> None:
        self._client = client
        self._api = client.CoreV1Api()
        self._namespace = workload.id.split("/")[0]
        self._selector = f"{NAME_LABEL}={workload.word}"

    def containers(self) -> Iterator[tuple[Any, Any]]:
        """The statuses of containers that started, each after its pod."""
        for pod in self._api.list_namespaced_pod(self._namespace, label_selector=self._selector).items:
            for status in pod.status.container_statuses or []:
                if status.container_id:
                    yield pod, status

    def read(
        self,
        pod: Any,
        container: Any,
        put: Callable[[Line], None],
        *,
        since: int | None = None,
        tail: int | None = None,
        follow: bool = False,
    ) -> None:
        """Every line of one container until its end, or until now."""
        limits = {"since_seconds": since, "tail_lines": tail}
        try:
            answer = self._api.read_namespaced_pod_log(
                pod.metadata.name,
                self._namespace,
                container=container.name,
                follow=follow,
                timestamps=True,
                _preload_content=False,
                **{name: value for name, value in limits.items() if value is not None},
            )
        except self._client.ApiException as error:
            if error.status not in (400, 404):  # it went meanwhile
                raise
            return
        replica = pod.metadata.name if len(pod.spec.containers) == 1 else f"{pod.metadata.name}/{container.name}"
        for text in _lines(answer):
            when, _, said = text.partition(" ")
            put(Line(when, replica, said))

    def follow(self, put: Callable[[Line], None], asked: Asked) -> None:
        """Without end. A container that starts again is another one."""
        known: set[str] = set()
        limits: dict[str, int | None] = {"since": asked.since_seconds, "tail": asked.tail}
        while True:
            for pod, container in self.containers():
                if container.container_id not in known:
                    known.add(container.container_id)
                    threading.Thread(
                        target=self.read, args=(pod, container, put), kwargs={**limits, "follow": True}, daemon=True
                    ).start()
            limits = {}
            time.sleep(_POLL_SECONDS)


def _lines(answer: Any) -> Iterator[str]:
    rest = b""
    for piece in answer.stream():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")
