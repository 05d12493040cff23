"""PgBouncer in front of the write endpoint: the third address of a cluster.

It logs in as the roles themselves, with the passwords that the stack generated: so no role has to read all passwords,
nothing is installed in the databases, and whoever is not listed (the superuser, the cluster's own roles) is nobody.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pulumi

from components.kind import ImageNeed
from components.postgres_ha.pauses import SWITCH_SECONDS, USER, Pauses
from components.postgres_ha.pooler_exporter import USER as EXPORTER
from components.postgres_ha.pooler_settings import PoolerSettings
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.timers import CONNECT_SECONDS
from components.postgres_ha.tls import Certificates
from components.scope import Scope
from components.templates import render
from components.write_proxy import WAITING_PORT
from model import (
    Container,
    Endpoint,
    ExecCheck,
    File,
    Image,
    Port,
    Probe,
    Probes,
    Resources,
    Stop,
    TcpCheck,
    Tier,
    Workload,
)
from model.units import MIB

IMAGE = ImageNeed(
    "pgbouncer", below="pooler", version=("pgbouncer", "--version"), programs=("sh", "psql", "sleep", "grep", "find")
)
_FILES = Path(__file__).parent / "files"
_CONFIG = "/etc/ha-pooler/pgbouncer.ini"
_PROGRAM = "/etc/ha-pooler/pooler.sh"
_USERS = "/etc/ha-pooler/users/userlist.txt"
_TLS = "/etc/ha-pooler/tls"
_PORT = 5432
RETRY_SECONDS = 1
"""After a login that failed (`server_login_retry`)."""
IDLE_SECONDS = 60
"""How long a connection of a rotated role is kept that nobody uses: PgBouncer's default of 10 minutes would keep its
former password for as long."""
DEFAULT_RESOURCES = Resources(
    cpu_request_millis=50,
    cpu_limit_millis=1000,
    memory_request_bytes=64 * MIB,
    memory_limit_bytes=256 * MIB,
)
_ALIVE = (
    f"psql -X -h /tmp -p {_PORT} -U pgbouncer -d pgbouncer -Atc 'SHOW VERSION' && "
    "find /tmp/.watched -mmin -1 | grep -q ."
)
"""Its console answers, and what would end a pause (pooler.sh) has looked within a minute."""


def pooler(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    wanted: PoolerSettings,
    *,
    image: Image,
    write: Endpoint,
    certificates: Certificates,
    passwords: Mapping[str, pulumi.Output[str]],
    figures: pulumi.Output[str],
    pauses: Pauses | None = None,
) -> Endpoint:
    """`<name>-pooler`. `passwords` are those of the roles that may come, by role, `figures` that of its exporter; with
    `pauses` it waits while the primary changes."""
    word = f"{name}-pooler"
    scope = scope.at("pooler")
    config = scope.config_file(
        f"{word}-config", pgbouncer_ini(settings, wanted, host=write.host, console=USER if pauses else "")
    )
    program = scope.config_file(f"{word}-program", (_FILES / "pooler.sh").read_text())
    if pauses:
        passwords = {**passwords, USER: pauses.password}
    passwords = {**passwords, EXPORTER: figures}
    users = scope.secret(
        f"{word}-users", pulumi.Output.all(*passwords.values()).apply(lambda texts: userlist(passwords, texts))
    )
    count = wanted.count(settings.members)
    return scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image,
                command=("sh", _PROGRAM),
                args=(str(wanted.pauses + SWITCH_SECONDS), _CONFIG),
                files=(
                    File(path=_CONFIG, source=config),
                    File(path=_USERS, source=users),
                    File(path=_PROGRAM, source=program),
                    File(path=f"{_TLS}/ca.pem", source=certificates.ca),
                    File(path=f"{_TLS}/identity.pem", source=certificates.pooler(scope, name)),
                ),
                resources=resources(wanted),
                # "Safe": each connection of the primary is given back before it is closed.
                stop=Stop(signal="SIGINT", grace_seconds=wanted.drain),
            ),
            replicas=count,
            ports=(Port(name="postgres", number=_PORT),),
            # Without a primary it is ready: there clients wait. Its console answers from the loop that does all work;
            # that starts a program, and so is asked seldom.
            probes=Probes(
                ready=Probe(check=TcpCheck(port=_PORT), interval_seconds=2, timeout_seconds=2),
                live=Probe(check=ExecCheck(command=("sh", "-c", _ALIVE)), interval_seconds=30, timeout_seconds=10),
                start_seconds=30,
            ),
            # Two on one host would be lost together.
            spread="require" if settings.members > 1 and count > 1 else "prefer",
            node_labels=wanted.placement.labels,
            tolerations=wanted.placement.tolerated,
            depends_on=write.resources,
        )
    )


def resources(wanted: PoolerSettings) -> Resources:
    """Of each replica."""
    return wanted.resources.resources() if wanted.resources else DEFAULT_RESOURCES


def pgbouncer_ini(settings: PostgresSettings, wanted: PoolerSettings, *, host: str, console: str = "") -> str:
    """PgBouncer's configuration. What is not named there is the version's default. `console`: who may come to its
    console over the network."""
    return render(
        _FILES,
        "pgbouncer.ini.j2",
        databases=[*settings.every_owner],
        host=host,
        console=console,
        figures=EXPORTER,
        port=WAITING_PORT,
        mode=wanted.mode,
        max_connections=wanted.max_connections,
        pool_size=wanted.pool_size,
        prepared_statements=wanted.prepared_statements,
        wait=wanted.wait_timeout,
        retry=RETRY_SECONDS,
        rotates=settings.rotate.former > 0,
        idle=IDLE_SECONDS,
        connect=CONNECT_SECONDS,
        tls=_TLS,
        tls_clients=settings.clients_tls is not None,
    )


def userlist(roles: Iterable[str], passwords: Iterable[str]) -> str:
    """As PgBouncer reads them; generated passwords are letters and digits."""
    return "".join(f'"{role}" "{password}"\n' for role, password in zip(roles, passwords, strict=True))
