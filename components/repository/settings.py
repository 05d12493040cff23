"""The settings of a repository of backups."""

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field, StringConstraints

from components.external import Authority, held_in, reached
from model import Outside
from settings.base import Settings
from settings.types import DnsName, PortNumber, SecretName

Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""The name of a bucket, as S3 takes it."""

Region = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""The name of a region."""

Prefix = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200)
]
"""A path inside a bucket, without a slash at its ends."""


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

    @property
    def outside(self) -> Outside:
        """What a member must be allowed to connect to."""
        return reached(self.endpoint, self.port, self.networks)

    @property
    def ca_secret(self) -> str | None:
        """The given secret that holds the certificate, if one does."""
        return held_in(self.ca)


class RepositorySettings(Settings):
    """Where backups are kept, outside the stack and encrypted. Databases name it in `backups.repositories`."""

    s3: S3Settings
    """A bucket."""
    prefix: Prefix | None = None
    """Where in the bucket. Default: the stack's name. No two stacks may have the same."""
    passphrase: SecretName | None = None
    """The given secret that holds the passphrase of the encryption (AES-256), for backups that another stack made or a
    lost one. Default: generated, and an output of the stack: keep it elsewhere, for without it none can be read."""
