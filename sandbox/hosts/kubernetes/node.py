"""What a node's own programs read and how they are called: containerd, CNI, kubelet, kube-proxy and the firewall."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox.hosts.host import Host
from sandbox.hosts.kubernetes import cgroups
from sandbox.hosts.kubernetes.addresses import CLUSTER_DOMAIN, DNS_SERVICE, POD_RANGE, SERVICE_RANGE, pods_of
from sandbox.hosts.kubernetes.credentials import Credentials
from sandbox.hosts.kubernetes.pause_image import PAUSE_IMAGE
from sandbox.hosts.registry import ADDRESS as REGISTRY

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
"""/run is the host's own; the kubelet's built-in cAdvisor looks for containerd there and nowhere else."""

VOLUME_PLUGINS = "/var/lib/kubelet/volume-plugins"
"""Empty; the default would be made on the machine, this is in the host (node_init.sh)."""

PROXY_HEALTH_PORT = 10256
"""kube-proxy answers 200 on /healthz here while its rules are up to date."""

_CONTAINERD = """\
version = 2
root = "{data}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{data}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE a score below the daemon's own cannot be set, and no pod would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "crun"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
        BinaryName = "crun"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{data}/etc/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{data}/etc/registries"
"""


@dataclass(frozen=True)
class Node:
    """One node, on a sandbox host."""

    host: Host
    programs: Path
    identity: Credentials

    @property
    def _etc(self) -> Path:
        return self.host.directory / "etc"

    def write_configuration(self) -> None:
        """Write every file that the node's programs read."""
        data = self.host.directory
        containerd = _CONTAINERD.format(data=data, socket=CONTAINERD_SOCKET, pause=PAUSE_IMAGE)
        self._write("containerd.toml", containerd)
        self._write(f"registries/{REGISTRY}/hosts.toml", f'server = "http://{REGISTRY}"\n[host."http://{REGISTRY}"]\n')
        self._write("cni/10-pods.conflist", json.dumps(self._pod_network(), indent=2))
        self._write("pods-resolv.conf", "# cluster DNS is the only resolver of a pod\n")
        self._write("kubelet.yaml", yaml.safe_dump(self._kubelet(), sort_keys=False))
        self._write("kube-proxy.yaml", yaml.safe_dump(self._kube_proxy(), sort_keys=False))

    def containerd(self) -> list[str]:
        return ["containerd", f"--config={self._etc}/containerd.toml"]

    def kubelet(self) -> list[str]:
        return [
            str(self.programs / "kubelet"),
            f"--config={self._etc}/kubelet.yaml",
            f"--kubeconfig={self.identity.kubeconfig(f'kubelet-{self.host.name}')}",
            f"--node-ip={self.host.address}",
            f"--node-labels=topology.kubernetes.io/zone=zone{self.host.index}",
        ]

    def kube_proxy(self) -> list[str]:
        return [str(self.programs / "kube-proxy"), f"--config={self._etc}/kube-proxy.yaml"]

    def firewall(self) -> list[str]:
        """It finds its node by the host's name, and ends where the API server does not know that yet."""
        kubeconfig = self.identity.kubeconfig("firewall")
        return [str(self.programs / "firewall"), f"--kubeconfig={kubeconfig}", f"--services={SERVICE_RANGE}"]

    def _write(self, name: str, text: str) -> None:
        path = self._etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:  # kube-proxy ends when its file is written
            path.write_text(text)

    def _pod_network(self) -> dict[str, object]:
        """Routed pods (one veth pair each, no bridge): a Service's answers pass the node's NAT without br_netfilter.

        The range of all nodes is one network, so that only what leaves the cluster gets a node's address.
        """
        first, *_, last = pods_of(self.host.index).hosts()
        ipam = {
            "type": "host-local",
            "ranges": [[{"subnet": POD_RANGE, "rangeStart": str(first), "rangeEnd": str(last)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        routed = {"type": "ptp", "ipMasq": True, "ipam": ipam}
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [routed, ports]}

    def _kubelet(self) -> dict[str, object]:
        serving = self.identity.kubelet_serving(self.host.name, self.host.address)
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self.identity.ca.pair.certificate)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(serving.certificate),
            "tlsPrivateKeyFile": str(serving.key),
            "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": cgroups.of(self.host),
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "failCgroupV1": False,
            "oomScoreAdj": 0,
            "clusterDNS": [DNS_SERVICE],
            "clusterDomain": CLUSTER_DOMAIN,
            "resolvConf": f"{self._etc}/pods-resolv.conf",
            "volumePluginDir": VOLUME_PLUGINS,
            "serializeImagePulls": False,
            # The machine's disk is shared with others: its filling up must not evict pods or remove images here.
            "evictionHard": {"memory.available": "100Mi"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
        }

    def _kube_proxy(self) -> dict[str, object]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(self.identity.kubeconfig("proxy"))},
            "mode": "iptables",
            "clusterCIDR": POD_RANGE,
            "oomScoreAdj": 0,
            "healthzBindAddress": f"{self.host.address}:{PROXY_HEALTH_PORT}",
            # These sysctls are the machine's, not the namespace's: leave them.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }
