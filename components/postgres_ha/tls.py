"""Encryption between members, and between clients and members."""

from dataclasses import dataclass
from typing import Literal

from components.own_tls import OwnTls
from components.scope import Scope
from model import Circle, SecretRef


class DatabaseTlsSettings(OwnTls):
    """Encryption of clients' connections. The servers have certificates of the stack's own authority; replication is
    always encrypted and verified."""

    clients: Literal["offered", "required"] = "offered"
    """`offered`: clients may encrypt; libpq, asyncpg and pgJDBC do so by themselves, to whichever server answers.
    `required`: the servers take no client without encryption, and applications get the authority's certificate, and
    URLs by which their libraries verify the server (`verify-full`)."""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Of one database: its authority, as those are told who verify, and the servers' certificate with its key."""

    circle: Circle
    ca: SecretRef
    server: SecretRef

    def pooler(self, scope: Scope, name: str) -> SecretRef:
        """The pooler's own: it has not the servers' key."""
        word = f"{name}-pooler"
        hosts = (scope.platform.host(word),)
        return scope.identity(
            self.circle, f"{word}-identity", common_name=f"{scope.platform.stack}-{word}", hosts=hosts
        )


def certificates(scope: Scope, name: str, *, members: int) -> Certificates:
    """Of an authority of its own, for the names of every member and endpoint. The read endpoint's name is there without
    it, so that adding one changes no certificate."""
    word = f"{name}-pg"
    hosts = [scope.platform.member_host(word, ordinal) for ordinal in range(members)]
    hosts += [scope.platform.host(f"{name}-{endpoint}") for endpoint in ("rw", "ro")]
    circle = scope.circle(f"{word}-ca")
    return Certificates(
        circle=circle,
        # With the stack's root: libpq takes no authority that another one signed for the last one.
        ca=scope.secret(f"{word}-ca", circle.chain),
        server=scope.identity(circle, f"{word}-identity", common_name=f"{scope.platform.stack}-{word}", hosts=hosts),
    )
