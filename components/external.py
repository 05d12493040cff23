"""Stores outside the stack: somebody else runs them, and applications get the same contract as of a store inside."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.contracts import Terms
from components.facts import FactType
from model import Outside
from settings.base import Settings
from settings.certificates import certificates
from settings.types import DnsName, PortNumber, SecretName

_PEM = "-----BEGIN "
_SECRET_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


def _given_or_certificates(text: str) -> str:
    if _SECRET_NAME.fullmatch(text):
        return text
    if _PEM not in text:
        raise ValueError("is neither the name of a given secret nor a certificate in PEM form")
    return certificates(text)


Authority = Annotated[str, AfterValidator(_given_or_certificates)]
"""The certificate of an authority, or several, in PEM form; or the name of a given secret that holds it."""


def held_in(authority: str | None) -> str | None:
    """The given secret that holds the certificate, if one does."""
    return authority if authority is not None and _PEM not in authority else None


def reached(host: str, port: int, networks: tuple[IPv4Network, ...]) -> Outside:
    """What a client must be allowed to connect to: without `networks` the address that `host` is, else any."""
    if not networks:
        try:
            networks = (IPv4Network(IPv4Address(host)),)
        except AddressValueError:
            networks = ()
    return Outside(port=port, networks=networks)


LoginName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,127}$")]
"""As providers name users."""


class ExternalTls(Settings):
    """Encryption, and how the server is verified."""

    ca: Authority | None = None
    """The certificate of the authority that signed the server's (or several, one after the other): in PEM form, or the
    name of a given secret that holds it. Applications get it as a file."""
    mode: Literal["require", "verify-ca", "verify-full"] = "verify-full"
    """`verify-full`: the certificate is signed by `ca` and has the name `host`; `verify-ca`: it is signed by `ca`;
    `require`: encrypted, but to whoever answers."""

    @model_validator(mode="after")
    def _ca_fits(self) -> "ExternalTls":
        if self.ca is None and self.mode != "require":
            raise ValueError(f"`mode: {self.mode}` needs `ca`: the certificate of the authority, also of a public one")
        if self.ca is not None and self.mode == "require":
            raise ValueError("`mode: require` verifies nothing: remove `ca`, or write `verify-full`")
        return self

    @property
    def verifies(self) -> bool:
        """Whether clients verify the server, by a certificate that they get as a file."""
        return self.ca is not None

    @property
    def secret(self) -> str | None:
        """The given secret that holds the certificate, if one does."""
        return held_in(self.ca)


class Tls(Protocol):
    """Encryption, as clients are told of it: by libpq's word, and whether there is a certificate to verify by."""

    @property
    def mode(self) -> str: ...

    @property
    def verifies(self) -> bool: ...


def tls_facts(tls: Tls | None) -> dict[str, FactType]:
    """What a contract holds of the encryption."""
    if tls is None:
        return {}
    return {"tls_mode": FactType.TEXT} | ({"ca_file": FactType.FILE} if tls.verifies else {})


def tls_values(name: str, tls: Tls | None) -> dict[str, str]:
    """The facts of the encryption of the store `name`."""
    if tls is None:
        return {}
    return {"tls_mode": tls.mode} | ({"ca_file": f"/run/secrets/{name}-ca.crt"} if tls.verifies else {})


class ExternalAddress(Settings):
    """Where a server outside the stack is, and how its clients log in."""

    host: DnsName
    """Its name, or an IPv4 address."""
    port: PortNumber
    """Its port."""
    password: SecretName
    """The given secret that holds the password."""
    tls: ExternalTls | None = None
    """Encryption. Default: none."""
    networks: tuple[IPv4Network, ...] = Field(default=(), max_length=20)
    """Kubernetes: address ranges in which it is, for the applications' network policies. Default: the address that
    `host` is, or any address at this port, for a name's addresses are not known to a policy."""

    @property
    def outside(self) -> Outside:
        """What an application must be allowed to connect to."""
        return reached(self.host, self.port, self.networks)


class ExternalStore(Settings):
    """A store that the stack uses and does not run: `external` alone."""

    external: ExternalAddress

    @abstractmethod
    def terms(self) -> Terms:
        """What its contract holds."""

    @abstractmethod
    def values(self) -> Mapping[str, str]:
        """The plain facts."""

    @abstractmethod
    def url(self) -> str:
        """The text of the fact `url`."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_else(cls, value: Any) -> Any:
        if isinstance(value, dict) and (others := sorted(map(str, value.keys() - {"external"}))):
            names = ", ".join(f"`{name}`" for name in others)
            raise ValueError(
                f"{names}: for a store that the stack runs, and somebody else runs what `external` names; remove one "
                "of the two"
            )
        return value


def is_external(value: object) -> str:
    """Which form of a store a document has: for the union of both."""
    external = isinstance(value, ExternalStore) or (isinstance(value, dict) and "external" in value)
    return "elsewhere" if external else "here"
