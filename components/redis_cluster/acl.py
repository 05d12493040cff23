"""Who may do what in a member: a user for each part of the cluster, and one for each application.

Sources: the section "ACL rules for Sentinel and replicas" of Redis's manual, what the scripts of `files/` send, what
`redis-cli --cluster` sends to move slots, and the table of commands of redis_exporter, less what a scrape without keys
does not send.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

MEMBER, MOVER, EXPORTER, CLIENT = "ha_member", "ha_mover", "ha_exporter", "ha_client"
"""The members, who gives slots to shards, the exporter, and clients that no stack names."""
PARTS = (MEMBER, MOVER, EXPORTER)

AppCommand = Literal["client|list", "flushall", "flushdb", "keys", "restore", "sort", "sort_ro"]
"""A command that Redis calls dangerous and that an application may be given."""

_CLIENT = "~* &* +@all -@admin -@dangerous +info +role"
"""INFO and ROLE are what libraries ask to find out whether the server is ready. `CLUSTER SLOTS` and its like are
neither dangerous nor for administrators."""
_OF_ROLE: Mapping[str, tuple[AppCommand, ...]] = {"cache": ("flushdb",)}
"""To empty a cache is part of its use."""
_OWN = {
    MEMBER: "resetchannels +psync +replconf +ping +info +cluster +config|set",
    MOVER: "~* resetchannels +ping +info +select +cluster +migrate +restore +restore-asking +asking +dump +del +exists",
    EXPORTER: "resetchannels +ping +info +cluster|info +client|setname +slowlog|get +slowlog|len +latency|latest "
    "+latency|histogram",
}


def app_user(app: str) -> str:
    """What an application logs in as."""
    return f"app-{app}"


def acl_file(own: Mapping[str, str], apps: Mapping[str, str], role: str, commands: Iterable[AppCommand]) -> str:
    """The file of users. `own` and `apps` are user -> password. Nobody logs in without a user's name."""
    allowed = " ".join(f"+{command}" for command in sorted({*_OF_ROLE.get(role, ()), *commands}))
    lines = ["user default off"]
    lines += [f"user {user} on >{password} {_OWN[user]}" for user, password in sorted(own.items())]
    lines += [f"user {user} on >{password} {_CLIENT} {allowed}".rstrip() for user, password in sorted(apps.items())]
    return "".join(f"{line}\n" for line in lines)
