"""Replicas that follow load: not on Swarm."""

from collections.abc import Iterator

from model import Workload


def refusals(word: Workload) -> Iterator[tuple[str, object, str]]:
    """Swarm has no autoscaler and no notion of cheaper, interruptible hosts."""
    if word.scaling is not None:
        scaling = word.scaling
        yield (
            "scaling",
            f"{scaling.min_replicas} to {scaling.max_replicas}",
            "Swarm has no autoscaler; set `replicas` to what the highest load needs",
        )
    if word.prefer_spot:
        yield "prefer_spot", True, "Swarm does not know which hosts are spot instances; leave it out"
