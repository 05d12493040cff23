"""The live stack's database, asked from inside its members."""

import json
from contextlib import suppress

from drills.site import Site
from drills.stack import MEMBERS
from sandbox.hosts.errors import HostError

WORD, STORE = "main-pg", "main-etcd"


def roles(site: Site) -> dict[str, str]:
    """Member -> role, of those that lead or stream, as the first one that answers says. LookupError: none answers."""
    for ordinal in range(MEMBERS):
        with suppress(OSError, LookupError, ValueError, HostError):
            text = site.run_in(site.member(WORD, ordinal), ["curl", "-s", "http://127.0.0.1:8008/cluster"])
            members = json.loads(text)["members"]
            return {one["name"]: one["role"] for one in members if one["state"] in ("running", "streaming")}
    raise LookupError("no member of the database answers")


def of_role(site: Site, role: str) -> int:
    """The ordinal of a member with a role: leader, sync_standby, replica. LookupError: there is none now."""
    for name, found in roles(site).items():
        if found == role:
            return int(name.rsplit("-", 1)[1])
    raise LookupError(f"no member of the database is {role}")


def query(site: Site, replica: str, text: str) -> str:
    """What one member answers to a query."""
    return site.run_in(replica, ["psql", "-XAtq", "-h", "/tmp", "-U", "postgres", "-d", "postgres", "-c", text]).strip()


def require_well(site: Site) -> None:
    """One leads, one is its synchronous standby where the stack has one, the others stream; a LookupError otherwise."""
    found = roles(site)
    standby = "sync_standby" if site.deployment.settings["databases"]["main"]["synchronous"] else "replica"
    if sorted(found.values()) != ["leader", "replica", standby]:
        raise LookupError(f"database: {found}")


def require_store_well(site: Site) -> None:
    """Each member of the database's store says that it is healthy; a LookupError otherwise."""
    # etcd 3.4 says it on standard error, which only some ways into a container bring along.
    said = site.run_in(site.member(STORE, 0), ["sh", "-c", "etcdctl endpoint health --cluster 2>&1"])
    if said.count("is healthy") != MEMBERS or "unhealthy" in said:
        raise LookupError(f"database's store: {said}")
