"""The write endpoint follows the master by what each member says of itself."""

from components.redis_sentinel.acl import PROBE
from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.tls import Certificates
from components.scope import Scope
from components.write_proxy import PrimaryCheck, Verified, write_proxy
from model import Endpoint, Image, Port

_CONNECTIONS = 4_000
"""Of each proxy. Two together stay below what Redis itself takes (`maxclients` 10,000)."""


def write_endpoint(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    *,
    image: Image,
    members: Endpoint,
    secrets: RedisSecrets,
    certificates: Certificates | None,
) -> Endpoint:
    """`<name>-rw`, for clients that do not speak Sentinel's protocol."""
    return write_proxy(
        scope,
        f"{name}-rw",
        image=image,
        port=Port(name="redis", number=6379),
        members=members,
        check=master_check(settings, secrets, certificates),
        max_connections=_CONNECTIONS,
    )


def master_check(settings: RedisSettings, secrets: RedisSecrets, certificates: Certificates | None) -> PrimaryCheck:
    """A master that was cut off says that it is one until a Sentinel reaches it again. Where a master without a replica
    refuses writes, only one that has as many replicas as a write needs is asked."""
    needed = settings.replicas_to_write
    master = f"role:master\\r\\nconnected_slaves:[{needed}-9]" if needed else "role:master"
    return PrimaryCheck(
        lines=(
            "option tcp-check",
            f'tcp-check send "AUTH {PROBE} ${{REDIS_PASSWORD}}\\r\\n"',
            "tcp-check expect string +OK",
            'tcp-check send "info replication\\r\\n"',
            f'tcp-check expect rstring "{master}"',
            'tcp-check send "quit\\r\\n"',
            "tcp-check expect string +OK",
        ),
        secrets={"REDIS_PASSWORD": secrets.probe_password},
        verified=Verified(ca=certificates.ca, host=certificates.first) if certificates else None,
    )
