"""On which nodes tasks may run."""

from collections.abc import Iterable, Iterator, Mapping

from model import Toleration
from platforms.base import Refused


def label_constraints(labels: Mapping[str, str]) -> list[str]:
    """A node has all of them (`docker node update --label-add`)."""
    return [f"node.labels.{key}=={value}" for key, value in sorted(labels.items())]


def toleration_refusals(wanted: Iterable[Toleration]) -> Iterator[Refused]:
    """Nothing repels tasks from a node, so there is nothing to tolerate."""
    if keys := ", ".join(one.key for one in wanted):
        yield Refused(
            "tolerations",
            keys,
            "a Swarm's nodes have no taints; leave it out, and keep hosts for some by `placement.labels` of all others",
        )


def label_refusals(labels: Mapping[str, str]) -> Iterator[Refused]:
    """Keys that a constraint cannot name, and values that it cannot ask for."""
    for key, value in labels.items():
        if not value:
            yield Refused("node_labels", key, "Swarm cannot ask for an empty value; give the label one")
        if "/" in key:
            yield Refused(
                "node_labels",
                key,
                "Swarm cannot find a label with `/` in its key; use one without a domain, and add it to the nodes",
            )
