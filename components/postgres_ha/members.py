"""The PostgreSQL servers under Patroni."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.postgres_ha.backups import CONFIG, START, Backups
from components.postgres_ha.backups import DIRECTORY as BACKUPS
from components.postgres_ha.etcd import Store
from components.postgres_ha.restored_from import DIRECTORY as RESTORE_FROM
from components.postgres_ha.restored_from import RestoredFrom
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.tls import Certificates
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
    owner: pulumi.Output[str]
    settings: pulumi.Output[str]
    """Of the role that the settings job logs in as."""
    exporter: pulumi.Output[str]
    """Of the role that the exporter logs in as."""
    roles: Mapping[str, pulumi.Output[str]]
    """Of further owners, and of roles that log in, by role."""

    @classmethod
    def generated(cls, scope: Scope, name: str, settings: PostgresSettings) -> "PostgresSecrets":
        """New passwords at the first update, the same ones from then on."""
        further = [role for role in dict.fromkeys(settings.owners.values()) if role != settings.owner]
        further += [name for name, role in settings.roles.items() if role.login]
        roles = {role: scope.password(f"{name}-role-{role.replace('_', '-')}") for role in further}
        purposes = ("superuser", "replication", "rewind", "rest_api", "owner", "settings")
        own = {purpose: scope.password(f"{name}-{purpose.replace('_', '-')}") for purpose in purposes}
        return cls(**own, exporter=scope.password(f"{name}-pg-metrics"), roles=roles)

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
    outside = (*(backups.outside if backups else ()), *((restored_from.repository.outside,) if restored_from else ()))
    inside = scripts("orders", "apply_databases", "apply_roles", "owners", "sql", "scram")
    return scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", "-c", f'{_LOCK}{START if backups else ""}exec "$@"', image.data_dir),
                args=(*starts, "patroni", f"{_OWN}/config"),
                env={
                    "PATRONI_NAME": "$(MEMBER_NAME)",
                    "PATRONI_RESTAPI_CONNECT_ADDRESS": "$(MEMBER_HOST):8008",
                    "PATRONI_POSTGRESQL_CONNECT_ADDRESS": "$(MEMBER_HOST):5432",
                    "HA_MEMBERS": str(settings.members),
                    "HA_OWN": _OWN,
                    "HA_VOLUME": image.data_dir,
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
                ),
                resources=server_resources(settings),
                # For parallel queries and index builds; half is Linux's own default for such a directory.
                shm_bytes=server_resources(settings).memory_limit_bytes // 2,
                stop=Stop(grace_seconds=60),
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=settings.volume),
            ports=(
                Port(name="postgres", number=5432),
                Port(name="patroni", number=8008),
                *(backups.ports if backups else ()),
            ),
            outside=tuple(dict.fromkeys(outside)),
            probes=Probes(
                ready=Probe(check=HttpCheck(path="/readiness", port=8008), interval_seconds=2, timeout_seconds=2),
                live=Probe(
                    check=HttpCheck(path="/liveness", port=8008), interval_seconds=5, timeout_seconds=5, failures=12
                ),
                start_seconds=900,
            ),
            slow_start_seconds=settings.volume // _CLONE_BYTES_PER_SECOND,
            hosts=settings.hosts[: settings.members],
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            depends_on=store.members.resources,
        )
    )


def _beside(
    scope: Scope, word: str, settings: PostgresSettings, release: Mapping[str, object]
) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """What a member begins with, and needs to hand over before it stops, and to release a lost primary's lock; and what
    its command begins with."""
    several = settings.members > 1
    early = settings.failover.release_after if several else None
    names = ("encryption", *(("member", "switchover") if several else ()), *(("release",) if early else ()))
    texts = {name: (f"{name}.py", (_FILES / f"{name}.py").read_text()) for name in names}
    if early:
        texts["release-settings"] = ("release.json", json.dumps({**release, "seconds": early}, indent=2))
    begins = [part for name in names[:2] for part in ("python3", f"{_DIRECTORY}/programs/{name}.py")]
    return scope.config_files(word, f"{_DIRECTORY}/programs", texts), tuple(begins)


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
        etcd_hosts=list(etcd_hosts),
        shared_buffers=f"{shared_buffers // 1024}kB" if own else f"{max(32, shared_buffers // MIB)}MB",
        volume=image.data_dir,
        bin_dir=image.bin_dir,
        begins=" ".join(f"{option} {directory}" for wanted, option, directory in begins if wanted is not None),
    )
