"""The restore drill: one container with a volume of its own, beside the cluster and no member of it."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pulumi

from components.postgres_ha.backup_settings import VerifySettings
from components.postgres_ha.backups import CONFIG, DIRECTORY, Backups, programs
from components.postgres_ha.members import scripts
from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from components.store_image import StoreImage
from model import Container, Endpoint, ExecCheck, Members, Probe, Probes, Resources, Stop, Tier, Volume
from model.units import MIB

LOOK_SECONDS = 10
DEFAULT_RESOURCES = Resources(
    cpu_request_millis=50,
    cpu_limit_millis=1000,
    memory_request_bytes=128 * MIB,
    memory_limit_bytes=512 * MIB,
)
_FROM = "/etc/ha-patroni"
"""Where the members have the same files."""
_OWN_ROLES = ("postgres", "replicator", "rewind")


def verifier(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    wanted: VerifySettings,
    *,
    image: StoreImage,
    members: Endpoint,
    backups: Backups,
    depends_on: Sequence[pulumi.Resource],
) -> None:
    """`<name>-pg-verify`, which begins after the databases are as the settings say: it looks for them."""
    word = f"{name}-pg-verify"
    scope = scope.at("backups", "verify")
    told = {
        "stanza": name,
        "repositories": list(backups.settings.repositories),
        "members": {f"{name}-pg-{ordinal}": host for ordinal, host in enumerate(members.member_hosts)},
        "databases": settings.every_owner,
        "roles": sorted({*_OWN_ROLES, *settings.roles}),
        "deadline": wanted.deadline,
        "look": LOOK_SECONDS,
        "volume": image.data_dir,
        "bin": image.bin_dir or "",
    }
    texts = {"told": ("verify.json", json.dumps(told, indent=2) + "\n")}
    own = programs("clock", "history", "orders", "repository", "restore", "target", "verify")
    scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("python3", "-m", "scripts.backup_verify"),
                args=(DIRECTORY,),
                env={"PYTHONPATH": _FROM, "PGBACKREST_CONFIG": CONFIG},
                files=(
                    *scope.config_files(word, DIRECTORY, texts),
                    *scope.config_files(word, f"{_FROM}/scripts", own),
                    *scope.config_files(word, _FROM, scripts("sql", "switchover")),
                    *backups.secret_files(scope, word, name, settings, image),
                ),
                shared=backups.shared,
                resources=wanted.resources.resources() if wanted.resources else DEFAULT_RESOURCES,
                stop=Stop(grace_seconds=30),
            ),
            count=1,
            volume=Volume(path=image.data_dir, size_bytes=wanted.volume or settings.volume, disposable=True),
            peers=False,
            probes=Probes(
                ready=(
                    ready := Probe(
                        check=ExecCheck(command=("test", "-e", f"{image.data_dir}/ready")), interval_seconds=10
                    )
                ),
                live=replace(ready, failures=6),
                start_seconds=300,
            ),
            hosts=(wanted.host,) if wanted.host else (),
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
            outside=backups.outside,
            depends_on=(*members.resources, *depends_on),
        )
    )
