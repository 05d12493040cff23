"""One-node Kubernetes on a sandbox host: started, awaited and removed as a whole."""

import shutil
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.hosts import commands, packages, preflight
from sandbox.hosts.errors import HostError
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.kubernetes import addons, binaries, cgroups, control_plane, pause_image
from sandbox.hosts.kubernetes.credentials import Credentials
from sandbox.hosts.kubernetes.node import CONTAINERD_SOCKET, PROXY_HEALTH_PORT, VOLUME_PLUGINS, Node
from sandbox.hosts.profiles import cache_dir, profile
from sandbox.hosts.waiting import wait_until

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
            raise HostError(f"profile '{profile_name}' is no Kubernetes but {self.profile.kind}")
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
        programs = binaries.ensure()
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
        program = str(binaries.directory() / "kubectl")
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
        self._wait("containerd answers", self._succeeds(lambda: self.host.run(*ctr, "version")), 30, "containerd")
        archive = self.host.directory / "pause.tar"
        pause_image.write(node.programs / "pause", archive)
        self.host.run(*ctr, "images", "import", str(archive))

    def _start_control_plane(self, programs: Path) -> None:
        self.host.spawn("etcd", control_plane.etcd(self.host.directory / "etcd"))
        self.host.spawn("kube-apiserver", control_plane.api_server(programs, self._identity))
        ready = self._succeeds(lambda: self.kubectl(["get", "--raw", "/readyz"], seconds=10))
        self._wait("the API server is ready", ready, 90, "etcd", "kube-apiserver")
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
        account = self._succeeds(lambda: self.kubectl(["get", "serviceaccount", "default"]))
        metrics = ("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes")
        self._wait("the node is ready", self._node_ready, 90, "containerd", "kubelet")
        self._wait("namespaces have their ServiceAccount", account, 60, "kube-controller-manager")
        self._wait("cluster DNS answers", self._answers(addons.DNS_READY_PORT, "/ready"), 60, "coredns")
        self._wait("metrics are served", self._succeeds(lambda: self.kubectl(metrics)), 90, "metrics-server")
        self._wait("Services are routed", self._answers(PROXY_HEALTH_PORT, "/healthz"), 60, "kube-proxy")
        self._wait("every daemon runs", lambda: True, 1, *_DAEMONS)

    def _node_ready(self) -> bool:
        path = '{.status.conditions[?(@.type=="Ready")].status}'
        try:
            return self.kubectl(["get", "node", self.host.name, "-o", f"jsonpath={path}"]) == "True"
        except HostError:
            return False

    def _answers(self, port: int, path: str) -> Callable[[], bool]:
        """Whether the node answers 200 there."""

        def answered() -> bool:
            try:
                with urllib.request.urlopen(f"http://{self.address}:{port}{path}", timeout=2) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        return answered

    def _wait(self, what: str, condition: Callable[[], bool], seconds: float, *daemons: str) -> None:
        """Wait, but no longer than the daemons that it depends on run."""

        def holds() -> bool:
            for name in daemons:
                if not self.host.runs(name):
                    log = self.host.directory / f"logs/{name}.log"
                    raise HostError(f"{self.profile.name}: {name} ended: {self.host.last_log(name)} ({log})")
            return condition()

        try:
            wait_until(holds, what, seconds, every=0.2)
        except TimeoutError as error:
            logs = ", ".join(str(self.host.directory / f"logs/{name}.log") for name in daemons)
            raise HostError(f"{self.profile.name}: {error}; see {logs}") from None

    @staticmethod
    def _succeeds(action: Callable[[], object]) -> Callable[[], bool]:
        def succeeded() -> bool:
            try:
                action()
            except HostError:
                return False
            return True

        return succeeded
