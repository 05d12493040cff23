"""Cluster DNS, resource metrics and volumes: processes of the control plane, and the manifests that point at them."""

import base64
from pathlib import Path

from sandbox.hosts.kubernetes.addresses import CLUSTER_DOMAIN, DNS_PORT, DNS_SERVICE, METRICS_PORT
from sandbox.hosts.kubernetes.credentials import Credentials

DNS_READY_PORT = 8181
"""CoreDNS answers 200 on /ready here once it has read the cluster's Services."""

_MANIFESTS = Path(__file__).with_name("addons.yaml")

# A name outside the cluster is unknown at once: an upstream that cannot be reached would cost seconds per look-up. Such
# names have a block apart, for CoreDNS asks `template` before `kubernetes` whatever the order here.
_COREFILE = """\
{domain}:{port} in-addr.arpa:{port} ip6.arpa:{port} {{
    errors
    ready {control}:{ready}
    kubernetes {domain} in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
    }}
}}
.:{port} {{
    errors
    template IN ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def manifests(identity: Credentials) -> str:
    """The YAML to apply."""
    text = _MANIFESTS.read_text()
    values = {
        "DNS_SERVICE": DNS_SERVICE,
        "CONTROL": identity.address,
        "DNS_PORT": str(DNS_PORT),
        "METRICS_PORT": str(METRICS_PORT),
        "CA_BUNDLE": base64.b64encode(identity.ca.pair.certificate.read_bytes()).decode(),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def coredns(programs: Path, identity: Credentials, corefile: Path) -> list[str]:
    """Write the Corefile; returns the command line."""
    kubeconfig = identity.kubeconfig("coredns")
    text = _COREFILE.format(
        port=DNS_PORT, control=identity.address, ready=DNS_READY_PORT, domain=CLUSTER_DOMAIN, kubeconfig=kubeconfig
    )
    corefile.write_text(text)
    return [str(programs / "coredns"), f"-conf={corefile}"]


def metrics_server(programs: Path, identity: Credentials) -> list[str]:
    serving = identity.metrics_serving()
    return [
        str(programs / "metrics-server"),
        f"--kubeconfig={identity.kubeconfig('metrics-server')}",
        f"--bind-address={identity.address}",
        f"--secure-port={METRICS_PORT}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
    ]


def volumes(programs: Path, identity: Credentials, root: Path) -> list[str]:
    """`root` is where the claims' directories are made; every node sees it."""
    return [str(programs / "volumes"), f"--kubeconfig={identity.kubeconfig('volumes')}", f"--root={root}"]
