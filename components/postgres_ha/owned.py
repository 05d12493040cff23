"""The parameters of PostgreSQL that the platform sets itself, and what to write in their place."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from components.parameters import refuse_owned

_PATRONI = "Patroni decides it"
_FILES = "its place follows from the image"
_CONNECTIONS = "clients find the servers there"
_TLS = "certificates are the stack's own; the key `tls` of the database says who must encrypt"
_KERBEROS = "clients log in with passwords"
_ARCHIVE = "an archive is not offered yet"
_CRASH = "without it a crash loses data"

OWNED = {
    "max_connections": "write the key `max_connections` of the database",
    "synchronous_standby_names": "write the key `synchronous` of the database",
    "listen_addresses": _CONNECTIONS,
    "port": _CONNECTIONS,
    "unix_socket_directories": _CONNECTIONS,
    "unix_socket_group": _CONNECTIONS,
    "unix_socket_permissions": _CONNECTIONS,
    "password_encryption": "passwords are `scram-sha-256`",
    "cluster_name": "it is the name of the database in the stack file",
    "hot_standby": _PATRONI,
    "primary_conninfo": _PATRONI,
    "primary_slot_name": _PATRONI,
    "promote_trigger_file": _PATRONI,
    "restore_command": _ARCHIVE,
    "wal_level": "replication needs `replica`",
    "wal_log_hints": "`pg_rewind` needs it",
    "full_page_writes": "`pg_rewind` needs it",
    "fsync": _CRASH,
    "data_directory": _FILES,
    "config_file": _FILES,
    "hba_file": _FILES,
    "ident_file": _FILES,
    "external_pid_file": _FILES,
    "logging_collector": "logs go to the container's output",
}
_FAMILIES = {
    "archive_": _ARCHIVE,
    "recovery_target": _PATRONI,
    "recovery_end_command": _PATRONI,
    "recovery_min_apply_delay": "replicas are there to take over",
    "ssl": _TLS,
    "krb_": _KERBEROS,
    "bonjour": _CONNECTIONS,
}
"""By the beginning of their names."""


def _not_owned(name: str) -> str:
    return refuse_owned(name, OWNED, _FAMILIES)


ParameterName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})*$"),
    AfterValidator(_not_owned),
]
"""A parameter that the platform leaves to the stack file."""
