"""Kubernetes on sandbox hosts, each of them a node, and its control plane: started, awaited, removed whole."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from sandbox.hosts import commands, packages, preflight
from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.kubernetes import addons, binaries, cgroups, control_plane, pause_image, routes
from sandbox.hosts.kubernetes.addresses import API_PORT
from sandbox.hosts.kubernetes.credentials import Credentials
from sandbox.hosts.kubernetes.node import CONTAINERD_SOCKET, PROXY_HEALTH_PORT, Node
from sandbox.hosts.kubernetes.readiness import answers, succeeds, wait_for
from sandbox.hosts.profiles import Profile, cache_dir, profile

PACKAGES = {
    "etcd-server": "etcd",
    "containerd": "containerd",
    "crun": "crun",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "conntrack": "conntrack",
    "ipset": "ipset",
}
_CONTROL_DAEMONS = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "coredns", "metrics-server", "volumes",
)  # fmt: skip
_NODE_DAEMONS = ("containerd", "kubelet", "kube-proxy", "firewall")
_NODE_INIT = Path(__file__).with_name("node_init.sh")
_CTR = ("ctr", f"--address={CONTAINERD_SOCKET}", "--namespace=k8s.io")


class KubernetesCluster:
    """The cluster of a profile of kind `kubernetes`, by name or as it is."""

    def __init__(self, of: str | Profile = "kubernetes") -> None:
        self.profile = profile(of) if isinstance(of, str) else of
        if self.profile.kind != "kubernetes":
            raise HostError(f"profile '{self.profile.name}' is not for Kubernetes but for {self.profile.kind}")
        self._all = Hosts(self.profile)
        self._identity = Credentials(self.profile.directory / "pki", self.control.address)

    @property
    def control(self) -> Host:
        """Where the control plane runs. It is the switch, which is never cut off: no node has it."""
        return self._all.switch

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The nodes in order, by their names in the cluster."""
        return self._all.hosts

    @property
    def address(self) -> str:
        """The first node: NodePorts answer there, and on every other node."""
        return self.hosts[0].address

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, mode 0600, for KUBECONFIG."""
        return self.profile.directory / "kubeconfig"

    @property
    def volumes(self) -> Path:
        """The directories of the claims. Every node sees all, and mounts those of volumes that are bound to it."""
        return self.profile.directory / "volumes"

    def up(self) -> "KubernetesCluster":
        """Start what does not run and wait until pods, names, metrics, volumes and policies work. Idempotent."""
        preflight.require()
        self._refuse_another_version()
        packages.ensure(PACKAGES)
        programs = binaries.PROGRAMS.ensure()
        self._all.up(PACKAGES)
        nodes = [Node(host, programs, self._identity) for host in self.hosts]
        self._prepare()
        for node in nodes:
            self._all.heal(node.host)
            node.write_configuration()
            node.host.spawn("containerd", node.containerd())
        self._start_control_plane(programs)
        for node in nodes:
            _add_pause_image(node)
            node.host.spawn("kubelet", node.kubelet())
            node.host.spawn("kube-proxy", node.kube_proxy())
        self._start_addons(programs)
        for node in nodes:
            self.wait_ready(node.host)
            node.host.spawn("firewall", node.firewall())
        self._wait_ready()
        return self

    def down(self) -> list[str]:
        """Remove the cluster with everything it ran; returns what was removed."""
        return self._all.down()

    def kill_host(self, index: int) -> None:
        """Cut node `index` (from 0) off the network; its pods go on, alone."""
        self._all.cut(self.hosts[index])

    def heal_host(self, index: int) -> None:
        """Join a cut node again."""
        self._all.heal(self.hosts[index])

    def kubectl(self, argv: Sequence[str], stdin: str | None = None, seconds: float = 120) -> str:
        """The output of kubectl as administrator; HostError with what it said when it fails."""
        program = str(binaries.PROGRAMS.directory() / "kubectl")
        return commands.run(program, f"--kubeconfig={self.kubeconfig}", *argv, stdin=stdin, seconds=seconds)

    def status(self) -> list[dict[str, str]]:
        """One row for the control plane and one a node: which daemons do not run, its link, and whether it is ready."""
        answering = self.control.init() is not None and self.control.runs("kube-apiserver")
        first = {
            "host": "control", "address": self.control.address, "daemons": _daemons(self.control, _CONTROL_DAEMONS),
            "kubeconfig": str(self.kubeconfig),
        }  # fmt: skip
        rows = [
            {
                "host": host.name,
                "address": host.address,
                "daemons": _daemons(host, _NODE_DAEMONS),
                "link": ("up" if self._all.is_linked(host) else "cut") if host.init() else "-",
                "ready": str(self.is_ready(host)).lower() if answering else "-",
            }
            for host in self.hosts
        ]
        return [first, *rows]

    def is_ready(self, host: Host) -> bool:
        """Whether the kubelet that runs now has said so; the word of one before it stays with the API server."""
        ready = '{.status.conditions[?(@.type=="Ready")]'
        path = f"jsonpath={ready}.status}} {ready}.lastHeartbeatTime}}"
        try:
            status, said_at = self.kubectl(["get", "node", host.name, "-o", path]).split()
        except (HostError, ValueError):  # not registered yet
            return False
        record = host.directory / "kubelet.json"
        started = record.stat().st_mtime if record.exists() else 0
        return status == "True" and datetime.fromisoformat(said_at).timestamp() >= int(started)

    def wait_ready(self, host: Host, seconds: float = 90) -> None:
        """Return once the node is ready; HostError after `seconds`."""
        wait_for(host, f"{host.name} is ready", lambda: self.is_ready(host), seconds, "containerd", "kubelet")

    def _refuse_another_version(self) -> None:
        """A cluster whose control plane is elsewhere was made when the first node had it: nothing of it fits."""
        if self.kubeconfig.exists() and f"https://{self.control.address}:" not in self.kubeconfig.read_text():
            name = self.profile.name
            raise HostError(
                f"the cluster of profile '{name}' was made by an older version; remove it, with all that it holds: "
                f"`python -m sandbox.hosts down {name}`"
            )

    def _prepare(self) -> None:
        self.volumes.mkdir(exist_ok=True)
        live = (str(self.profile.directory.resolve()), str(cache_dir().resolve()))
        for host in self.hosts:
            host.run("bash", str(_NODE_INIT), str(host.directory), *live)
            cgroups.make(host)
        routes.make(self.control, self.hosts)
        self._identity.make(host.name for host in self.hosts)
        if not self.kubeconfig.exists():
            self.kubeconfig.touch(mode=0o600)
            shutil.copyfile(self._identity.kubeconfig("admin"), self.kubeconfig)

    def _start_control_plane(self, programs: Path) -> None:
        self.control.spawn("etcd", control_plane.etcd(self.control.directory / "etcd"))
        self.control.spawn("kube-apiserver", control_plane.api_server(programs, self._identity))
        ready = self._answers("https", self.control, API_PORT, "/readyz")
        wait_for(self.control, "the API server is ready", ready, 120, "etcd", "kube-apiserver")
        plugins = self.control.directory / "volume-plugins"
        manager = control_plane.controller_manager(programs, self._identity, plugins)
        self.control.spawn("kube-controller-manager", manager)
        self.control.spawn("kube-scheduler", control_plane.scheduler(programs, self._identity))

    def _start_addons(self, programs: Path) -> None:
        self.kubectl(["apply", "--validate=false", "-f", "-"], stdin=addons.manifests(self._identity))
        corefile = self.control.directory / "Corefile"
        self.control.spawn("coredns", addons.coredns(programs, self._identity, corefile))
        self.control.spawn("metrics-server", addons.metrics_server(programs, self._identity))
        self.control.spawn("volumes", addons.volumes(programs, self._identity, self.volumes))

    def _wait_ready(self) -> None:
        """Each condition with the daemons that bring it about."""
        account = succeeds(lambda: self.kubectl(["get", "serviceaccount", "default"]))
        names = self._answers("http", self.control, addons.DNS_READY_PORT, "/ready")
        metrics = succeeds(lambda: self.kubectl(["get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"]))
        wait_for(self.control, "namespaces have their ServiceAccount", account, 60, "kube-controller-manager")
        wait_for(self.control, "cluster DNS answers", names, 60, "coredns")
        wait_for(self.control, "metrics are served", metrics, 90, "metrics-server")
        wait_for(self.control, "every daemon runs", lambda: True, 1, *_CONTROL_DAEMONS)
        for host in self.hosts:
            routed = self._answers("http", host, PROXY_HEALTH_PORT, "/healthz")
            wait_for(host, f"{host.name} routes Services", routed, 60, "kube-proxy")
            wait_for(host, f"{host.name} enforces policies", partial(_enforces, host), 60, "firewall")
            wait_for(host, "every daemon runs", lambda: True, 1, *_NODE_DAEMONS)

    def _answers(self, scheme: str, host: Host, port: int, path: str) -> Callable[[], bool]:
        return answers(f"{scheme}://{host.address}:{port}{path}", self._identity.ca.pair.certificate)


def _daemons(host: Host, names: Sequence[str]) -> str:
    if not host.init():
        return "stopped"
    return ",".join(f"{name}:stopped" for name in names if not host.runs(name)) or "running"


def _add_pause_image(node: Node) -> None:
    answered = succeeds(lambda: node.host.run(*_CTR, "version"))
    wait_for(node.host, f"containerd of {node.host.name} answers", answered, 30, "containerd")
    if pause_image.PAUSE_IMAGE in node.host.run(*_CTR, "images", "list", "-q").split():
        return
    archive = node.host.directory / "pause.tar"
    pause_image.write(node.programs / "pause", archive)
    node.host.run(*_CTR, "images", "import", str(archive))


def _enforces(host: Host) -> bool:
    """Whether the firewall has written its rules once: the last of them accepts what it has marked."""
    try:
        return "0x20000" in host.run("iptables", "-S", "KUBE-ROUTER-FORWARD")
    except HostError:  # no such chain yet
        return False
