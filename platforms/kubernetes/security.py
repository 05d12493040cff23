"""Identity and rights of a pod and its container: Pod Security `restricted`, except for agents."""

from collections.abc import Sequence

from pulumi_kubernetes.core import v1 as core

from model import Container, Port
from platforms.kubernetes.cluster import Refuse

_ALLOWED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
_FIRST_UNPRIVILEGED_PORT = 1024


def check_restricted(container: Container, *, origin: str, refuse: Refuse) -> None:
    """Refuse what the namespace's API server would refuse, by the field's name."""
    security = container.security
    if security.run_as_root:
        refuse(
            origin, "container.security.run_as_root", True, "the namespace is `restricted`; use an image with a user"
        )
    elif container.image.uid == 0:
        refuse(origin, "container.image", f"{container.image.ref} (uid 0)", "the namespace is `restricted`; "
               "use an image that runs as a user")  # fmt: skip
    for capability in security.capabilities:
        if capability not in _ALLOWED_CAPABILITIES:
            refuse(
                origin,
                "container.security.capabilities",
                capability,
                "`restricted` allows only NET_BIND_SERVICE; drop it",
            )


def pod_security(container: Container, ports: Sequence[Port]) -> core.PodSecurityContextArgs:
    """The image's identity. Mounted secrets belong to its group (fsGroup)."""
    root = container.security.run_as_root
    lowest = min((port.number for port in ports), default=_FIRST_UNPRIVILEGED_PORT)
    # A capability added to a user's process is lost at exec; the pod's own sysctl opens low ports for it.
    low_ports = [core.SysctlArgs(name="net.ipv4.ip_unprivileged_port_start", value=str(lowest))]
    return core.PodSecurityContextArgs(
        run_as_non_root=not (root or container.image.uid == 0),
        run_as_user=0 if root else container.image.uid,
        run_as_group=0 if root else container.image.gid,
        fs_group=container.image.gid,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
        sysctls=low_ports if lowest < _FIRST_UNPRIVILEGED_PORT else None,
    )


def container_security(container: Container) -> core.SecurityContextArgs:
    """No escalation, no capabilities but the named ones, and a read-only root unless said otherwise."""
    security = container.security
    return core.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=security.read_only_root,
        capabilities=core.CapabilitiesArgs(drop=["ALL"], add=list(security.capabilities) or None),
    )
