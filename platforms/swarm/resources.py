"""CPU and memory of a task."""

from collections.abc import Mapping

import pulumi_docker as docker

from model import Resources

_NANOS_PER_MILLI = 1_000_000


def resources(word: Resources, devices: Mapping[str, int]) -> docker.ServiceTaskSpecResourcesArgs:
    """What the scheduler reserves and what the kernel enforces; CPU in billionths of a core.

    Devices are generic resources, which each daemon offers by its own settings. A number is asked for, also of those
    that have names there: the scheduler chooses which.
    """
    generic = docker.ServiceTaskSpecResourcesReservationGenericResourcesArgs(
        discrete_resources_specs=[f"{kind}={count}" for kind, count in sorted(devices.items())]
    )
    return docker.ServiceTaskSpecResourcesArgs(
        reservation=docker.ServiceTaskSpecResourcesReservationArgs(
            nano_cpus=word.cpu_request_millis * _NANOS_PER_MILLI,
            memory_bytes=word.memory_request_bytes,
            generic_resources=generic if devices else None,
        ),
        limits=docker.ServiceTaskSpecResourcesLimitsArgs(
            nano_cpus=word.cpu_limit_millis * _NANOS_PER_MILLI, memory_bytes=word.memory_limit_bytes
        ),
    )
