"""How an application's replicas end their requests."""

from components.app_tier.container import grace_seconds
from components.app_tier.settings import AppTierSettings
from components.kind import Part
from guarantees.drain import Drain


def drain(part: Part[AppTierSettings]) -> Drain:
    """A stopping replica has its longest request, and a margin."""
    return Drain(
        name=part.name,
        work_seconds=part.settings.longest_request,
        grace_seconds=grace_seconds(part.settings),
        forgotten=bool(part.settings.port or part.settings.ports),
    )
