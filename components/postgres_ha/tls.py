"""Encryption between members, and between clients and members."""

from dataclasses import dataclass
from typing import Literal

from components.own_tls import OwnTls
from components.scope import Scope
from components.verified import Verified
from model import Circle, SecretRef


class DatabaseTlsSettings(OwnTls):
    """Encryption of clients' connections, and of Patroni's REST API. The servers have certificates of the stack's own
    authority; replication is always encrypted and verified."""

    clients: Literal["offered", "required"] = "offered"
    """`offered`: clients may encrypt; libpq, asyncpg and pgJDBC do so by themselves, to whichever server answers.
    `required`: the servers take no client without encryption, and applications get the authority's certificate, and
    URLs by which their libraries verify the server (`verify-full`)."""
    rest: Literal["prepared", "required"] | None = None
    """Patroni's REST API, by which members, proxies and monitoring ask a member how it is, and which changes the
    primary. `required`: by TLS alone, and what changes something needs a certificate of the stack beside the password.
    A database that runs changes in two updates: with `prepared` everybody learns to ask both ways, and `required` comes
    after that. Default: not encrypted."""


def rest_steps(runs: str, wanted: str) -> str:
    """Why a database cannot go from one mode to the other while it runs, and what can be done; empty where it can.
    Modes are those of `rest`, and empty for none."""
    if wanted == "required" and not runs:
        return (
            "cannot be `required` yet for a database that runs: its members and proxies ask without encryption, and "
            "would lose the primary. Write `prepared`, then `required` with the next update"
        )
    if runs == "required" != wanted:
        return "cannot change back for a database that runs: its proxies ask by TLS alone. Write `required` again"
    return ""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Of one database: its authority, as those are told who verify, and the servers' certificate with its key."""

    circle: Circle
    ca: SecretRef
    server: SecretRef
    first: str
    """A name that the servers' certificate has, whoever shows it."""

    @property
    def verified(self) -> Verified:
        """How one that asks a member by TLS knows it."""
        return Verified(ca=self.ca, host=self.first)

    def asking(self, scope: Scope, word: str) -> SecretRef:
        """A certificate for the job `word`, which may change something by Patroni's REST API, without the servers'
        key."""
        return scope.identity(self.circle, f"{word}-identity", common_name=f"{scope.platform.stack}-{word}", hosts=())

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
        first=hosts[0],
    )
