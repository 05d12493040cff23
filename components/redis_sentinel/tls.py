"""Encryption of a replication group: between its servers and Sentinels, and with clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from components.own_tls import OwnTls
from components.scope import Scope
from model import File, SecretRef

IDENTITY_FILE, CA_FILE = "identity.pem", "ca.pem"
"""In the directory of the servers' files."""


def _not_offered(value: object) -> object:
    if value == "offered":
        raise ValueError(
            "must be `required`: a Sentinel names one port of the master to all clients, so it cannot have one with "
            "encryption and one without"
        )
    return value


class CacheTlsSettings(OwnTls):
    """Encryption of all connections, by certificates of the stack's own authority."""

    clients: Annotated[Literal["required"], BeforeValidator(_not_offered)] = "required"
    """`required`: servers, Sentinels and the plain address take nobody without encryption, at the ports that they
    always have; replication is encrypted; applications verify the servers by the authority's certificate, which they
    get as a file. `offered`, as brokers have it, cannot be: a Sentinel names one port of the master to all clients."""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Of one group: its authority, and the certificate of all servers and Sentinels with its key."""

    ca: SecretRef
    server: SecretRef
    first: str
    """A name that the certificate has, whoever shows it."""
    copies: SecretRef | None = None
    """The certificate of the copier and its server, where there are copies."""

    def files(self, directory: str) -> tuple[File, ...]:
        """What a server or a Sentinel mounts."""
        return (
            File(path=f"{directory}/{IDENTITY_FILE}", source=self.server),
            File(path=f"{directory}/{CA_FILE}", source=self.ca),
        )


def certificates(scope: Scope, name: str, *, members: int, copying: Sequence[str] = ()) -> Certificates:
    """Of an authority of its own. One certificate with the names of all: go-redis verifies the first Sentinel's name,
    whomever it comes to. The plain address is there without it, so that adding one changes no certificate. `copying`
    are the hosts of the copier and of its server: these have another one."""
    hosts = [
        scope.platform.member_host(f"{name}-{server}", ordinal)
        for server in ("redis", "sentinel")
        for ordinal in range(members)
    ]
    circle = scope.circle(f"{name}-redis-ca")
    return Certificates(
        # With the stack's root: OpenSSL follows a chain to its end.
        ca=scope.secret(f"{name}-redis-ca", circle.chain),
        server=scope.identity(
            circle,
            f"{name}-redis-identity",
            common_name=f"{scope.platform.stack}-{name}-redis",
            hosts=[*hosts, scope.platform.host(f"{name}-rw")],
        ),
        first=hosts[0],
        copies=(
            scope.identity(
                circle,
                f"{name}-copies-identity",
                common_name=f"{scope.platform.stack}-{name}-copies",
                hosts=copying,
            )
            if copying
            else None
        ),
    )
