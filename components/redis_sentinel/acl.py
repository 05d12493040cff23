"""Who may do what in a Redis server: a user for each part of the store, and one for each application.

Sources: the sections "ACL rules for Sentinel and replicas" of Redis's manual, what the scripts of `files/` send, and
the table of commands of redis_exporter, less what a scrape without keys does not send. `CONFIG GET` is not in it: it
would tell passwords.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

MEMBER, SENTINEL, EXPORTER, PROBE, CLIENT = "ha_member", "ha_sentinel", "ha_exporter", "ha_probe", "ha_client"
"""Users of the store's own parts, and of clients that no stack names. No application's name has a `_`."""
COPIES = "ha_copies"
"""Who takes copies and restores them: such a user may read and replace everything. Only with `backups`."""
ROTATION = "ha_rotation"
"""Who takes users away that a rotation has replaced, where there is one."""
DEFAULT = "default"

AppCommand = Literal["client|list", "flushall", "flushdb", "keys", "restore", "sort", "sort_ro", "swapdb"]
"""A command that Redis calls dangerous and that an application may be given."""

_CLIENT = "~* &* +@all -@admin -@dangerous +info +role"
"""INFO and ROLE are what libraries ask to find out whether the server is ready."""
_OF_ROLE: Mapping[str, tuple[AppCommand, ...]] = {"cache": ("flushdb",)}
"""To empty a cache is part of its use."""
_OWN = {
    MEMBER: "resetchannels +psync +replconf +ping +info +client|pause +client|unpause +config|set +config|get"
    " +replicaof +role +multi +exec +client|kill",
    SENTINEL: "allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info "
    "+client|setname +client|kill +client|pause +client|unpause +script|kill",
    EXPORTER: "resetchannels +ping +info +client|setname +slowlog|get +slowlog|len +latency|latest +latency|histogram",
    PROBE: "resetchannels +ping +info",
    COPIES: "~* resetchannels +sync +replconf +info +select +flushall +restore +function|restore +wait",
    ROTATION: "resetchannels +ping +client|list +acl|users +acl|deluser +acl|save",
}


def parts(*, copied: bool, rotates: bool) -> tuple[str, ...]:
    """The users of the store's own parts."""
    return (
        MEMBER,
        SENTINEL,
        EXPORTER,
        PROBE,
        *((COPIES,) if copied else ()),
        *((ROTATION,) if rotates else ()),
    )


def app_user(app: str, counter: int = 1) -> str:
    """What an application logs in as, by its password number `counter`."""
    return f"app-{app}" if counter == 1 else f"app-{app}_{counter}"


def acl_file(
    own: Mapping[str, str],
    apps: Mapping[str, str],
    role: str,
    commands: Iterable[AppCommand],
    *,
    default: str | None,
) -> str:
    """The file of users. `own` and `apps` are user -> password, `default` is the password of the user who may do
    everything (None: nobody logs in as that one)."""
    allowed = " ".join(f"+{command}" for command in sorted({*_OF_ROLE.get(role, ()), *commands}))
    lines = [f"user {DEFAULT} on >{default} ~* &* +@all" if default is not None else f"user {DEFAULT} off"]
    lines += [f"user {user} on >{password} {_OWN[user]}" for user, password in sorted(own.items())]
    lines += [f"user {user} on >{password} {_CLIENT} {allowed}".rstrip() for user, password in sorted(apps.items())]
    return "".join(f"{line}\n" for line in lines)
