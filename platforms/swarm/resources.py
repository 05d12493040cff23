"""CPU and memory of a task."""

import pulumi_docker as docker

from model import Resources

_NANOS_PER_MILLI = 1_000_000


def resources(word: Resources) -> docker.ServiceTaskSpecResourcesArgs:
    """What the scheduler reserves and what the kernel enforces; CPU in billionths of a core."""
    return docker.ServiceTaskSpecResourcesArgs(
        reservation=docker.ServiceTaskSpecResourcesReservationArgs(
            nano_cpus=word.cpu_request_millis * _NANOS_PER_MILLI, memory_bytes=word.memory_request_bytes
        ),
        limits=docker.ServiceTaskSpecResourcesLimitsArgs(
            nano_cpus=word.cpu_limit_millis * _NANOS_PER_MILLI, memory_bytes=word.memory_limit_bytes
        ),
    )
