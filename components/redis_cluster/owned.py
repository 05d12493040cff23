"""The parameters of Redis that the platform sets itself, and what to write in their place."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from components.parameters import refuse_owned

_ROLE = "write the key `role` of the cluster"
_CLIENTS = "clients and members find the servers there"
_PASSWORDS = "passwords are generated"
_PLACES = "the members decide who replicates from whom"
_FILES = "the platform keeps the files where it looks for them"
_LOGS = "logs go to the container's output"

_OWNED = {
    **dict.fromkeys(("port", "bind", "protected-mode", "unixsocket"), _CLIENTS),
    **dict.fromkeys(("requirepass", "masterauth", "masteruser", "aclfile", "user"), _PASSWORDS),
    **dict.fromkeys(
        ("replicaof", "slaveof", "replica-priority", "replica-read-only", "replica-serve-stale-data"), _PLACES
    ),
    **dict.fromkeys(("min-replicas-to-write", "min-replicas-max-lag"), "a member that starts holds writes by it"),
    **dict.fromkeys(("maxmemory-policy", "appendonly", "appendfsync", "save", "rdb-del-sync-files"), _ROLE),
    **dict.fromkeys(("dir", "dbfilename", "appendfilename", "appenddirname", "include"), _FILES),
    **dict.fromkeys(("daemonize", "supervised"), "the container runs it"),
    **dict.fromkeys(
        ("repl-timeout", "repl-ping-replica-period", "repl-diskless-sync-delay"), "a failover depends on it"
    ),
    "maxmemory": "write the key `maxmemory` of the cluster",
    "maxclients": "the runtime's limit of open files decides it",
    "databases": "a cluster has database 0 alone",
    "shutdown-timeout": "it fits the time that a member has to stop",
    "logfile": _LOGS,
    "rename-command": "members need the commands",
    "loadmodule": "modules are not offered",
}
_FAMILIES = {
    "cluster-": "write the keys `masters`, `replicas` and `node_timeout` of the cluster",
    "sentinel": "a cluster has no Sentinels",
    "replica-announce": _CLIENTS,
    "slave-": _PLACES,
    "tls-": "write the key `tls` of the cluster",
    "syslog": _LOGS,
}
"""By the beginning of their names."""


def _not_owned(name: str) -> str:
    return refuse_owned(name, _OWNED, _FAMILIES)


ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$"), AfterValidator(_not_owned)]
"""A parameter that the platform leaves to the stack file."""
