"""One-node Kubernetes on a sandbox host: started, awaited and removed as a whole."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sandbox.hosts import commands, packages, preflight
from sandbox.hosts.errors import HostError
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.kubernetes import addons, binaries, cgroups, control_plane, pause_image
from sandbox.hosts.kubernetes.addresses import API_PORT
from sandbox.hosts.kubernetes.credentials import Credentials
from sandbox.hosts.kubernetes.node import CONTAINERD_SOCKET, PROXY_HEALTH_PORT, VOLUME_PLUGINS, Node
from sandbox.hosts.kubernetes.readiness import answers, succeeds, wait_for
from sandbox.hosts.profiles import cache_dir, profile

PACKAGES = {
    "etcd-server": "etcd",
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "conntrack": "conntrack",
}
_DAEMONS = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "containerd", "kubelet", "kube-proxy",
    "coredns", "metrics-server", "volumes",
)  # fmt: skip
_NODE_INIT = Path(__file__).with_name("node_init.sh")


class KubernetesCluster:
    """The cluster of a profile of kind `kubernetes`."""

    def __init__(self, profile_name: str = "kubernetes") -> None:
        self.profile = profile(profile_name)
        if self.profile.kind != "kubernetes":
            raise HostError(f"profile '{profile_name}' is not for Kubernetes but for {self.profile.kind}")
        self._all = Hosts(self.profile)
        self.host = self._all.hosts[0]
        self._identity = Credentials(self.profile.directory / "pki", self.host.name, self.address)

    @property
    def address(self) -> str:
        """The node: the API server's port 6443, and NodePorts."""
        return self.host.address

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, mode 0600, for KUBECONFIG."""
        return self.profile.directory / "kubeconfig"

    def up(self) -> "KubernetesCluster":
        """Start what does not run and wait until pods, names, metrics and volumes work. Idempotent."""
        preflight.require()
        packages.ensure(PACKAGES)
        programs = binaries.PROGRAMS.ensure()
        self._all.up(PACKAGES)
        self._all.heal(self.host)
        self._prepare()
        node = Node(self.host, programs, self._identity)
        node.write_configuration()
        self._start_containerd(node)
        self._start_control_plane(programs)
        self.host.spawn("kubelet", node.kubelet())
        self.host.spawn("kube-proxy", node.kube_proxy())
        self._start_addons(programs)
        self._wait_ready()
        return self

    def down(self) -> list[str]:
        """Remove the cluster with everything it ran; returns what was removed."""
        return self._all.down()

    def kubectl(self, argv: Sequence[str], stdin: str | None = None, seconds: float = 120) -> str:
        """The output of kubectl as administrator; HostError with what it said when it fails."""
        program = str(binaries.PROGRAMS.directory() / "kubectl")
        return commands.run(program, f"--kubeconfig={self.kubeconfig}", *argv, stdin=stdin, seconds=seconds)

    def status(self) -> list[dict[str, str]]:
        """One row a daemon, and one for the node."""
        rows = [
            {"daemon": name, "state": "running" if self.host.init() and self.host.runs(name) else "stopped"}
            for name in _DAEMONS
        ]
        ready = self._node_ready() if self.host.init() and self.host.runs("kube-apiserver") else False
        node = {"node": self.host.name, "address": self.address, "ready": str(ready).lower()}
        return [*rows, {**node, "kubeconfig": str(self.kubeconfig)}]

    def _prepare(self) -> None:
        live = (str(self.profile.directory.resolve()), str(cache_dir().resolve()))
        self.host.run("bash", str(_NODE_INIT), str(self.host.directory), *live)
        cgroups.make(self.profile)
        self._identity.make()
        if not self.kubeconfig.exists():
            self.kubeconfig.touch(mode=0o600)
            shutil.copyfile(self._identity.kubeconfig("admin"), self.kubeconfig)
        logs = self.profile.directory / "logs"
        if not logs.is_symlink():
            logs.symlink_to(f"{self.host.name}/logs")

    def _start_containerd(self, node: Node) -> None:
        if not self.host.spawn("containerd", node.containerd()):
            return
        ctr = ("ctr", f"--address={CONTAINERD_SOCKET}", "--namespace=k8s.io")
        wait_for(self.host, "containerd answers", succeeds(lambda: self.host.run(*ctr, "version")), 30, "containerd")
        archive = self.host.directory / "pause.tar"
        pause_image.write(node.programs / "pause", archive)
        self.host.run(*ctr, "images", "import", str(archive))

    def _start_control_plane(self, programs: Path) -> None:
        self.host.spawn("etcd", control_plane.etcd(self.host.directory / "etcd"))
        self.host.spawn("kube-apiserver", control_plane.api_server(programs, self._identity))
        ready = self._answers("https", API_PORT, "/readyz")
        wait_for(self.host, "the API server is ready", ready, 120, "etcd", "kube-apiserver")
        manager = control_plane.controller_manager(programs, self._identity, VOLUME_PLUGINS)
        self.host.spawn("kube-controller-manager", manager)
        self.host.spawn("kube-scheduler", control_plane.scheduler(programs, self._identity))

    def _start_addons(self, programs: Path) -> None:
        self.kubectl(["apply", "--validate=false", "-f", "-"], stdin=addons.manifests(self._identity))
        volumes = self.host.directory / "volumes"
        volumes.mkdir(exist_ok=True)
        corefile = self.host.directory / "etc/Corefile"
        self.host.spawn("coredns", addons.coredns(programs, self._identity, corefile))
        self.host.spawn("metrics-server", addons.metrics_server(programs, self._identity))
        self.host.spawn("volumes", addons.volumes(programs, self._identity, volumes))

    def _wait_ready(self) -> None:
        """Each condition with the daemons that bring it about."""
        account = succeeds(lambda: self.kubectl(["get", "serviceaccount", "default"]))
        metrics = ("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes")
        wait_for(self.host, "the node is ready", self._node_ready, 90, "containerd", "kubelet")
        wait_for(self.host, "namespaces have their ServiceAccount", account, 60, "kube-controller-manager")
        wait_for(
            self.host, "cluster DNS answers", self._answers("http", addons.DNS_READY_PORT, "/ready"), 60, "coredns"
        )
        wait_for(self.host, "metrics are served", succeeds(lambda: self.kubectl(metrics)), 90, "metrics-server")
        wait_for(
            self.host, "Services are routed", self._answers("http", PROXY_HEALTH_PORT, "/healthz"), 60, "kube-proxy"
        )
        wait_for(self.host, "every daemon runs", lambda: True, 1, *_DAEMONS)

    def _node_ready(self) -> bool:
        """Whether the kubelet that runs now has said so; the word of one before it stays with the API server."""
        ready = '{.status.conditions[?(@.type=="Ready")]'
        path = f"jsonpath={ready}.status}} {ready}.lastHeartbeatTime}}"
        try:
            status, said_at = self.kubectl(["get", "node", self.host.name, "-o", path]).split()
        except (HostError, ValueError):  # not registered yet
            return False
        started = (self.host.directory / "kubelet.json").stat().st_mtime
        return status == "True" and datetime.fromisoformat(said_at).timestamp() >= int(started)

    def _answers(self, scheme: str, port: int, path: str) -> Callable[[], bool]:
        return answers(f"{scheme}://{self.address}:{port}{path}", self._identity.ca.pair.certificate)
