"""Where the cluster is, and what is true of it."""

from collections import Counter
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from guarantees.surroundings import Surroundings
from platforms.kubernetes.front_settings import AnyNamespace, GatewaySettings, IngressSettings, LabelKey
from settings.base import Settings
from settings.references import extended_resource
from settings.types import DeviceName, DnsName, PortNumber, Seconds

NamespaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,53}[a-z0-9])?$")]
"""A DNS label of at most 55 characters: the namespace of the agents adds `-agents`."""

Entry = Literal["load-balancer", "node-port", "cluster-ip", "ingress", "gateway"]

ExtendedResource = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"),
    AfterValidator(extended_resource),
]
"""What a device plugin offers: `vendor.example/name`."""


def _kubeconfig(text: str) -> str:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("there is no such file; name a kubeconfig file that can be read")
    return str(path)


class KubernetesSettings(Settings):
    """A Kubernetes cluster, version 1.31 or later."""

    kind: Literal["kubernetes"]
    kubeconfig: Annotated[str, AfterValidator(_kubeconfig)] | None = None
    """Path of the kubeconfig file. Default: `KUBECONFIG`, then `~/.kube/config`."""
    context: str | None = None
    """Context in that file. Default: its current context."""
    namespace: NamespaceName | None = None
    """Namespace of the stack. Default: `ha-platform-<stack>`. Agents run in `<namespace>-agents`."""
    create_namespace: bool = True
    """False: both namespaces already exist, with their Pod Security labels, and are managed elsewhere."""
    pod_security: Literal["restricted", "baseline"] = "restricted"
    """The Pod Security level that the stack's namespace enforces. `baseline` admits processes that run as root, and
    more capabilities; each app still has to ask for them. With `create_namespace: false`: what your namespace
    enforces."""
    priority_classes: bool | None = None
    """Whether the stack makes PriorityClasses: when a cluster is full it keeps stores first, then applications, then
    exporters. They are objects of the whole cluster. Default: as `create_namespace`."""
    apparmor: bool = False
    """Whether pods demand AppArmor with the runtime's default profile. Nodes that have AppArmor apply it anyway; nodes
    that do not have it (those with SELinux) then refuse the pods."""
    storage_class: DnsName | None = None
    """Class of the members' volumes. Default: the cluster's default class."""
    entry: Entry = "load-balancer"
    """How clients reach published ports: through a cloud's balancer, at a port of every node, only from inside the
    cluster, or through the cluster's own HTTP entry: an `ingress` or a `gateway`, which end TLS and lead to
    `listen.http` alone. Clouds' balancers and HTTP entries offer only the ports for clients; reach Prometheus,
    Alertmanager, Grafana and status pages by `kubectl port-forward`."""
    ingress: IngressSettings | None = None
    """The ingress controller, for entry `ingress`."""
    gateway: GatewaySettings | None = None
    """The Gateway, for entry `gateway`."""
    node_port_offset: int = Field(default=30000, ge=0, le=32766, strict=True)
    """Added to a published port that is not itself a node port (30000-32767), for entry `node-port`."""
    devices: dict[DeviceName, ExtendedResource] = Field(default_factory=lambda: {"gpu": "nvidia.com/gpu"})
    """What the cluster calls the devices of apps, by kind; default: `gpu` is `nvidia.com/gpu`."""
    topology_keys: tuple[LabelKey, ...] = ("topology.kubernetes.io/zone",)
    """Node labels: replicas are spread over their values where possible, and over the nodes."""
    nodes: int | None = Field(default=None, ge=1, strict=True)
    """How many nodes take pods. More members of a database or cache than that, and more replicas with
    `spread: require`, are refused. Default: enough for all."""
    share_nodes: bool = False
    """Lets members of one store, and replicas with `spread: require`, share a node, for a cluster with fewer nodes than
    members. They are kept apart only where possible, and a lost node can take several of them. Previews say so."""
    enforces_network_policy: bool = False
    """Whether the cluster's network enforces NetworkPolicy. It is recorded on the namespace and switches nothing."""
    keda_namespace: AnyNamespace = "keda"
    """Where KEDA runs, which applications with `scaling.metrics` or `scaling.schedules` need: of all other namespaces
    it alone may ask Prometheus."""
    deregistration_delay: Seconds = Field(default=5, ge=0, le=300)
    """How long a terminating replica keeps serving while endpoints, DNS and proxies forget it."""
    balancer_delay: Seconds = Field(default=75, ge=0, le=300)
    """The same for a replica behind a cloud's balancer (entry `load-balancer`), which stops sending to a node only
    after several failed checks: about 10 s on Azure, 20 s at an AWS NLB, 24 s on GKE, 60 s at an AWS classic
    balancer."""
    cluster_domain: DnsName = "cluster.local"
    """Domain under which the cluster's services are named."""
    dns_ports: Annotated[tuple[PortNumber, ...], Field(min_length=1)] = (53, 5353, 8053)
    """Ports of the cluster's DNS as pods see them, behind its Service: 53, OpenShift's 5353 and Gardener's 8053 by
    default. Port 53 is open to any address, others to pods of `kube-system` and `openshift-dns`."""
    egress: tuple[IPv4Network, ...] = (IPv4Network("0.0.0.0/0"),)
    """Outside ranges that applications and monitoring may connect to. Private and link-local ranges (the cluster, a
    cloud's metadata service) stay denied inside a wider range; name them to allow them."""

    def surroundings(self) -> Surroundings:
        """A member's name is that of a Service, whose address stays."""
        return Surroundings(
            restart_millis=1_000,
            restart_source="a kubelet looks at its containers every second; one that ended once starts again at once",
            start_millis=2_000,
            start_source="as on a Swarm",
            look_up_millis=5_000,
            look_up_source="the C library asks a DNS server that does not answer for 5 s: one may be on the lost host",
            stable_addresses=True,
            hosts=self.nodes,
            together=self.share_nodes,
            forget_seconds=self.deregistration_delay,
            forget_public_seconds=self.public_delay,
        )

    @property
    def public_delay(self) -> int:
        """Seconds until what a cloud's balancer leads to is forgotten by all: it takes longest."""
        if self.entry == "load-balancer":
            return max(self.balancer_delay, self.deregistration_delay)
        return self.deregistration_delay

    @field_validator("devices")
    @classmethod
    def _devices_differ(cls, devices: dict[str, str]) -> dict[str, str]:
        for name, times in Counter(devices.values()).items():
            if times > 1:
                raise ValueError(f"two kinds are {name}; give it one name")
        return devices

    @model_validator(mode="after")
    def _entry_is_described(self) -> Self:
        for name, given in (("ingress", self.ingress), ("gateway", self.gateway)):
            if self.entry == name and given is None:
                raise ValueError(f"`entry: {name}` needs `{name}`, which names who passes requests on")
            if self.entry != name and given is not None:
                raise ValueError(f"`{name}` has no effect without `entry: {name}`")
        return self

    @property
    def front(self) -> IngressSettings | GatewaySettings | None:
        """What ends TLS in front of the proxies, where the entry is such a thing."""
        return self.ingress or self.gateway
