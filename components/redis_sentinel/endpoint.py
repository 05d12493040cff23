"""The write endpoint follows the master by what each member says of itself."""

from components.redis_sentinel.acl import PROBE
from components.redis_sentinel.group import ReplicationGroup
from components.redis_sentinel.settings import SentinelTimers
from components.verified import Verified
from components.write_proxy import READY_SECONDS, PrimaryCheck, write_proxy
from model import Endpoint, Image, Port

_CONNECTIONS = 4_000
"""Of each proxy. Two together stay below what Redis itself takes (`maxclients` 10,000)."""


def write_endpoint(group: ReplicationGroup, *, image: Image, members: Endpoint) -> Endpoint:
    """`<name>-rw`, for clients that do not speak Sentinel's protocol."""
    return write_proxy(
        group.scope,
        f"{group.name}-rw",
        image=image,
        port=Port(name="redis", number=6379),
        members=members,
        check=master_check(group),
        max_connections=_CONNECTIONS,
        ready_without=looks_without_master(group.settings.sentinel_timers),
    )


def endpoint_job(name: str) -> str:
    """What monitoring calls its proxies."""
    return f"redis-{name}-rw"


def looks_without_master(timers: SentinelTimers) -> int:
    """How often a proxy may find no master until it is not ready: a failover whose first vote is split is over before
    (`down_after`, twice `failover_timeout`, and 4 s for its steps)."""
    millis = timers.down_after_ms + 2 * timers.failover_seconds * 1000 + 4000
    return -(-millis // (READY_SECONDS * 1000)) + 1


def master_check(group: ReplicationGroup) -> PrimaryCheck:
    """A master that was cut off says that it is one until a Sentinel reaches it again. Where a master without a replica
    refuses writes, only one that has as many replicas as a write needs is asked."""
    needed, certificates = group.settings.replicas_to_write, group.certificates
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
        secrets={"REDIS_PASSWORD": group.secrets.probe_password},
        verified=Verified(ca=certificates.ca, host=certificates.first) if certificates else None,
    )
