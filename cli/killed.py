"""What a killed run of the Pulumi CLI was creating, as each platform looks for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_CLOCKS = timedelta(minutes=1)
"""By how much the clocks of this host and of the other ones may differ."""


@dataclass(frozen=True, kw_only=True)
class KilledRun:
    """`created` are resources whose create did not end; `live` are the URNs of the state, `known` its types and ids.
    `began` is when the run did, if that is known. Without `adopt` all is made ready to be removed."""

    created: Sequence[dict[str, Any]]
    live: Collection[str]
    known: Collection[tuple[str, str]]
    began: datetime | None
    adopt: bool

    def is_younger_than(self, made: datetime) -> bool:
        """Whether something was there before this run."""
        return self.began is not None and made < self.began - _CLOCKS


class NotItsOwn(Exception):
    """What has the name of an object that a killed run was creating, but was not made by that run."""


def adopted(resource: Mapping[str, Any], id: str, outputs: Mapping[str, Any], *unready: str) -> dict[str, Any]:
    """A begun resource as a state holds it. With `unready` the next update goes on waiting for it."""
    errors = {"initErrors": list(unready)} if unready else {}
    return {**resource, "id": id, "outputs": {**resource.get("inputs", {}), **outputs}, **errors}
