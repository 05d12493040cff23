"""CPU and memory: presets and own values."""

from typing import Literal

from pydantic import model_validator

from model import Resources
from model.units import MIB
from settings.base import Settings
from settings.types import CpuMillis, MemoryBytes

Size = Literal["small", "medium", "large"]
LEAST_MEMORY = 6 * MIB
"""Docker refuses less when it makes the container (`minimum memory limit allowed is 6MB`)."""

PRESETS: dict[str, Resources] = {
    "small": Resources(
        cpu_request_millis=250, cpu_limit_millis=1000, memory_request_bytes=256 * MIB, memory_limit_bytes=1024 * MIB
    ),
    "medium": Resources(
        cpu_request_millis=500, cpu_limit_millis=2000, memory_request_bytes=512 * MIB, memory_limit_bytes=2048 * MIB
    ),
    "large": Resources(
        cpu_request_millis=1000, cpu_limit_millis=4000, memory_request_bytes=1024 * MIB, memory_limit_bytes=4096 * MIB
    ),
}
"""Under 100 users, 100 to 1000, and above: the sizes that AI-chat platforms in the field run with."""


def reserved(*, cpu_millis: int, memory_bytes: int) -> Resources:
    """Request and limit alike, for stores: what they may use is theirs, and they are the last to be evicted."""
    return Resources(
        cpu_request_millis=cpu_millis,
        cpu_limit_millis=cpu_millis,
        memory_request_bytes=memory_bytes,
        memory_limit_bytes=memory_bytes,
    )


class ResourcesSettings(Settings):
    """Own CPU and memory. The request is reserved, the limit enforced."""

    cpu_request: CpuMillis
    """Reserved CPU: `250m`."""
    cpu_limit: CpuMillis
    """Most CPU: `1`."""
    memory_request: MemoryBytes
    """Reserved memory: `256Mi`."""
    memory_limit: MemoryBytes
    """Most memory; above it the process is killed."""

    @model_validator(mode="after")
    def _limits_cover_requests(self) -> "ResourcesSettings":
        problems = []
        if self.cpu_limit < self.cpu_request:
            problems.append("`cpu_limit` is below `cpu_request`")
        if self.memory_limit < LEAST_MEMORY:
            problems.append("`memory_limit` is below 6Mi, Docker's minimum")
        if self.memory_limit < self.memory_request:
            problems.append("`memory_limit` is below `memory_request`")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def resources(self) -> Resources:
        """The neutral word."""
        return Resources(
            cpu_request_millis=self.cpu_request,
            cpu_limit_millis=self.cpu_limit,
            memory_request_bytes=self.memory_request,
            memory_limit_bytes=self.memory_limit,
        )
