"""Who may connect to whom: by tier, fixed when a workload is created."""

from enum import StrEnum


class Tier(StrEnum):
    """Where a workload stands in the stack."""

    EDGE = "edge"  # proxies that the outside reaches
    APP = "app"  # applications and workers
    DATA = "data"  # databases, caches, their proxies and consensus stores
    MONITORING = "monitoring"  # scrapes everything


REACHES: dict[Tier, tuple[Tier, ...]] = {
    Tier.EDGE: (Tier.EDGE, Tier.APP),
    Tier.APP: (Tier.APP, Tier.DATA),
    Tier.DATA: (Tier.DATA,),
    Tier.MONITORING: (Tier.MONITORING, Tier.EDGE, Tier.APP, Tier.DATA),
}
"""The tiers that a workload of a tier may open connections to. Everything else is denied."""
