"""One container: process, variables, files, limits."""

from collections.abc import Sequence

from pulumi_kubernetes.core import v1 as core

from model import Container, Port, Probes
from platforms.kubernetes import probe
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.devices import extended_resources
from platforms.kubernetes.expansion import literal, with_members
from platforms.kubernetes.resources import resource_requirements
from platforms.kubernetes.security import container_security
from platforms.kubernetes.stop import pre_stop
from platforms.kubernetes.volume import Mounts
from platforms.launcher import launch, launched

_POD_INDEX = "metadata.labels['apps.kubernetes.io/pod-index']"


def render_container(
    cluster: Cluster,
    container: Container,
    mounts: Mounts,
    *,
    name: str,
    ports: Sequence[Port] = (),
    probes: Probes | None = None,
    delay_seconds: int = 0,
    members: bool = False,
) -> core.ContainerArgs:
    """The container of a pod. In `members`, its texts may name the member."""
    text = with_members if members else literal
    command, args = _process(container)
    env = _member_env(cluster, name) if members else []
    env += [core.EnvVarArgs(name=key, value=text(value)) for key, value in container.env.items()]
    checks = probe.rendered(launched(probes, container)) if probes else None
    return core.ContainerArgs(
        name=name,
        image=container.image.ref,
        image_pull_policy="IfNotPresent",
        command=[text(part) for part in command] or None,
        args=[text(part) for part in args] or None,
        env=env or None,
        ports=[core.ContainerPortArgs(name=port.name, container_port=port.number) for port in ports] or None,
        volume_mounts=mounts.mounts,
        resources=resource_requirements(
            container.resources,
            scratch_bytes=mounts.disk_bytes,
            writable_root=not container.security.read_only_root,
            extended=extended_resources(container.devices, cluster.settings),
        ),
        security_context=container_security(container),
        startup_probe=checks.startup if checks else None,
        readiness_probe=checks.ready if checks else None,
        liveness_probe=checks.live if checks else None,
        lifecycle=pre_stop(container.stop, delay_seconds=delay_seconds),
        # A crash's last lines reach the pod's status, and with it the reason that a failed update gives.
        termination_message_policy="FallbackToLogsOnError",
    )


def _process(container: Container) -> tuple[Sequence[str], Sequence[str]]:
    if not container.secret_env:
        return container.command, container.args
    return launch(container.secret_env, (*container.command, *container.args)), ()


def _member_env(cluster: Cluster, name: str) -> list[core.EnvVarArgs]:
    """Kubernetes expands these in the variables, command and arguments of each member's pod."""
    return [
        _from_field("MEMBER_NAME", "metadata.name"),
        _from_field("MEMBER_ORDINAL", _POD_INDEX),
        core.EnvVarArgs(name="MEMBER_HOST", value=cluster.names.member_host(name, "$(MEMBER_ORDINAL)")),
    ]


def _from_field(name: str, path: str) -> core.EnvVarArgs:
    selector = core.ObjectFieldSelectorArgs(field_path=path)
    return core.EnvVarArgs(name=name, value_from=core.EnvVarSourceArgs(field_ref=selector))
