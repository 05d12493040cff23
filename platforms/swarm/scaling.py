"""Replicas that follow load: a label by which the scaler knows them. (Swarm itself has no autoscaler.)"""

from collections.abc import Iterator, Mapping

from model import Scaling, Workload
from platforms import scaling as common
from platforms.base import Refused
from platforms.swarm.names import SCALING_LABEL


def refusals(word: Workload) -> Iterator[Refused]:
    """A policy without a metric, and what Swarm has no notion of: cheaper, interruptible hosts."""
    if word.scaling:
        yield from common.refusals(word.scaling)
    if word.prefer_spot:
        yield Refused("prefer_spot", True, "Swarm does not know which hosts are spot instances; leave it out")


def labels(scaling: Scaling | None) -> Mapping[str, str]:
    """Between which counts the gate lets the scaler choose."""
    return {SCALING_LABEL: f"{scaling.min_replicas}-{scaling.max_replicas}"} if scaling else {}
