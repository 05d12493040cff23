"""Who the cluster's parts are to each other: certificates, kubeconfig files, and the key of ServiceAccount tokens."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization

from sandbox.hosts.kubernetes.addresses import API_PORT, API_SERVICE, CLUSTER_DOMAIN
from sandbox.hosts.kubernetes.certificates import Authority, Pair, new_key

_CLIENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": ("admin", ("system:masters",)),
    "controller-manager": ("system:kube-controller-manager", ()),
    "scheduler": ("system:kube-scheduler", ()),
    "proxy": ("system:kube-proxy", ()),
    "coredns": ("system:coredns", ()),
    "metrics-server": ("system:metrics-server", ()),
    "volumes": ("system:persistent-volume-provisioner", ()),
    "firewall": ("system:network-policy", ()),
}
"""File name -> (user, groups). RBAC knows the first four by itself; addons.yaml binds the others."""


@dataclass(frozen=True)
class Credentials:
    """The files in `directory`, for a control plane at `address`; `make` writes those that are missing."""

    directory: Path
    address: str

    def make(self, nodes: Iterable[str]) -> None:
        """Write what is not there: keys with mode 0600 in a directory with mode 0700."""
        for name, (user, groups) in _CLIENTS.items():
            self._kubeconfig(name, self.ca.issue(name, user, groups))
        for node in nodes:
            client = f"kubelet-{node}"
            self._kubeconfig(client, self.ca.issue(client, f"system:node:{node}", ("system:nodes",)))
        if not self.token_key.exists():
            public = new_key(self.token_key).public_key()
            self.token_public_key.write_bytes(
                public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            )

    @property
    def ca(self) -> Authority:
        """Signs every server and client of the cluster."""
        return Authority(self.directory)

    @property
    def front_proxy_ca(self) -> Authority:
        """Signs only the API server's identity towards aggregated APIs: it may name any user, so it is a CA apart."""
        return Authority(self.directory, "front-proxy-ca")

    def api_server(self) -> Pair:
        service = "kubernetes.default.svc"
        names = ("kubernetes", "kubernetes.default", service, f"{service}.{CLUSTER_DOMAIN}", "localhost")
        return self.ca.issue("apiserver", "kube-apiserver", hosts=(self.address, API_SERVICE, "127.0.0.1", *names))

    def api_server_to_kubelet(self) -> Pair:
        return self.ca.issue("apiserver-kubelet-client", "kube-apiserver-kubelet-client", ("system:masters",))

    def kubelet_serving(self, node: str, address: str) -> Pair:
        return self.ca.issue(f"kubelet-{node}-serving", f"system:node:{node}", hosts=(node, address))

    def front_proxy(self) -> Pair:
        return self.front_proxy_ca.issue("front-proxy-client", "front-proxy-client")

    def metrics_serving(self) -> Pair:
        return self.ca.issue(
            "metrics-serving", "metrics-server", hosts=("metrics-server.kube-system.svc", self.address)
        )

    @property
    def token_key(self) -> Path:
        return self.directory / "service-account.key"

    @property
    def token_public_key(self) -> Path:
        return self.directory / "service-account.pub"

    def kubeconfig(self, client: str) -> Path:
        """The kubeconfig of `admin`, `scheduler`, `kubelet-host1`, ..."""
        return self.directory / f"{client}.kubeconfig"

    def _kubeconfig(self, client: str, pair: Pair) -> None:
        path = self.kubeconfig(client)
        if path.exists():
            return
        name = "ha-platform-sandbox"
        cluster = {
            "server": f"https://{self.address}:{API_PORT}",
            "certificate-authority-data": _encoded(self.ca.pair.certificate),
        }
        user = {"client-certificate-data": _encoded(pair.certificate), "client-key-data": _encoded(pair.key)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": client, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": client}}],
            "current-context": name,
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content, sort_keys=False))


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
