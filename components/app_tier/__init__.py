"""Application tiers: web applications, APIs and workers."""

from components.app_tier.component import AppTier
from components.app_tier.settings import AppTierSettings

__all__ = ["AppTier", "AppTierSettings"]
