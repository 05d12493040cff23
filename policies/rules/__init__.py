"""The rules, one file a topic."""

from rules import (
    backups,
    changes,
    data,
    disruption,
    exposure,
    identity,
    images,
    network,
    placement,
    probes,
    references,
    replicas,
    resources,
    secrets,
    security,
    services,
    watched,
)
from rules.rule import Rule

_TOPICS = (
    *(images, secrets, resources, identity, security, network, exposure, replicas, placement, disruption),
    *(probes, services, changes, references, data, backups, watched),
)
RULES: tuple[Rule, ...] = tuple(rule for topic in _TOPICS for rule in topic.RULES)
"""All of them, in the order of the documentation."""
