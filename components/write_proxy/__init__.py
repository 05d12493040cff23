"""The write endpoint of a store: one address that follows the primary, for clients that cannot look for it."""

from components.write_proxy.proxy import (
    NEVER_SECONDS,
    READY_SECONDS,
    WAITING_PORT,
    PrimaryCheck,
    Reads,
    Waits,
    scraped,
    write_proxy,
)

__all__ = [
    "NEVER_SECONDS",
    "READY_SECONDS",
    "WAITING_PORT",
    "PrimaryCheck",
    "Reads",
    "Waits",
    "scraped",
    "write_proxy",
]
