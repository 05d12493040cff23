"""What the open internet reaches."""

from collections.abc import Iterator

from pulumi_policy import (
    EnforcementLevel,
    StackValidationPolicy,
)
from rules.base import Resources, stack_policy
from views import balanced_ports

_OPERATORS = {3000: "Grafana", 8404: "HAProxy's status page", 9090: "Prometheus", 9093: "Alertmanager"}
"""The ports of the containers, which their upstream projects chose; the published numbers are anybody's choice."""


def operators_ports_are_not_public(level: EnforcementLevel) -> StackValidationPolicy:
    """Metrics tell how to attack, and who reaches Alertmanager can silence it: neither asks for a password."""
    return stack_policy(
        "operators-ports-are-not-public",
        "A cloud's balancer does not lead to Prometheus, Alertmanager, Grafana or a status page.",
        level,
        _exposed,
    )


def _exposed(resources: Resources) -> Iterator[str]:
    for port in balanced_ports(resources):
        if port.container_port in _OPERATORS:
            yield (
                f"{port.service}: port {port.published} of a cloud's balancer leads to "
                f"{_OPERATORS[port.container_port]} ({port.container_port}); use `kubectl port-forward`."
            )
