"""Names and labels on a Swarm. They are one-way doors: renaming a service or volume replaces it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_docker as docker

from model import Tier

STACK_LABEL = "ha-platform.stack"
COMPONENT_LABEL = "ha-platform.component"


@dataclass(frozen=True, kw_only=True)
class Names:
    """Everything of a stack is named `<stack>-<word>`, for service and network names are shared by a whole Swarm."""

    stack: str

    def service(self, name: str) -> str:
        """The service of a word, which is also its DNS name."""
        return f"{self.stack}-{name}"

    def member(self, name: str, ordinal: int) -> str:
        """The service, the DNS name and the volume of one member."""
        return f"{self.stack}-{name}-{ordinal}"

    def network(self, tier: Tier) -> str:
        return f"{self.stack}-{tier}"

    def labels(self, name: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The labels of what belongs to the word `name`."""
        return {STACK_LABEL: self.stack, COMPONENT_LABEL: name, **(extra or {})}


def service_labels(labels: Mapping[str, str]) -> list[docker.ServiceLabelArgs]:
    return [docker.ServiceLabelArgs(label=label, value=value) for label, value in sorted(labels.items())]


def task_labels(labels: Mapping[str, str]) -> list[docker.ServiceTaskSpecContainerSpecLabelArgs]:
    return [
        docker.ServiceTaskSpecContainerSpecLabelArgs(label=label, value=value)
        for label, value in sorted(labels.items())
    ]
