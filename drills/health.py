"""Whether everything that keeps data is as it should be."""

from drills import caches, databases
from drills.site import Site
from drills.stack import MEMBERS, PROXIES, REPLICAS

WORDS = ("main-etcd", "main-pg", "sessions-redis", "sessions-sentinel")


def require_apps(site: Site, *, proxies: int = PROXIES) -> None:
    """Every replica of the application, and the proxies; a LookupError otherwise."""
    found = {word: len(site.replicas(word)) for word in ("web", "edge")}
    if found != {"web": REPLICAS, "edge": proxies}:
        raise LookupError(f"replicas: {found}")


def healthy(site: Site) -> bool:
    """Everybody is there and says so; a LookupError or a ValueError is a no."""
    ready = {word: len(site.ready_members(word)) for word in WORDS}
    if ready != dict.fromkeys(WORDS, MEMBERS):
        raise LookupError(f"ready: {ready}")
    databases.require_store_well(site)
    databases.require_well(site)
    caches.require_well(site)
    return True
