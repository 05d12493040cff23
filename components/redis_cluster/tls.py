"""Encryption of a cluster: between its members, and with clients."""

from dataclasses import dataclass
from typing import Literal

from components.own_tls import OwnTls
from components.scope import Scope
from model import Circle, File, SecretRef

IDENTITY_FILE, CA_FILE = "identity.pem", "ca.pem"
"""In the directory of the members' files."""


class ClusterTlsSettings(OwnTls):
    """Encryption of all connections, by certificates of the stack's own authority."""

    clients: Literal["required"] = "required"
    """`required`: members take nobody without encryption, at the port that they always have; what they say to each
    other is encrypted; applications verify them by the authority's certificate, which they get as a file."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Of one cluster; `ca` is its certificate."""

    circle: Circle
    ca: SecretRef

    @classmethod
    def of(cls, scope: Scope, name: str) -> "Authority":
        """With the stack's root: OpenSSL follows a chain to its end."""
        circle = scope.circle(f"{name}-redis-ca")
        return cls(circle=circle, ca=scope.secret(f"{name}-redis-ca", circle.chain))

    def files(self, scope: Scope, word: str, directory: str, hosts: tuple[str, ...]) -> tuple[File, ...]:
        """What the members of one shard mount. A shard has a certificate of its own: another shard replaces none."""
        identity = scope.identity(
            self.circle, f"{word}-identity", common_name=f"{scope.platform.stack}-{word}", hosts=hosts
        )
        return (
            File(path=f"{directory}/{IDENTITY_FILE}", source=identity),
            File(path=f"{directory}/{CA_FILE}", source=self.ca),
        )
