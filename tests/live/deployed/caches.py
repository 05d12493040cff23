"""The live stack's cache, asked from inside its members."""

from tests.live.deployed.site import Site
from tests.live.deployed.stack import MEMBERS

_PASSWORDS = "/etc/ha-redis"


def master(site: Site) -> int:
    """The ordinal of the member that the Sentinels send clients to."""
    host = sentinel(site, 1, "sentinel get-master-addr-by-name main").split()[0]
    return next(ordinal for ordinal in range(MEMBERS) if f"sessions-redis-{ordinal}" in host)


def redis(site: Site, ordinal: int, command: str) -> str:
    """What a member answers."""
    return _cli(site, site.member("sessions-redis", ordinal), "redis_password", command)


def sentinel(site: Site, ordinal: int, command: str) -> str:
    """What a Sentinel answers."""
    return _cli(site, site.member("sessions-sentinel", ordinal), "sentinel_password", f"-p 26379 {command}")


def _cli(site: Site, replica: str, password: str, command: str) -> str:
    return site.run_in(replica, ["sh", "-c", f"REDISCLI_AUTH=$(cat {_PASSWORDS}/{password}) redis-cli {command}"])
