"""The live stack's cache, asked from inside its members."""

from drills.site import Site
from drills.stack import MEMBERS

WORD, SENTINEL = "sessions-redis", "sessions-sentinel"
_PASSWORDS = "/etc/ha-redis"


def master(site: Site) -> int:
    """The ordinal of the member that the Sentinels send clients to."""
    host = sentinel(site, 1, "sentinel get-master-addr-by-name main").split()[0]
    for ordinal in range(MEMBERS):
        if f"{WORD}-{ordinal}" in host:
            return ordinal
    raise LookupError(f"the master is not a member: {host}")


def redis(site: Site, ordinal: int, command: str) -> str:
    """What a member answers."""
    return _cli(site, site.member(WORD, ordinal), "redis_password", command)


def sentinel(site: Site, ordinal: int, command: str) -> str:
    """What a Sentinel answers."""
    return _cli(site, site.member(SENTINEL, ordinal), "sentinel_password", f"-p 26379 {command}")


def role(site: Site, ordinal: int) -> str:
    """What a member is now, in words."""
    return f"{WORD}-{ordinal}: {redis(site, ordinal, 'role').split()[0]}"


def require_well(site: Site) -> None:
    """A master with its replicas, and every Sentinel knows all; a LookupError otherwise."""
    replication = redis(site, master(site), "info replication")
    if replication.count("state=online") != MEMBERS - 1:
        raise LookupError(f"cache: {replication}")
    for ordinal in range(MEMBERS):
        known = sentinel(site, ordinal, "info sentinel")
        if f"slaves={MEMBERS - 1},sentinels={MEMBERS}" not in known or "status=ok" not in known:
            raise LookupError(f"Sentinel {ordinal}: {known}")


def _cli(site: Site, replica: str, password: str, command: str) -> str:
    return site.run_in(replica, ["sh", "-c", f"REDISCLI_AUTH=$(cat {_PASSWORDS}/{password}) redis-cli {command}"])
