"""Backups in a directory of a server that is reached by SSH."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated

import pulumi
from pydantic import AfterValidator, Field, StringConstraints

from components.contracts import BackupRepository
from components.external import LoginName, reached
from components.kind import SecretUse
from components.repository.store import Given
from settings.base import Settings
from settings.ssh_keys import host_key, private_key
from settings.types import DnsName, PortNumber, SecretName

Directory = Annotated[
    str, StringConstraints(pattern=r"^/[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200)
]
"""An absolute path on a server, without a slash at its end."""

HostKey = Annotated[str, AfterValidator(host_key)]
"""A server's public key: `ssh-ed25519 AAAA...`."""


class SftpSettings(Settings):
    """A directory of a server with SFTP. The server is known by its keys, or nothing is sent to it: there is no trust
    at the first use."""

    host: DnsName
    """The server's name, or an IPv4 address."""
    port: PortNumber = 22
    """Its port."""
    user: LoginName
    """Who logs in."""
    key: SecretName
    """The given secret that holds the user's private key, without a passphrase: in OpenSSH's form, or in PEM form."""
    host_keys: tuple[HostKey, ...] = Field(min_length=1, max_length=10)
    """The server's public keys, as its files `/etc/ssh/ssh_host_*_key.pub` have them: all that it has, for which one it
    shows is agreed with each client (an Ed25519 one, where it has one)."""
    path: Directory
    """The directory, as the server shows it to this user. It must be there, and the user's to write."""
    networks: tuple[IPv4Network, ...] = Field(default=(), max_length=20)
    """Kubernetes: address ranges in which it is, for network policies. Default: the address that `host` is, or any
    address at this port."""

    def same(self, prefix: str) -> tuple[str, ...]:
        """The directory."""
        return ("directory", self.host, str(self.port), self.user, f"{self.path}/{prefix}")

    def secret_uses(self) -> Iterator[SecretUse]:
        """The key."""
        yield SecretUse("key", self.key, agreed=True, form=private_key)

    def repository(self, given: Given) -> BackupRepository:
        """By a key, and known by others."""
        # A key without an end of its last line is none to some readers.
        key = pulumi.Output.all(given.secrets[self.key]).apply(lambda texts: f"{texts[0].strip()}\n")
        known = "".join(f"[{self.host}]:{self.port} {one}\n" for one in self.host_keys)
        return BackupRepository(
            options={
                "type": "sftp",
                "path": f"{self.path}/{given.prefix}",
                "sftp-host": self.host,
                "sftp-host-port": str(self.port),
                "sftp-host-user": self.user,
                "sftp-host-key-check-type": "strict",
                "sftp-host-key-hash-type": "sha256",  # of fingerprints: required, though none is compared
            },
            files={"sftp-private-key-file": ("key", key), "sftp-known-host": ("known-hosts", known)},
            passphrase=given.passphrase,
            outside=(reached(self.host, self.port, self.networks),),
        )
