"""Accounts of a cluster: not on Swarm."""

from collections.abc import Iterator, Mapping

from platforms.base import Refused


def refusals(annotations: Mapping[str, str]) -> Iterator[Refused]:
    """Nothing gives a task an identity that a cloud knows."""
    if annotations:
        yield Refused(
            "account_annotations",
            ", ".join(sorted(annotations)),
            "Swarm has no accounts that a cloud knows; leave it out, and give credentials as secrets",
        )
