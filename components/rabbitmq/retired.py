"""The job that ends a rotation: it takes the former users away when every client has its new one."""

import json

from components.kind import Clients
from components.rabbitmq.nodes import DIRECTORY, FILES
from components.rabbitmq.ports import MANAGEMENT_PORT
from components.rabbitmq.secrets import RabbitSecrets
from components.rabbitmq.settings import RabbitSettings
from components.rabbitmq.tls import Certificates
from components.rotation import MARGIN_SECONDS, QUIET_SECONDS
from components.scope import Scope
from model import Container, Endpoint, File, Image, Job, Resources, Tier
from model.units import MIB

_WAIT_SECONDS = 120
"""For a node that restarts."""
_RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=250,
    memory_request_bytes=16 * MIB,
    memory_limit_bytes=64 * MIB,
)


def retired_users(
    scope: Scope,
    name: str,
    settings: RabbitSettings,
    clients: Clients,
    *,
    image: Image,
    members: Endpoint,
    secrets: RabbitSecrets,
    certificates: Certificates | None,
) -> None:
    """`<name>-rabbitmq-rotated`; `image` has Python. Nothing waits for it: whatever keeps it from its end, clients
    go on with both users."""
    assert secrets.rotation_password is not None, "the user is made where there is a rotation"
    word = f"{name}-rabbitmq-rotated"
    seconds = _WAIT_SECONDS + QUIET_SECONDS + clients.stop_seconds
    wanted = {
        "origin": str(scope.origin),
        "nodes": list(members.member_hosts),
        "port": MANAGEMENT_PORT,
        "users": dict(sorted(secrets.former.items())),
        "counter": settings.rotate.former,
        "seconds": seconds,
        "quiet": QUIET_SECONDS,
        "stop": clients.stop_seconds,
        "ca": f"{DIRECTORY}/ca.pem" if certificates else "",
    }
    texts = {
        "retire": ("retire_users.py", (FILES / "retire_users.py").read_text()),
        "wanted": ("wanted.json", json.dumps(wanted, indent=2) + "\n"),
    }
    scope.job(
        Job(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image,
                command=("python3", f"{DIRECTORY}/retire_users.py"),
                args=(f"{DIRECTORY}/wanted.json", f"{DIRECTORY}/password"),
                files=(
                    *scope.config_files(word, DIRECTORY, texts),
                    File(
                        path=f"{DIRECTORY}/password", source=scope.secret(f"{word}-password", secrets.rotation_password)
                    ),
                    *((File(path=f"{DIRECTORY}/ca.pem", source=certificates.ca),) if certificates else ()),
                ),
                resources=_RESOURCES,
            ),
            # It waits by itself for what may pass; what it reports would be the same at the next try.
            retries=0,
            deadline_seconds=seconds + MARGIN_SECONDS,
            depends_on=(*members.resources, *clients.resources),
        )
    )
