"""The job that ends a rotation: it takes the former logins away when every client has the new ones."""

import json

import pulumi

from components.kind import Clients
from components.postgres_ha import logins
from components.postgres_ha.applied import RESOURCES
from components.postgres_ha.members import PostgresSecrets, scripts
from components.postgres_ha.pooler import IDLE_SECONDS
from components.postgres_ha.rest import identity, variables
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.tls import Certificates
from components.rotation import MARGIN_SECONDS, QUIET_SECONDS
from components.scope import Scope
from components.store_image import StoreImage
from model import Container, Endpoint, File, Job, Tier

_DIRECTORY = "/etc/ha-rotation"
_WAIT_SECONDS = 2 * IDLE_SECONDS
"""For the pooler's connections, for a member that restarts, and for a primary that is replaced meanwhile."""


def retired_logins(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    clients: Clients,
    *,
    image: StoreImage,
    members: Endpoint,
    certificates: Certificates,
    secrets: PostgresSecrets,
    after: tuple[pulumi.Resource, ...],
) -> None:
    """`<name>-pg-rotated`, when the new logins are there and the cluster's own clients have them (`after`). Nothing
    waits for it: whatever keeps it from its end, clients go on with both logins."""
    word = f"{name}-pg-rotated"
    seconds = _WAIT_SECONDS + QUIET_SECONDS + clients.stop_seconds
    wanted = {
        "origin": str(scope.origin),
        "members": {f"{name}-pg-{ordinal}": host for ordinal, host in enumerate(members.member_hosts)},
        "psql": image.program("psql"),
        "seconds": seconds,
        "quiet": QUIET_SECONDS,
        "stop": clients.stop_seconds,
        "logins": logins.wanted(settings),
    }
    texts = scripts("retire_logins", "logins", "members", "sql", "switchover") | {
        "wanted": ("wanted.json", json.dumps(wanted, indent=2) + "\n")
    }
    passwords = pulumi.Output.json_dumps({"settings": secrets.settings, "rest_api": secrets.rest_api})
    secret = scope.secret(f"{word}-passwords", passwords)
    scope.job(
        Job(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("python3", "-m", "scripts.retire_logins"),
                args=(f"{_DIRECTORY}/wanted.json", f"{_DIRECTORY}/passwords.json"),
                env={
                    "PYTHONPATH": _DIRECTORY,
                    "PGSSLMODE": "verify-full",
                    "PGSSLROOTCERT": f"{_DIRECTORY}/ca.pem",
                    **variables(settings, _DIRECTORY),
                },
                files=(
                    *scope.config_files(word, _DIRECTORY, texts),
                    File(path=f"{_DIRECTORY}/passwords.json", source=secret),
                    File(path=f"{_DIRECTORY}/ca.pem", source=certificates.ca),
                    *identity(scope, word, settings, certificates, _DIRECTORY),
                ),
                resources=RESOURCES,
            ),
            # It waits by itself for what may pass; what it reports would be the same at the next try.
            retries=0,
            deadline_seconds=seconds + MARGIN_SECONDS,
            depends_on=(*after, *clients.resources),
        )
    )
