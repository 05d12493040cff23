"""Tasks of a Swarm that fail during an update."""

from collections.abc import Iterator
from typing import Any

from cli.clients import answering, docker_client
from cli.hosts import Hosts
from cli.kept import STACK_LABEL
from cli.reasons import LINES, Reason, Watch

_FAILED = ("failed", "rejected")
_LOG_SECONDS = 5
"""A host that is down keeps a request for a log open."""


class FailedTasks(Watch):
    """Those of one stack. The provider of the CLI deletes a service whose first tasks fail, and their logs with it."""

    def __init__(self, stack: str, hosts: Hosts) -> None:
        super().__init__()
        self._stack = stack
        self._hosts = hosts
        self._client: Any = None
        self._seen: set[str] = set()

    def look(self, *, report: bool = True) -> Iterator[Reason]:
        with answering(self._hosts):
            if self._client is None:
                self._client = docker_client(self._hosts)
            failed = [one for one in self._client.tasks() if self._is_ours(one) and one["Status"]["State"] in _FAILED]
            new = sorted((one for one in failed if one["ID"] not in self._seen), key=lambda one: str(one["CreatedAt"]))
            names = {one["ID"]: one["Spec"]["Name"] for one in self._client.services()} if new else {}
            for task in new:
                self._seen.add(task["ID"])
                if report:
                    yield self._reason(task, names.get(task["ServiceID"], f"a service of stack {self._stack}"))

    def _is_ours(self, task: dict[str, Any]) -> bool:
        labels = task["Spec"].get("ContainerSpec", {}).get("Labels") or {}
        return bool(labels.get(STACK_LABEL) == self._stack)

    def _reason(self, task: dict[str, Any], name: str) -> Reason:
        status = task["Status"]
        code = (status.get("ContainerStatus") or {}).get("ExitCode")
        why = str(status.get("Err") or status.get("Message") or status["State"])
        exit_code = "" if code is None else f" with exit code {code}"
        return Reason(name, f"a task failed{exit_code}: {why}", tuple(self._log(task["ID"])))

    def _log(self, task: str) -> list[str]:
        # docker-py has the logs of services only, and those mix their tasks.
        url = self._client._url("/tasks/{0}/logs", task)
        asked = {"stdout": "1", "stderr": "1", "tail": str(LINES)}
        answer = self._client._get(url, params=asked, timeout=_LOG_SECONDS)
        if answer.status_code != 200:
            return []
        text = b"".join(self._client._multiplexed_buffer_helper(answer)).decode(errors="replace")
        return [line for line in text.splitlines() if line.strip()][-LINES:]
