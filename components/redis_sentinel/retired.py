"""The job that ends a rotation: it takes the former users away when every application has its new one."""

from components.kind import Clients
from components.redis_sentinel.group import ReplicationGroup
from components.redis_sentinel.mounted import DIRECTORY, FILES, cli
from components.redis_sentinel.redis import rotated
from components.redis_sentinel.tls import CA_FILE
from components.rotation import MARGIN_SECONDS, QUIET_SECONDS
from model import Container, Endpoint, File, Job, Resources, Tier
from model.units import MIB

_WAIT_SECONDS = 120
"""For a member that restarts."""
_RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=250,
    memory_request_bytes=8 * MIB,
    memory_limit_bytes=64 * MIB,
)


def retired_users(
    group: ReplicationGroup,
    clients: Clients,
    *,
    members: Endpoint,
) -> None:
    """`<name>-redis-rotated`, where applications have users of their own."""
    scope, secrets, certificates = group.scope, group.secrets, group.certificates
    if secrets.rotation_password is None or not secrets.former:
        return
    word = f"{group.name}-redis-rotated"
    seconds = _WAIT_SECONDS + QUIET_SECONDS + clients.stop_seconds
    texts = {"retire": ("retire_users.sh", (FILES / "retire_users.sh").read_text())}
    scope.job(
        Job(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=group.image.image,
                command=("sh", f"{DIRECTORY}/retire_users.sh"),
                env={
                    "HA_ORIGIN": str(scope.origin),
                    "HA_MEMBERS": " ".join(group.server_hosts),
                    "HA_CLI": cli(group),
                    "HA_ROTATED": rotated(secrets),
                    "HA_SECONDS": str(seconds),
                    "HA_QUIET": str(QUIET_SECONDS),
                    "HA_STOP": str(clients.stop_seconds),
                },
                files=(
                    *scope.config_files(word, DIRECTORY, texts),
                    File(path=f"{DIRECTORY}/rotation_password", source=secrets.rotation_password),
                    *((File(path=f"{DIRECTORY}/{CA_FILE}", source=certificates.ca),) if certificates else ()),
                ),
                resources=_RESOURCES,
            ),
            # It waits by itself for what may pass; what it reports would be the same at the next try.
            retries=0,
            deadline_seconds=seconds + MARGIN_SECONDS,
            depends_on=(*members.resources, *clients.resources),
        )
    )
