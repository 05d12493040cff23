"""Encryption between clients and nodes."""

from dataclasses import dataclass
from typing import Literal

from components.own_tls import OwnTls
from components.scope import Scope
from model import SecretRef


class BrokerTlsSettings(OwnTls):
    """Encryption of clients' connections, by certificates of the stack's own authority."""

    clients: Literal["offered", "required"] = "offered"
    """Either way applications connect to 5671, and verify the node by the authority's certificate, which they get as a
    file; the management page is encrypted, too. `offered`: 5672 stays open, so that what runs from before goes on.
    `required`: it is closed. A broker that is in use goes from nothing to `offered`, and then to `required`."""

    @property
    def required(self) -> bool:
        """Whether nobody may come without encryption."""
        return self.clients == "required"


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Of one cluster: its authority, and the nodes' certificate with its key."""

    ca: SecretRef
    server: SecretRef


def certificates(scope: Scope, word: str, *, members: int) -> Certificates:
    """Of an authority of its own, for the name of all nodes and that of each."""
    hosts = [scope.platform.host(word), *(scope.platform.member_host(word, ordinal) for ordinal in range(members))]
    circle = scope.circle(f"{word}-ca")
    return Certificates(
        # With the stack's root: Erlang and OpenSSL follow a chain to its end.
        ca=scope.secret(f"{word}-ca", circle.chain),
        server=scope.identity(circle, f"{word}-identity", common_name=f"{scope.platform.stack}-{word}", hosts=hosts),
    )
