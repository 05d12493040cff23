"""The job that brings the running cluster to the settings of the stack file."""

import json

import pulumi

from components.postgres_ha import logins, roles
from components.postgres_ha.backups import Backups
from components.postgres_ha.dynamic import dynamic_configuration
from components.postgres_ha.members import PostgresSecrets, scripts
from components.postgres_ha.pauses import Pauses
from components.postgres_ha.rest import identity, variables
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.tls import Certificates
from components.scope import Scope
from components.store_image import StoreImage
from model import Container, Endpoint, File, Job, Resources, Tier
from model.units import MIB

_DIRECTORY = "/etc/ha-settings"
_RESTART_SECONDS = 60
"""For one member's stop with its checkpoint, and for catching up, beside its start."""
_MARGIN_SECONDS = 60
"""For the image and the container to come, so that it is the job that says what was missing."""
RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=500,
    memory_request_bytes=16 * MIB,
    memory_limit_bytes=128 * MIB,
)


def applied_settings(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: StoreImage,
    members: Endpoint,
    certificates: Certificates,
    secrets: PostgresSecrets,
    backups: Backups | None = None,
    pauses: Pauses | None = None,
) -> tuple[pulumi.Resource, ...]:
    """What clients wait for: a new cluster has `synchronous` before its first write."""
    word = f"{name}-pg-settings"
    seconds = _MARGIN_SECONDS + settings.members * (settings.failover.primary_start + _RESTART_SECONDS)
    wanted = {
        "origin": str(scope.origin),
        "members": {f"{name}-pg-{ordinal}": host for ordinal, host in enumerate(members.member_hosts)},
        "psql": image.program("psql"),
        "postgres": image.program("postgres"),
        "seconds": seconds,
        "configuration": dynamic_configuration(
            settings, major=image.major, archive=backups.parameters(name, image) if backups else None
        ),
    }
    wanted |= _inside(settings)
    orders: tuple[str, ...] = ("backup_orders", "backup_target") if backups else ()
    if pauses:  # for a person's `make switchover`, which runs beside these files
        wanted["poolers"] = pauses.told(psql=image.program("psql"), ca=f"{_DIRECTORY}/ca.pem")
        orders += ("poolers",)
    own = ("apply_settings", "differences", "logins", "members", "owners", "server_check", "sql", "scram", "switchover")
    texts = scripts(*own, *orders) | {"wanted": ("wanted.json", json.dumps(wanted, indent=2) + "\n")}
    if _keeps_roles(settings):
        texts["roles-wanted"] = ("roles.json", json.dumps({"roles": roles.wanted(settings)}, indent=2) + "\n")
    documents = [f"{_DIRECTORY}/{path}" for _, (path, _) in texts.items() if path.endswith(".json")]
    by_login = {logins.login(role, settings.rotate.passwords): each for role, each in secrets.roles.items()}
    roles_passwords = pulumi.Output.json_dumps(by_login)
    held = {"settings": secrets.settings, "rest_api": secrets.rest_api, "roles": roles_passwords}
    if backups:
        held["backups"] = backups.password
    if pauses:
        held["pooler"] = pauses.password
    passwords = pulumi.Output.json_dumps(held)
    secret = scope.secret(f"{word}-passwords", passwords)
    files = scope.config_files(word, _DIRECTORY, texts)
    return scope.job(
        Job(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("python3", "-m", "scripts.apply_settings"),
                args=(*documents, f"{_DIRECTORY}/passwords.json"),
                env={
                    "PYTHONPATH": _DIRECTORY,
                    "PGSSLMODE": "verify-full",
                    "PGSSLROOTCERT": f"{_DIRECTORY}/ca.pem",
                    **variables(settings, _DIRECTORY),
                },
                files=(
                    *files,
                    File(path=f"{_DIRECTORY}/passwords.json", source=secret),
                    File(path=f"{_DIRECTORY}/ca.pem", source=certificates.ca),
                    *identity(scope, word, settings, certificates, _DIRECTORY),
                ),
                resources=RESOURCES,
            ),
            # It waits by itself for what may pass; what it reports would be the same at the next try.
            retries=0,
            deadline_seconds=seconds + _MARGIN_SECONDS,
            depends_on=members.resources,
        )
    )


def _inside(settings: PostgresSettings) -> dict[str, object]:
    """What is created in the cluster."""
    lists = {settings.database: settings.extensions} | {
        name: database.extensions for name, database in settings.databases.items()
    }
    found: dict[str, object] = {"first": settings.database, "databases": settings.every_owner}
    if extensions := {name: names for name, names in lists.items() if names}:
        found["extensions"] = extensions
    if rotated := logins.wanted(settings):
        found["logins"] = rotated
    return found


def _keeps_roles(settings: PostgresSettings) -> bool:
    """Also where the last one was taken out: `roles: {}` closes what was there."""
    return "roles" in settings.model_fields_set
