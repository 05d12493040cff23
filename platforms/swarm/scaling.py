"""Replicas that follow load: not on Swarm."""

from collections.abc import Iterator

from model import Workload
from platforms.base import Refused


def refusals(word: Workload) -> Iterator[Refused]:
    """Swarm has no autoscaler and no notion of cheaper, interruptible hosts."""
    if word.scaling is not None:
        scaling = word.scaling
        yield Refused(
            "scaling",
            f"{scaling.min_replicas} to {scaling.max_replicas}",
            "Swarm has no autoscaler; set `replicas` to what the highest load needs",
        )
    if word.prefer_spot:
        yield Refused("prefer_spot", True, "Swarm does not know which hosts are spot instances; leave it out")
