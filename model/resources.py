"""Compute that is reserved for a container and the most that it may use."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resources:
    """CPU in thousandths of a core, memory in bytes. A request is reserved by the scheduler, a limit is enforced."""

    cpu_request_millis: int
    cpu_limit_millis: int
    memory_request_bytes: int
    memory_limit_bytes: int
