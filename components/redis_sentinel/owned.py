"""The parameters of Redis that the platform sets itself, and what to write in their place."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from components.parameters import refuse_owned

_ROLE = "write the key `role` of the cache"
_CLIENTS = "clients and Sentinels find the servers there"
_PASSWORDS = "passwords are generated"
_SENTINEL = "Sentinel decides who replicates from whom"
_FAILOVER = "a failover depends on it; write the key `timers` of the cache"
_LOGS = "logs go to the container's output"
_FILES = "the platform keeps the files where it looks for them"

_OWNED = {
    "port": _CLIENTS,
    "bind": _CLIENTS,
    "protected-mode": _CLIENTS,
    "unixsocket": _CLIENTS,
    "requirepass": _PASSWORDS,
    "masterauth": _PASSWORDS,
    "masteruser": _PASSWORDS,
    "aclfile": _PASSWORDS,
    "user": _PASSWORDS,
    "replicaof": _SENTINEL,
    "slaveof": _SENTINEL,
    "replica-priority": _SENTINEL,
    "replica-read-only": _SENTINEL,
    "replica-serve-stale-data": _SENTINEL,
    "min-replicas-to-write": "write the key `min_replicas.to_write` of the cache",
    "min-replicas-max-lag": "write the key `min_replicas.max_lag` of the cache",
    "maxmemory": "write the key `maxmemory` of the cache",
    "maxmemory-policy": _ROLE,
    "appendonly": _ROLE,
    "save": _ROLE,
    "maxclients": "the runtime's limit of open files decides it",
    "repl-timeout": _FAILOVER,
    "repl-ping-replica-period": _FAILOVER,
    "repl-diskless-sync-delay": _FAILOVER,
    "shutdown-timeout": "it fits the time that a member has to stop",
    "dir": _FILES,
    "dbfilename": _FILES,
    "appendfilename": _FILES,
    "appenddirname": _FILES,
    "include": _FILES,
    "rdb-del-sync-files": _ROLE,
    "daemonize": "the container runs it",
    "supervised": "the container runs it",
    "logfile": _LOGS,
    "rename-command": "Sentinel and the probes need the commands",
    "loadmodule": "modules are not offered",
}
_FAMILIES = {
    "cluster-": "a group under Sentinel has no shards",
    "sentinel": "write the keys `timers` and `master_name` of the cache",
    "replica-announce": _CLIENTS,
    "slave-": _SENTINEL,
    "tls-": "write the key `tls` of the cache",
    "syslog": _LOGS,
}
"""By the beginning of their names."""


def _not_owned(name: str) -> str:
    return refuse_owned(name, _OWNED, _FAMILIES)


ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$"), AfterValidator(_not_owned)]
"""A parameter that the platform leaves to the stack file."""
