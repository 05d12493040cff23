"""Certificates inside a stack: one root, and below it an authority for each circle of those who may talk to each other.

They live in the state of the stack alone. A leaf is renewed by the first update in its second year, and runs out at the
end of that year. An authority lasts ten years.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from model import Circle

_YEAR_HOURS = 365 * 24
_AUTHORITY_HOURS = 10 * _YEAR_HOURS
_LEAF_HOURS = 2 * _YEAR_HOURS
_RENEWED_BEFORE_HOURS = _YEAR_HOURS
"""An update once a year is enough, whenever in the year it comes."""
_LOOPBACK = ("127.0.0.1",)


@dataclass(frozen=True, kw_only=True)
class Root:
    """Who signs for the authorities. `key` is secret."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]


class Certificates:
    """Of one stack. Nothing is made before somebody wants a circle."""

    def __init__(self, stack: str, *, parent: pulumi.Resource | None, prefix: str) -> None:
        self._stack = stack
        self._parent = parent
        self._name = f"{prefix}ca"
        self._made: Root | None = None
        self.ends: dict[str, pulumi.Output[str]] = {}
        """When each one that was made runs out (RFC 3339), by its name."""

    def circle(self, name: str, *, parent: pulumi.Resource) -> Circle:
        """A new one below the stack's root; `name` is unique in the stack."""
        root = self._root()
        key, request = _request(name, f"{self._stack} {name}", (), parent)
        signed = tls.LocallySignedCert(
            name,
            ca_cert_pem=root.certificate,
            ca_private_key_pem=root.key,
            cert_request_pem=request,
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "crl_signing"],
            validity_period_hours=_AUTHORITY_HOURS,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        self.ends[name] = signed.validity_end_time
        return Circle(
            trusted=signed.cert_pem,
            chain=pulumi.Output.concat(signed.cert_pem, root.certificate),
            key=key,
        )

    def _root(self) -> Root:
        if self._made is None:
            opts = pulumi.ResourceOptions(parent=self._parent)
            key = _key(self._name, opts)
            made = tls.SelfSignedCert(
                self._name,
                private_key_pem=key,
                subject=tls.SelfSignedCertSubjectArgs(common_name=f"{self._stack} CA"),
                is_ca_certificate=True,
                allowed_uses=["cert_signing", "crl_signing"],
                validity_period_hours=_AUTHORITY_HOURS,
                opts=opts,
            )
            self._made = Root(certificate=made.cert_pem, key=key)
            self.ends[self._name] = made.validity_end_time
        return self._made

    def identity(
        self, circle: Circle, name: str, *, common_name: str, hosts: Sequence[str], parent: pulumi.Resource
    ) -> pulumi.Output[str]:
        """A certificate and its key as one secret PEM text: for a client, and for a server on `hosts` and on its own
        loopback. `name` is unique in the stack."""
        key, request = _request(name, common_name, (*hosts, "localhost") if hosts else (), parent)
        signed = tls.LocallySignedCert(
            name,
            ca_cert_pem=circle.trusted,
            ca_private_key_pem=circle.key,
            cert_request_pem=request,
            allowed_uses=["digital_signature", "client_auth", *(["server_auth"] if hosts else [])],
            validity_period_hours=_LEAF_HOURS,
            early_renewal_hours=_RENEWED_BEFORE_HOURS,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        self.ends[name] = signed.validity_end_time
        return pulumi.Output.secret(pulumi.Output.concat(signed.cert_pem, key))


def _key(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    made = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    return pulumi.Output.secret(made.private_key_pem)


def _request(
    name: str, common_name: str, hosts: Sequence[str], parent: pulumi.Resource
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    opts = pulumi.ResourceOptions(parent=parent)
    key = _key(name, opts)
    request = tls.CertRequest(
        f"{name}-request",
        private_key_pem=key,
        subject=tls.CertRequestSubjectArgs(common_name=common_name),
        dns_names=list(hosts) or None,
        ip_addresses=list(_LOOPBACK) if hosts else None,
        opts=opts,
    )
    return key, request.cert_request_pem
