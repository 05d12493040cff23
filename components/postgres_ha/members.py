"""The PostgreSQL servers under Patroni."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pulumi

from components.pgbackrest import awaited, outside, shared
from components.postgres_ha import logins
from components.postgres_ha.backups import CONFIG, START, Backups
from components.postgres_ha.backups import DIRECTORY as BACKUPS
from components.postgres_ha.etcd import Store
from components.postgres_ha.pauses import Pauses
from components.postgres_ha.rest import PORT, variables
from components.postgres_ha.restored_from import DIRECTORY as RESTORE_FROM
from components.postgres_ha.restored_from import RestoredFrom
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.tls import Certificates
from components.rotation import numbered
from components.scope import Scope
from components.sizes import reserved
from components.store_image import StoreImage
from components.templates import render
from model import (
    Container,
    Endpoint,
    File,
    HttpCheck,
    Members,
    Port,
    Probe,
    Probes,
    Resources,
    Stop,
    Tier,
    Volume,
)
from model.units import MIB

_FILES = Path(__file__).parent / "files"
_DIRECTORY = "/etc/ha-patroni"
_OWN = "/tmp/ha-patroni"
"""Of the container, and gone with it: what `encryption.py` makes ready."""
DEFAULT_RESOURCES = reserved(cpu_millis=1000, memory_bytes=2048 * MIB)
_CLONE_BYTES_PER_SECOND = 10 * MIB
"""`up` waits for a member that clones or replays for as long as a full volume takes at this rate: 100 Mbit/s, or a disk
that is shared by many."""
_LOCK = 'exec 9>"$0/.lock" && flock --exclusive 9 && '
"""When a host returns, an old and a new container were seen on one volume for 50 ms; a pid file does not protect
across PID namespaces, a lock on a file of the volume does."""


@dataclass(frozen=True, kw_only=True)
class PostgresSecrets:
    """Generated passwords, one per purpose."""

    superuser: pulumi.Output[str]
    """For Patroni's own use: over the network nobody logs in with it."""
    replication: pulumi.Output[str]
    rewind: pulumi.Output[str]
    rest_api: pulumi.Output[str]
    settings: pulumi.Output[str]
    """Of the role that the settings job logs in as."""
    exporter: pulumi.Output[str]
    """Of the role that the exporter logs in as."""
    roles: Mapping[str, pulumi.Output[str]]
    """Of every owner, and of roles that log in, by role."""
    former: Mapping[str, pulumi.Output[str]]
    """What the pooler lets in until every client has the new ones: login -> password."""

    @classmethod
    def generated(cls, scope: Scope, name: str, settings: PostgresSettings) -> "PostgresSecrets":
        """New passwords at the first update, and where their counter is raised; the same ones from then on."""

        def of_roles(counter: int) -> dict[str, pulumi.Output[str]]:
            purposes = {
                role: "owner" if role == settings.owner else f"role-{role.replace('_', '-')}"
                for role in logins.roles(settings)
            }
            return {role: scope.password(numbered(f"{name}-{each}", counter)) for role, each in purposes.items()}

        rotate = settings.rotate
        roles = of_roles(rotate.passwords)
        former = of_roles(rotate.former) if rotate.former and settings.pooler else {}
        purposes = ("superuser", "replication", "rewind", "rest_api", "settings")
        own = {purpose: scope.password(f"{name}-{purpose.replace('_', '-')}") for purpose in purposes}
        return cls(
            **own,
            exporter=scope.password(f"{name}-pg-metrics"),
            roles=roles,
            former={logins.login(role, rotate.former): password for role, password in former.items()},
        )

    def patroni(self) -> pulumi.Output[str]:
        """The part of Patroni's configuration that holds passwords."""
        return pulumi.Output.all(self.superuser, self.replication, self.rewind, self.rest_api).apply(
            lambda values: (
                "postgresql:\n  authentication:\n"
                f"    superuser: {{username: postgres, password: {values[0]}}}\n"
                f"    replication: {{username: replicator, password: {values[1]}}}\n"
                f"    rewind: {{username: rewind, password: {values[2]}}}\n"
                f"restapi:\n  authentication: {{username: patroni, password: {values[3]}}}\n"
            )
        )


def postgres(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: StoreImage,
    store: Store,
    certificates: Certificates,
    secrets: PostgresSecrets,
    backups: Backups | None = None,
    restored_from: RestoredFrom | None = None,
    pauses: Pauses | None = None,
) -> Endpoint:
    """Members `<name>-pg-0` .. : the first to start bootstraps, the others clone it."""
    word = f"{name}-pg"
    etcd_hosts = [f"{host}:2379" for host in store.members.member_hosts]
    cluster = scope.config_file(f"{word}-cluster", _cluster_yml(name, settings, image=image, etcd_hosts=etcd_hosts))
    programs, starts = _beside(
        scope, word, settings, {"store": etcd_hosts, "scope": name, "psql": image.program("psql"), "socket": "/tmp"}
    )
    passwords = scope.secret(f"{word}-passwords", secrets.patroni())
    settings_role = scope.secret(f"{word}-settings-role", secrets.settings)
    exporter_role = scope.secret(f"{word}-exporter-role", secrets.exporter)
    beginning = (
        restored_from.files(scope, word, image, beside_backups=backups is not None) if restored_from is not None else ()
    )
    reached = (*(backups.repositories if backups else ()), *((restored_from.repository,) if restored_from else ()))
    asked = partial(HttpCheck, port=PORT, tls=settings.tls.rest == "required")
    inside = scripts("orders", "apply_databases", "apply_roles", "logins", "owners", "sql", "scram")
    return scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", "-c", f'{_LOCK}{START if backups else ""}exec "$@"', image.data_dir),
                args=(*starts, f"{_OWN}/config"),
                env={
                    "PATRONI_NAME": "$(MEMBER_NAME)",
                    "PATRONI_RESTAPI_CONNECT_ADDRESS": f"$(MEMBER_HOST):{PORT}",
                    "PATRONI_POSTGRESQL_CONNECT_ADDRESS": "$(MEMBER_HOST):5432",
                    "HA_MEMBERS": str(settings.members),
                    "HA_OWN": _OWN,
                    "HA_VOLUME": image.data_dir,
                    **variables(settings, f"{_DIRECTORY}/tls"),
                    **({"PGBACKREST_CONFIG": CONFIG} if backups else {}),
                },
                files=(
                    File(path=f"{_DIRECTORY}/config/10-cluster.yml", source=cluster),
                    File(path=f"{_DIRECTORY}/config/20-passwords.yml", source=passwords),
                    *programs,
                    File(path=f"{_DIRECTORY}/settings_password", source=settings_role),
                    File(path=f"{_DIRECTORY}/exporter_password", source=exporter_role),
                    File(path=f"{_DIRECTORY}/store/ca.pem", source=store.chain),
                    File(path=f"{_DIRECTORY}/store/identity.pem", source=store.client),
                    File(path=f"{_DIRECTORY}/tls/ca.pem", source=certificates.ca),
                    File(path=f"{_DIRECTORY}/tls/identity.pem", source=certificates.server),
                    *scope.config_files(word, _DIRECTORY, inside),
                    *(backups.files(scope, word, name, settings, image) if backups else ()),
                    *beginning,
                    *(pauses.files(scope, word, _DIRECTORY, psql=image.program("psql")) if pauses else ()),
                ),
                shared=shared(reached),
                resources=server_resources(settings),
                # For parallel queries and index builds; half is Linux's own default for such a directory.
                shm_bytes=server_resources(settings).memory_limit_bytes // 2,
                stop=Stop(grace_seconds=60),
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=settings.volume),
            ports=(
                Port(name="postgres", number=5432),
                Port(name="patroni", number=PORT),
                *(backups.ports if backups else ()),
            ),
            outside=outside(reached),
            probes=Probes(
                ready=Probe(check=asked(path="/readiness"), interval_seconds=1, timeout_seconds=2),
                live=Probe(check=asked(path="/liveness"), interval_seconds=5, timeout_seconds=5, failures=12),
                start_seconds=900,
            ),
            slow_start_seconds=settings.volume // _CLONE_BYTES_PER_SECOND,
            hosts=settings.hosts[: settings.members],
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
            depends_on=(*store.members.resources, *awaited(reached)),
        )
    )


def _beside(
    scope: Scope, word: str, settings: PostgresSettings, release: Mapping[str, object]
) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """What a member begins with, and needs to hand over before it stops, and to release a lost primary's lock; and what
    its command begins with."""
    several = settings.members > 1
    early = settings.failover.release_after if several else None
    together = ("member", "patroni_start", "switchover") if several else ()
    names = ("encryption", *together, *(("release",) if early else ()))
    texts = {name.replace("_", "-"): (f"{name}.py", (_FILES / f"{name}.py").read_text()) for name in names}
    if early:
        texts["release-settings"] = ("release.json", json.dumps({**release, "seconds": early}, indent=2))
    begins = [part for name in names[:3] for part in ("python3", f"{_DIRECTORY}/programs/{name}.py")]
    return scope.config_files(word, f"{_DIRECTORY}/programs", texts), (*begins, *(() if several else ("patroni",)))


def scripts(*names: str) -> dict[str, tuple[str, str]]:
    """Python modules as files of the package `scripts`: what `Scope.config_files` takes."""
    texts = {name: (_FILES / f"{name}.py").read_text() for name in names}
    return {name.replace("_", "-"): (f"scripts/{name}.py", text) for name, text in texts.items()}


def server_resources(settings: PostgresSettings) -> Resources:
    """Of each server."""
    return settings.resources.resources() if settings.resources else DEFAULT_RESOURCES


def _cluster_yml(name: str, settings: PostgresSettings, *, image: StoreImage, etcd_hosts: Sequence[str]) -> str:
    own = "shared_buffers" in settings.parameters
    begins = ((settings.backups, "--own", BACKUPS), (settings.restore_from, "--other", RESTORE_FROM))
    shared_buffers = settings.shared_buffers(server_resources(settings).memory_limit_bytes)
    return render(
        _FILES,
        "cluster.yml.j2",
        scope=name,
        own=_OWN,
        tls_clients=settings.tls.clients == "required",
        rest=settings.tls.rest,
        etcd_hosts=list(etcd_hosts),
        shared_buffers=f"{shared_buffers // 1024}kB" if own else f"{max(32, shared_buffers // MIB)}MB",
        volume=image.data_dir,
        bin_dir=image.bin_dir,
        begins=" ".join(f"{option} {directory}" for wanted, option, directory in begins if wanted is not None),
    )
