"""The command lines of etcd, the API server, the controller manager and the scheduler."""

from pathlib import Path

from sandbox.hosts.kubernetes.addresses import API_PORT, CLUSTER_DOMAIN, POD_RANGE, SERVICE_RANGE
from sandbox.hosts.kubernetes.credentials import Credentials

_ETCD = "http://127.0.0.1:2379"
"""Loopback of the control plane's own namespace: neither pods nor the machine reach it."""

_UNUSED = (
    "certificatesigningrequest-approving",
    "certificatesigningrequest-cleaner",
    "certificatesigningrequest-signing",
    "persistentvolume-attach-detach",
)
"""Controllers without work here: nobody asks for certificates, no volume is attached over a network."""


def etcd(data: Path) -> list[str]:
    return [
        "etcd",
        f"--data-dir={data}",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--auto-compaction-retention=30m",
    ]


def api_server(programs: Path, identity: Credentials) -> list[str]:
    serving, kubelet, proxy = identity.api_server(), identity.api_server_to_kubelet(), identity.front_proxy()
    return [
        str(programs / "kube-apiserver"),
        f"--etcd-servers={_ETCD}",
        f"--advertise-address={identity.address}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--client-ca-file={identity.ca.pair.certificate}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        f"--service-account-signing-key-file={identity.token_key}",
        f"--service-account-key-file={identity.token_public_key}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",  # on top of the defaults, PodSecurity among them
        "--allow-privileged=true",
        f"--kubelet-certificate-authority={identity.ca.pair.certificate}",
        f"--kubelet-client-certificate={kubelet.certificate}",
        f"--kubelet-client-key={kubelet.key}",
        "--kubelet-preferred-address-types=InternalIP",  # node names are in no DNS
        f"--requestheader-client-ca-file={identity.front_proxy_ca.pair.certificate}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={proxy.certificate}",
        f"--proxy-client-key-file={proxy.key}",
        "--enable-aggregator-routing=true",  # to the endpoints of aggregated APIs, not through kube-proxy
        "--event-ttl=30m",
        "--profiling=false",
    ]


def controller_manager(programs: Path, identity: Credentials, volume_plugins: Path) -> list[str]:
    return [
        str(programs / "kube-controller-manager"),
        *_client(identity, "controller-manager"),
        "--use-service-account-credentials=true",  # each controller has its own role
        f"--root-ca-file={identity.ca.pair.certificate}",
        f"--service-account-private-key-file={identity.token_key}",
        f"--cluster-cidr={POD_RANGE}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--flex-volume-plugin-dir={volume_plugins}",  # it makes this directory
        "--allocate-node-cidrs=false",  # each node's range is in its CNI configuration
        f"--controllers={','.join(('*', *(f'-{name}-controller' for name in _UNUSED)))}",
    ]


def scheduler(programs: Path, identity: Credentials) -> list[str]:
    return [str(programs / "kube-scheduler"), *_client(identity, "scheduler")]


def _client(identity: Credentials, name: str) -> list[str]:
    """What both share: one instance needs no election."""
    kubeconfig = identity.kubeconfig(name)
    return [
        *(f"--{flag}={kubeconfig}" for flag in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")),
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
    ]
