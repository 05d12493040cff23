"""Identity and rights of a pod and its container: Pod Security as the settings say, except for agents."""

from collections.abc import Iterator, Sequence

from pulumi_kubernetes.core import v1 as core

from model import Container, Port
from platforms.base import Refused
from platforms.kubernetes.settings import KubernetesSettings
from platforms.process import runs_as_root

_ALLOWED_CAPABILITIES = {
    "restricted": frozenset({"NET_BIND_SERVICE"}),
    "baseline": frozenset(
        (
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "MKNOD",
            "NET_BIND_SERVICE",
            "SETFCAP",
            "SETGID",
            "SETPCAP",
            "SETUID",
            "SYS_CHROOT",
        )
    ),
}
"""By level of Pod Security: what the Pod Security Standards let a container add."""
_FIRST_UNPRIVILEGED_PORT = 1024


def admission_refusals(container: Container, settings: KubernetesSettings) -> Iterator[Refused]:
    """What the API server would refuse in the stack's namespace."""
    level = settings.pod_security
    if runs_as_root(container) and level == "restricted":
        yield Refused(
            "container.security.allow_root",
            True,
            "the namespace enforces Pod Security `restricted`, which admits no root; use an image that runs as a user, "
            "or set `platform.pod_security: baseline` for the whole stack",
        )
    for capability in container.security.capabilities:
        if capability not in _ALLOWED_CAPABILITIES[level]:
            allowed = ", ".join(sorted(_ALLOWED_CAPABILITIES[level]))
            yield Refused("container.security.capabilities", capability, f"`{level}` allows only {allowed}; drop it")


def pod_security(container: Container, ports: Sequence[Port], *, apparmor: bool) -> core.PodSecurityContextArgs:
    """The image's identity. Mounted secrets belong to its group (fsGroup)."""
    lowest = min((port.number for port in ports), default=_FIRST_UNPRIVILEGED_PORT)
    # A capability added to a user's process is lost at exec; the pod's own sysctl opens low ports for it.
    low_ports = [core.SysctlArgs(name="net.ipv4.ip_unprivileged_port_start", value=str(lowest))]
    return core.PodSecurityContextArgs(
        run_as_non_root=container.image.uid != 0,
        run_as_user=container.image.uid,
        run_as_group=container.image.gid,
        fs_group=container.image.gid,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
        app_armor_profile=core.AppArmorProfileArgs(type="RuntimeDefault") if apparmor else None,
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
