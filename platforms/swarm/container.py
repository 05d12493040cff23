"""The container of any word as the container part of a Swarm task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_docker as docker

from model import Container, SecretRef
from platforms.durations import go_duration
from platforms.launcher import launch
from platforms.mounts import all_files, all_scratch, normal
from platforms.process import runs_as_root
from platforms.swarm import config_file, secret, shared
from platforms.swarm.expansion import literal
from platforms.swarm.names import ALLOW_ROOT_LABEL, task_labels
from platforms.swarm.resources import resources
from platforms.swarm.settings import RESTART_MILLIS, SwarmSettings
from platforms.swarm.volume import scratch_mount


@dataclass(frozen=True, kw_only=True)
class Task:
    """A container and what its word adds to it."""

    container: Container
    labels: Mapping[str, str]
    healthcheck: docker.ServiceTaskSpecContainerSpecHealthcheckArgs
    mounts: Sequence[docker.ServiceTaskSpecContainerSpecMountArgs] = ()
    hostname: str | None = None
    variables: Mapping[str, str] | None = None
    """Values of `$(NAME)` in env, command and args."""


def container_spec(task: Task, settings: SwarmSettings) -> docker.ServiceTaskSpecContainerSpecArgs:
    """The container part of a task, with the strict defaults: no capabilities, read-only root, own small /tmp."""
    container = task.container
    uid, gid, files = container.image.uid, container.image.gid, all_files(container)
    command = launch(container.secret_env, container.command) if container.secret_env else container.command
    fill = _Substitution(task.variables or {})
    return docker.ServiceTaskSpecContainerSpecArgs(
        image=container.image.ref,
        commands=[fill(word) for word in command] or None,
        args=[fill(word) for word in container.args] or None,
        env={name: literal(fill(value)) for name, value in container.env.items()} or None,
        labels=task_labels({**task.labels, **({ALLOW_ROOT_LABEL: "true"} if runs_as_root(container) else {})}),
        hostname=task.hostname,
        user=f"{uid}:{gid}",
        read_only=container.security.read_only_root,
        cap_drops=["ALL"],
        cap_adds=[f"CAP_{name.removeprefix('CAP_')}" for name in container.security.capabilities] or None,
        secrets=[
            secret.mounted(file.source, normal(file.path), uid, gid)
            for file in files
            if isinstance(file.source, SecretRef)
        ]
        or None,
        configs=[
            config_file.mounted(file.source, normal(file.path))
            for file in files
            if not isinstance(file.source, SecretRef)
        ]
        or None,
        mounts=[
            *task.mounts,
            *(shared.mount(mount) for mount in container.shared),
            *(scratch_mount(directory) for directory in all_scratch(container)),
        ],
        healthcheck=task.healthcheck,
        stop_signal=container.stop.signal,
        stop_grace_period=go_duration(container.stop.grace_seconds),
        dns_config=docker.ServiceTaskSpecContainerSpecDnsConfigArgs(
            nameservers=[str(address) for address in settings.nameservers], options=list(settings.resolver_options)
        ),
    )


def task_spec(
    task: Task,
    settings: SwarmSettings,
    *,
    networks: Sequence[docker.ServiceTaskSpecNetworksAdvancedArgs],
    placement: docker.ServiceTaskSpecPlacementArgs | None = None,
    restart_policy: docker.ServiceTaskSpecRestartPolicyArgs | None = None,
) -> docker.ServiceTaskSpecArgs:
    """A whole task: restarted whenever it ends, its log kept on the host in files that rotate."""
    return docker.ServiceTaskSpecArgs(
        container_spec=container_spec(task, settings),
        resources=resources(task.container.resources, task.container.devices),
        networks_advanceds=networks,
        placement=placement,
        restart_policy=restart_policy or restarted(RESTART_MILLIS),
        log_driver=docker.ServiceTaskSpecLogDriverArgs(name="json-file", options={"max-size": "10m", "max-file": "3"}),
    )


def restarted(millis: int) -> docker.ServiceTaskSpecRestartPolicyArgs:
    """Whenever it ends, so long after that."""
    delay = go_duration(millis // 1000) if millis % 1000 == 0 else f"{millis}ms"
    # The zeros are the defaults: the real provider stores them, and a preview would remove what is not written.
    return docker.ServiceTaskSpecRestartPolicyArgs(condition="any", delay=delay, max_attempts=0, window="0s")


@dataclass(frozen=True)
class _Substitution:
    variables: Mapping[str, str]

    def __call__(self, text: str) -> str:
        for name, value in self.variables.items():
            text = text.replace(f"$({name})", value)
        return text
