"""Backups in a bucket of an S3 server."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field, StringConstraints

from components.contracts import BackupRepository
from components.external import Authority, held_in, reached
from components.kind import SecretUse
from components.repository.store import Given
from settings.base import Settings
from settings.certificates import certificates
from settings.types import DnsName, PortNumber, SecretName

Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""The name of a bucket, as S3 takes it."""

Region = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""The name of a region."""


class S3Settings(Settings):
    """A bucket of an S3 server, which is asked over TLS alone."""

    endpoint: DnsName
    """The server's name, or an IPv4 address: `s3.eu-central-1.amazonaws.com`."""
    port: PortNumber = 443
    """Its port."""
    bucket: Bucket
    """The bucket. It must be there."""
    region: Region = "us-east-1"
    """The region that requests are signed for."""
    path_style: bool = False
    """Whether the bucket stands in the path of a request (`true`: most servers of one's own), or in the host's name."""
    key: SecretName
    """The given secret that holds the access key."""
    secret: SecretName
    """The given secret that holds the secret key."""
    ca: Authority | None = None
    """The certificate of the authority that signed the server's: in PEM form, or the name of a given secret that holds
    it. Default: the public ones that the image knows."""
    networks: tuple[IPv4Network, ...] = Field(default=(), max_length=20)
    """Kubernetes: address ranges in which it is, for network policies. Default: the address that `endpoint` is, or any
    address at this port."""

    def same(self, prefix: str) -> tuple[str, ...]:
        """The bucket."""
        return ("bucket", self.endpoint, str(self.port), self.bucket, prefix)

    def secret_uses(self) -> Iterator[SecretUse]:
        """The keys, and the certificate."""
        yield SecretUse("key", self.key, agreed=True)
        yield SecretUse("secret", self.secret, agreed=True)
        if held := held_in(self.ca):
            yield SecretUse("ca", held, agreed=True, form=certificates)

    def repository(self, given: Given) -> BackupRepository:
        """By its keys."""
        held = held_in(self.ca)
        authority = given.secrets[held] if held else self.ca
        return BackupRepository(
            options={
                "type": "s3",
                "path": f"/{given.prefix}",
                "s3-endpoint": self.endpoint,
                "s3-bucket": self.bucket,
                "s3-region": self.region,
                "s3-uri-style": "path" if self.path_style else "host",
                "storage-port": str(self.port),
            },
            secrets={"s3-key": given.secrets[self.key], "s3-key-secret": given.secrets[self.secret]},
            files={} if authority is None else {"storage-ca-file": ("ca.pem", authority)},
            passphrase=given.passphrase,
            outside=(reached(self.endpoint, self.port, self.networks),),
        )
