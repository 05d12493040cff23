"""What the drilled stack is set to: as the product sets it, or as others ship theirs."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from drills.deployment import Change, Settings
from drills.errors import DrillError
from drills.fault import Fault

PRODUCT = "product"
"""The live stack with the product's defaults."""
FAST = "fast"
"""The product's defaults, and the shortest time after which replicas take a lost primary's lock."""
STOCK = "stock"
_OF_TIMERS = (
    *("app-replica-killed", "proxy-killed", "postgres-killed", "switchover", "redis-killed", "redis-stopped"),
    *("all-restarted", "host-lost-with-primary", "host-lost-with-master"),
)


@dataclass(frozen=True)
class Setting:
    """What is changed in the live stack, and the faults in which that can be seen; empty: all."""

    change: Change
    faults: tuple[str, ...] = ()

    def of(self, faults: Mapping[str, type[Fault]]) -> dict[str, type[Fault]]:
        """Those that are drilled with it."""
        return {name: fault for name, fault in faults.items() if not self.faults or name in self.faults}


def _product(_: Settings) -> None:
    """Nothing is changed."""


def _fast(settings: Settings) -> None:
    """For a quiet network: a second without an answer is a loss."""
    settings["databases"]["main"]["failover"]["release_after"] = "1s"


def _stock(settings: Settings) -> None:
    """Patroni as it starts without settings (30, 10, 10 s, asynchronous: its documentation of dynamic settings);
    Sentinel with the 10 s and 60 s of hand-written files, and a master that takes writes alone, as Redis ships it; an
    entry that tries nothing again. The checks of the proxies are the product's own: they cannot be set."""
    database, cache = settings["databases"]["main"], settings["caches"]["sessions"]
    database["synchronous"] = False
    database["failover"] = {"ttl": "30s", "loop_wait": "10s", "retry_timeout": "10s"}
    cache["timers"] = {"down_after": "10s", "failover_timeout": "60s"}
    cache["min_replicas"] = {"to_write": 0}
    for route in settings["balancers"]["edge"]["routes"]:
        route["retries"] = None


SETTINGS = {
    PRODUCT: Setting(_product),
    FAST: Setting(_fast, ("postgres-killed", "host-lost-with-primary", "split")),
    STOCK: Setting(_stock, _OF_TIMERS),
}
"""By the name that a result has."""


def setting_of(text: str) -> str:
    """The name of a setting; empty: the product's."""
    name = text.strip() or PRODUCT
    if name not in SETTINGS:
        near = difflib.get_close_matches(name, SETTINGS, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise DrillError(f"SETTING={text} is not a setting of drills.{meant} Write one of: {', '.join(SETTINGS)}.")
    return name
