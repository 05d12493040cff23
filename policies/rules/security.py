"""What a container may do to its host, and to the cluster."""

from collections.abc import Iterator

from rules.rule import KUBERNETES, Rule
from views import Resource, Stack, WorkloadView

_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")
_OF_AN_AGENT = ("/", "/proc", "/sys", "/var/log", "/var/lib/docker/containers", "/etc/machine-id")
"""What an agent on every host may read of it, to tell how the host is."""
_GATE_LABEL, _GATE_COMMAND, _GATE_SOCKET = "ha-platform.docker-gate", "/etc/ha-scaler", "/var/run/docker.sock"
"""The scaler's gate to Docker on a Swarm: our program, which sets counts and passes no request on."""
_HARMLESS = frozenset({"NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"})
_BROAD = ("cluster-admin", "admin", "edit")
_ROLES, _BINDINGS = ("Role", "ClusterRole"), ("RoleBinding", "ClusterRoleBinding")


def _privileged(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if container.is_privileged:
            yield f"{workload.name}: container {container.name} is privileged."
        elif container.may_escalate:
            yield f"{workload.name}: container {container.name} may gain privileges that it was not started with."


def _capable(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if not container.drops_all:
            yield f"{workload.name}: container {container.name} keeps the capabilities that it gets by default."
        if added := sorted(container.added - _HARMLESS):
            yield f"{workload.name}: container {container.name} gets {', '.join(added)}."


def _on_the_host(workload: WorkloadView) -> Iterator[str]:
    for namespace in workload.host_namespaces:
        yield f"{workload.name}: shares the host's {namespace.removeprefix('host') or 'network'}."
    for container in workload.containers:
        for port in container.host_ports:
            yield f"{workload.name}: takes port {port} of its host."
        for mount in container.mounts:
            if mount.kind != "host":
                continue
            if mount.source == _GATE_SOCKET and mount.read_only and _is_gate(workload):
                continue
            if mount.source.endswith(_SOCKETS):
                yield f"{workload.name}: {mount.source} is the container runtime's: who holds it is root on the host."
            elif not (workload.kind == "agent" and mount.read_only and mount.source in _OF_AN_AGENT):
                yield f"{workload.name}: {mount.source or 'a path'} of the host is mounted at {mount.path}."


def _is_gate(workload: WorkloadView) -> bool:
    """Whether it is the gate and nothing else: the label alone would let in whoever says it."""
    networks = (workload.properties.get("taskSpec") or {}).get("networksAdvanceds") or []
    return (
        workload.platform == "swarm"
        and workload.kind == "agent"
        and workload.labels.get(_GATE_LABEL) == "true"
        and len(networks) == 1
        and all(
            container.arguments == ("python3", _GATE_COMMAND) and container.read_only_root and not container.ports
            for container in workload.containers
        )
    )


def _unconfined(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if container.seccomp not in ("RuntimeDefault", "Localhost"):
            yield f"{workload.name}: container {container.name} may make every system call."


def _with_token(stack: Stack) -> Iterator[str]:
    without = {
        (one.namespace, one.object_name)
        for one in stack.of_kind("ServiceAccount")
        if one.properties.get("automountServiceAccountToken") is False
    }
    for workload in stack.workloads:
        if workload.platform == "kubernetes":
            given = workload.pod.get("automountServiceAccountToken")
            account = (workload.namespace, str(workload.pod.get("serviceAccountName") or "default"))
            if given is True or (given is None and account not in without):
                yield f"{workload.name}: a token of the Kubernetes API is mounted."


def _broad(resource: Resource) -> Iterator[str]:
    kind = resource.type.rpartition(":")[2] if resource.type.startswith("kubernetes:rbac") else ""
    if kind in _BINDINGS:
        role = (resource.properties.get("roleRef") or {}).get("name")
        if role in _BROAD:
            yield f"{resource.object_name or resource.name}: binds the role {role}."
    elif kind in _ROLES:
        for rule in resource.properties.get("rules") or []:
            if "*" in [*(rule.get("verbs") or []), *(rule.get("resources") or [])]:
                yield f"{resource.object_name or resource.name}: allows everything of {rule.get('apiGroups') or 'all'}."


RULES = (
    Rule(
        name="no-privileged-container",
        says="No container is privileged or may become so.",
        why="A privileged container can read and change everything on its host.",
        fix="Set `privileged` and `allowPrivilegeEscalation` to false, and give what it needs by name.",
        platforms=KUBERNETES,
        of_workload=_privileged,
    ),
    Rule(
        name="capabilities-are-dropped",
        says="Every container drops all capabilities, and gets back none but NET_BIND_SERVICE.",
        why="The defaults let a process of root change owners, forge packets and make device files.",
        fix="Drop ALL (`capabilities.drop`, `capDrops`), and add none.",
        of_workload=_capable,
    ),
    Rule(
        name="host-is-out-of-reach",
        says="No namespace, port or path of the host is given to a container; agents may read what tells how it is. "
        "The scaler's gate alone has Docker's socket (Swarm), on a network of its own.",
        why="Who breaks into such a container is on the host.",
        fix="Use a volume, a service, or an agent that mounts `/proc`, `/sys` or logs read-only.",
        of_workload=_on_the_host,
    ),
    Rule(
        name="seccomp-is-on",
        says="Every container has the runtime's seccomp profile, or one of the cluster's own.",
        why="It refuses the system calls that most holes of the kernel need. (Docker has it on by default.)",
        fix="Set `securityContext.seccompProfile.type: RuntimeDefault`.",
        platforms=KUBERNETES,
        of_workload=_unconfined,
    ),
    Rule(
        name="no-token-is-mounted",
        says="No pod gets a token of the Kubernetes API.",
        why="Who breaks in could ask the API in the pod's name.",
        fix="Set `automountServiceAccountToken: false`.",
        platforms=KUBERNETES,
        of_stack=_with_token,
    ),
    Rule(
        name="roles-are-narrow",
        says="No role allows everything, and none of the cluster's broad ones is bound.",
        why="cluster-admin in a pod is the whole cluster for who breaks into it.",
        fix="Name the verbs and resources that are needed in a Role of its own.",
        platforms=KUBERNETES,
        of_resource=_broad,
    ),
)
