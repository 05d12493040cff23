"""Names and labels on a Swarm. They are one-way doors: renaming a service or volume replaces it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_docker as docker

from model import Tier
from platforms.base import Refused

STACK_LABEL = "ha-platform.stack"
COMPONENT_LABEL = "ha-platform.component"
ORIGIN_LABEL = "ha-platform.origin"
"""On services: the YAML path of the settings that a word comes from."""
NOT_SECRET_LABEL = "ha-platform.not-secret"
"""On a config: what looks like a secret in it is none."""
JOB_LABEL = "ha-platform.job"
"""Marks a gate: it ran once and parks, and is not a server whose loss would be an outage."""

SCALING_LABEL = "ha-platform.scaling"
"""On a service whose count the scaler sets: `<least>-<most>`. What has no such label it cannot touch."""
DOCKER_GATE_LABEL = "ha-platform.docker-gate"
"""On the one service that has the socket of Docker: policies look for it."""

ALLOW_ROOT_LABEL = "ha-platform.allow-root"
"""On containers that run as root because the stack file says so: policies look for it."""

LONGEST_SERVICE_NAME = 63
"""Docker refuses longer ones: they are DNS labels."""


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

    def shared_volume(self, name: str, made_from: str) -> str:
        """A volume that several words mount, by what it is made from."""
        return f"{self.stack}-{name}-{made_from}"

    def network(self, tier: Tier) -> str:
        """The overlay of a tier."""
        return f"{self.stack}-{tier}"

    def private_network(self, name: str) -> str:
        """Of a word that only words of its choice connect to."""
        return f"{self.stack}-{name}-private"

    def labels(self, name: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The labels of what belongs to the word `name`."""
        return {STACK_LABEL: self.stack, COMPONENT_LABEL: name, **(extra or {})}


def refusals(*services: str) -> Iterator[Refused]:
    """A service name that is too long."""
    for name in services:
        if len(name) > LONGEST_SERVICE_NAME:
            yield Refused("name", name, f"a service name has at most {LONGEST_SERVICE_NAME} characters; shorten it")


def service_labels(labels: Mapping[str, str]) -> list[docker.ServiceLabelArgs]:
    """Labels of a service, as the provider takes them."""
    return [docker.ServiceLabelArgs(label=label, value=value) for label, value in sorted(labels.items())]


def task_labels(labels: Mapping[str, str]) -> list[docker.ServiceTaskSpecContainerSpecLabelArgs]:
    """Labels of the containers of a service, as the provider takes them."""
    return [
        docker.ServiceTaskSpecContainerSpecLabelArgs(label=label, value=value)
        for label, value in sorted(labels.items())
    ]


def label_of(service: Mapping[str, Any], label: str) -> str | None:
    """The value of a label in a service's inputs, as a state or a hook has them; None: it has no such label."""
    return next((one["value"] for one in service.get("labels") or () if one.get("label") == label), None)
