"""On which nodes tasks may run."""

from collections.abc import Iterator, Mapping

from platforms.base import Refused


def label_constraints(labels: Mapping[str, str]) -> list[str]:
    """A node has all of them (`docker node update --label-add`)."""
    return [f"node.labels.{key}=={value}" for key, value in sorted(labels.items())]


def label_refusals(labels: Mapping[str, str]) -> Iterator[Refused]:
    """Keys that a constraint cannot name."""
    for key in labels:
        if "/" in key:
            yield Refused(
                "node_labels",
                key,
                "a Swarm finds no label with `/` in its key; name one without a domain, and give it to the nodes",
            )
