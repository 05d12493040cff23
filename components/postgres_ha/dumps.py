"""Logical dumps: a schedule that logs in for the owner of each database and writes into the repository."""

import json
from collections.abc import Mapping, Sequence

import pulumi

from components.contracts import BackupRepository
from components.observability import Observability
from components.pgbackrest import awaited, configuration, repository_files, repository_options
from components.postgres_ha.dump_settings import DumpSettings
from components.postgres_ha.logins import login
from components.postgres_ha.members import scripts
from components.postgres_ha.rest import variables
from components.postgres_ha.settings import PostgresSettings
from components.schedules import schedule_observability
from components.scope import Scope
from components.store_image import StoreImage
from model import Container, Endpoint, File, Resources, Schedule, SecretRef, Stop, Tier
from model.units import MIB

DIRECTORY = "/etc/ha-dumps"
START_WITHIN_SECONDS = 3600
"""A dump of the night that begins an hour late is better than none."""
RESOURCES = Resources(
    cpu_request_millis=50,
    cpu_limit_millis=1000,
    memory_request_bytes=64 * MIB,
    memory_limit_bytes=256 * MIB,
)


def dump_resources(wanted: DumpSettings) -> Resources:
    """Of the run."""
    return wanted.resources.resources() if wanted.resources else RESOURCES


def dumps(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    wanted: DumpSettings,
    *,
    image: StoreImage,
    members: Endpoint,
    ca: SecretRef,
    passwords: Mapping[str, pulumi.Output[str]],
    repository: BackupRepository,
    depends_on: Sequence[pulumi.Resource],
) -> tuple[Observability, tuple[pulumi.Resource, ...]]:
    """`<name>-dumps`, and what logs in for it. `passwords` are those of the databases' owners, by owner."""
    word = f"{name}-dumps"
    scope = scope.at("dumps")
    by = {owner: login(owner, settings.rotate.passwords) for owner in settings.every_owner.values()}
    told = {
        "cluster": name,
        "members": {f"{name}-pg-{ordinal}": host for ordinal, host in enumerate(members.member_hosts)},
        "databases": {database: by[owner] for database, owner in settings.every_owner.items()},
        "keep": wanted.keep,
        "bin": image.bin_dir or "",
    }
    texts = scripts("dump", "dump_store", "sql") | {"told": ("dumps.json", json.dumps(told, indent=2) + "\n")}
    owners = {by[owner]: passwords[owner] for owner in sorted(by)}
    options, held = repository_options(1, repository, DIRECTORY)
    lines = ["[global]", *options, "log-level-file=off", "lock-path=/tmp/pgbackrest"]
    secrets: dict[str, pulumi.Input[str]] = {
        "pgbackrest.conf": configuration(lines, held),
        "passwords.json": pulumi.Output.json_dumps(owners),
        **repository_files([repository]),
    }
    endpoint = scope.schedule(
        Schedule(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("python3", "-m", "scripts.dump", DIRECTORY, "take"),
                env={
                    "PYTHONPATH": DIRECTORY,
                    "PGBACKREST_CONFIG": f"{DIRECTORY}/pgbackrest.conf",
                    "PGSSLMODE": "verify-full",
                    "PGSSLROOTCERT": f"{DIRECTORY}/ca.pem",
                    **variables(settings, DIRECTORY),
                },
                files=(
                    *scope.config_files(word, DIRECTORY, texts),
                    *(
                        File(path=f"{DIRECTORY}/{path}", source=scope.secret(f"{word}-{path.partition('.')[0]}", value))
                        for path, value in secrets.items()
                    ),
                    File(path=f"{DIRECTORY}/ca.pem", source=ca),
                ),
                shared=repository.shared,
                resources=dump_resources(wanted),
                stop=Stop(grace_seconds=30),
            ),
            at=wanted.at,
            deadline_seconds=wanted.deadline,
            start_within_seconds=START_WITHIN_SECONDS,
            hosts=(wanted.host,) if wanted.host else (),
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
            outside=repository.outside,
            depends_on=(*members.resources, *depends_on, *awaited([repository])),
        )
    )
    # Where there are backups it is the second way, and can wait until the morning.
    observed = schedule_observability(word, endpoint, severity="warning" if settings.backups else "critical")
    return observed, endpoint.resources
