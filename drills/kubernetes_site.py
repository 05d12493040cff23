"""Three Kubernetes nodes with the live stack; their network enforces policies."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from drills.deployment import Deployment
from drills.engine import Engines
from drills.site import Member, Site
from drills.stack import HTTP_PORT, MEMBERS, live_stack
from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.images import ensure_images

PROFILE = "kubernetes"
STACK = "live"
NAMESPACE = "ha-platform-live"


class KubernetesSite(Site):
    """One container is known by its pod's name."""

    platform = "kubernetes"
    profile = PROFILE

    def __init__(self, directory: Path, engines: Engines) -> None:
        ensure_images()
        self._cluster = KubernetesCluster(PROFILE).up()
        platform = {
            "kind": "kubernetes",
            "entry": "node-port",
            "nodes": len(self._cluster.hosts),
            "enforces_network_policy": True,
            "deregistration_delay": "3s",
        }
        settings = live_stack(platform, alerts_host=f"alerts.{NAMESPACE}.svc.cluster.local")
        for part in (settings["apps"]["worker"], settings["databases"]["main"], settings["caches"]["sessions"]):
            part["placement"] = {"labels": {"kubernetes.io/os": "linux"}}  # the scheduler must find the node by them
        target = {"KUBECONFIG": str(self._cluster.kubeconfig)}
        self.deployment = Deployment(STACK, settings, engines(target), directory)
        self.entries = (f"http://{self._cluster.address}:{HTTP_PORT}",)

    @property
    def address(self) -> str:
        return self._cluster.address

    def replicas(self, workload: str) -> list[str]:
        return [pod["metadata"]["name"] for pod in self._pods(workload) if _ready(pod)]

    def members(self, word: str) -> dict[str, Member]:
        return {
            pod["metadata"]["name"]: Member(pod["metadata"]["uid"], _ready(pod))
            for pod in self._pods(word)
            if _started(pod)
        }

    def running(self) -> dict[str, str]:
        pods = json.loads(self._cluster.kubectl(["get", "pods", "--all-namespaces", "-o", "json"]))["items"]
        return {
            container["containerID"]: f"{pod['metadata']['name']} {container['name']}"
            for pod in pods
            if pod["metadata"]["namespace"] in (NAMESPACE, f"{NAMESPACE}-agents")
            for container in pod["status"].get("containerStatuses", [])
            if "running" in container["state"]
        }

    def containers_of(self, replica: str) -> set[str]:
        return {id for id, name in self.running().items() if name.partition(" ")[0] == replica}

    def host_of(self, replica: str) -> int:
        names = [host.name for host in self._cluster.hosts]
        return names.index(self._pod(replica)["spec"]["nodeName"])

    def entry_beside(self, host: int) -> str:
        other = next(one for index, one in enumerate(self._cluster.hosts) if index != host)
        return f"http://{other.address}:{HTTP_PORT}"

    def kill(self, replica: str) -> None:
        """From outside the pod, as the kernel's OOM killer would: PID 1 cannot be killed from inside."""
        _kill_processes(self._pod(replica)["metadata"]["uid"])

    def kill_all(self) -> None:
        for pod in self._pods() + self._pods(namespace=f"{NAMESPACE}-agents"):
            _kill_processes(pod["metadata"]["uid"])

    def stop(self, replica: str) -> None:
        self._kubectl("delete", "pod", replica, "--wait=false")

    def ready_hosts(self) -> set[int]:
        return {index for index, host in enumerate(self._cluster.hosts) if self._cluster.is_ready(host)}

    def cut(self, host: int) -> None:
        self._cluster.kill_host(host)

    def join(self, host: int) -> None:
        self._cluster.heal_host(host)
        self._cluster.wait_ready(self._cluster.hosts[host])

    def scale(self, workload: str, replicas: int) -> None:
        self._kubectl("scale", f"deployment/{workload}", f"--replicas={replicas}")

    def member(self, word: str, ordinal: int) -> str:
        pod = self._pod(f"{word}-{ordinal}")
        if pod["status"]["phase"] != "Running" or "deletionTimestamp" in pod["metadata"]:
            raise LookupError(f"{word}-{ordinal} is not running")
        return f"{word}-{ordinal}"

    def lose_volume(self, word: str, ordinal: int) -> None:
        """The claim goes when its pod has gone; the StatefulSet makes both again."""
        self._kubectl("delete", "pvc", f"data-{word}-{ordinal}", "--wait=false")
        self._kubectl("delete", "pod", f"{word}-{ordinal}")

    def hold_down(self, word: str, held: int) -> None:
        """A StatefulSet ends its last pods first."""
        self._kubectl("scale", f"statefulset/{word}", f"--replicas={MEMBERS - held}")

    def image_of(self, workload: str) -> set[str]:
        return {pod["spec"]["containers"][0]["image"] for pod in self._pods(workload) if _ready(pod)}

    def run_in(self, replica: str, command: list[str]) -> str:
        return self._kubectl("exec", replica, "--", *command)

    def every_pod(self) -> list[dict[str, Any]]:
        """The ready pods of the stack, those of its agents too."""
        pods = self._pods() + self._pods(namespace=f"{NAMESPACE}-agents")
        return [pod for pod in pods if _ready(pod)]

    def run_in_network(self, pod: dict[str, Any], command: list[str]) -> str:
        """What a program of the machine prints in the pod's network: not every image has one to connect with."""
        return commands.run(*_in_network(pod), *command)

    def beside(self, replica: str) -> list[str]:
        return _in_network(self._pod(replica))

    def plain_texts(self) -> dict[str, str]:
        texts = {
            kind: self._cluster.kubectl(["get", kind, "--all-namespaces", "-o", "json"])
            for kind in (
                "pods",
                "deployments",
                "statefulsets",
                "daemonsets",
                "jobs",
                "configmaps",
                "services",
                "events",
            )
        }
        for pod in self._pods():
            name = pod["metadata"]["name"]
            try:
                texts[f"{name} log"] = self._kubectl("logs", name, "--all-containers")
            except HostError:
                if _ready(pod):
                    raise
                # It was removed meanwhile, or has not started.
            for process in _processes_of_pod(pod["metadata"]["uid"]):
                with suppress(OSError):  # a check that has ended
                    arguments = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ")
                    texts[f"{name} process {process}"] = arguments.decode(errors="replace")
        return texts

    @staticmethod
    def is_up() -> bool:
        return KubernetesCluster(PROFILE).control.init() is not None

    @staticmethod
    def clear() -> None:
        KubernetesCluster(PROFILE).down()

    def keep_logs(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "pods.txt").write_text(self._kubectl("get", "pods,events", "-o", "wide"))
        for pod in self._pods():
            name = pod["metadata"]["name"]
            with suppress(HostError):  # it was removed meanwhile, or has not started
                text = self._kubectl("logs", name, "--all-containers", "--tail=2000")
                (directory / f"{name}.log").write_text(text)

    def _pod(self, name: str) -> dict[str, Any]:
        for pod in self._pods():
            if pod["metadata"]["name"] == name:
                return pod
        raise LookupError(f"there is no pod {name}")

    def _pods(self, workload: str = "", namespace: str = NAMESPACE) -> list[dict[str, Any]]:
        document = json.loads(self._cluster.kubectl(["--namespace", namespace, "get", "pods", "-o", "json"]))
        pods: list[dict[str, Any]] = document["items"]
        return [pod for pod in pods if not workload or _belongs(pod, workload)]

    def _kubectl(self, *arguments: str) -> str:
        return self._cluster.kubectl(["--namespace", NAMESPACE, *arguments])


def _in_network(pod: dict[str, Any]) -> list[str]:
    process, *_ = _processes_of_pod(pod["metadata"]["uid"], pause=True)
    return ["nsenter", "-t", str(process), "-n", "--"]


def _belongs(pod: dict[str, Any], workload: str) -> bool:
    return bool(pod["metadata"].get("labels", {}).get("app.kubernetes.io/name") == workload)


def _ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", [])
    going = "deletionTimestamp" in pod["metadata"]
    return not going and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _started(pod: dict[str, Any]) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") == "Running"


def _kill_processes(pod: str) -> None:
    for process in _processes_of_pod(pod):
        with suppress(ProcessLookupError):  # a check that has ended, or a child that went with its parent
            os.kill(process, signal.SIGKILL)


def _processes_of_pod(uid: str, *, pause: bool = False) -> list[int]:
    """The processes of a pod's container, or the pause process that keeps its network, by their control group."""
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            group = (directory / "cgroup").read_text()
            command = (directory / "cmdline").read_bytes()
        except OSError:
            continue
        if (uid in group or uid.replace("-", "_") in group) and (command == b"/pause\0") is pause:
            found.append(int(directory.name))
    return found
