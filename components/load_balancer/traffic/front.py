"""What ends TLS in front of this balancer and passes HTTP on to it, where the platform has such a thing."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from components.load_balancer.traffic.cloud import Annotations, without_secrets
from settings.base import Settings
from settings.types import DnsName, SecretName

_ELSEWHERE = {
    "kubernetes.io/ingress.class": "platform.ingress.class_name",
    "cert-manager.io/issuer": "front.tls.issuer",
    "cert-manager.io/issuer-kind": "front.tls.issuer_kind",
    "cert-manager.io/cluster-issuer": "front.tls.issuer",
}
"""Annotations that are keys of the stack file: they are not said twice."""


_NAMES_A_SECRET = re.compile(r".*-secret(-name)?")
_OBJECT = re.compile(r"([a-z0-9][a-z0-9-]*/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def _can_be_said(annotations: dict[str, str]) -> dict[str, str]:
    """The annotations. Controllers find passwords for a host in a Secret that an annotation names."""
    for key in annotations:
        if key in _ELSEWHERE:
            raise ValueError(f"{key} is `{_ELSEWHERE[key]}`; say it there")
    without_secrets({key: value for key, value in annotations.items() if not _names_a_secret(key, value)})
    return annotations


def _names_a_secret(key: str, value: str) -> bool:
    return bool(_NAMES_A_SECRET.fullmatch(key) and _OBJECT.fullmatch(value))


class FrontTls(Settings):
    """The certificate that clients see: given, or of an issuer."""

    certificate: SecretName | None = None
    """The given secret with the certificate in PEM form, followed by its intermediates."""
    private_key: SecretName | None = None
    """The given secret with the unencrypted private key."""
    issuer: DnsName | None = None
    """In place of both: the name of cert-manager's issuer, which makes one certificate for the routes' hosts and renews
    it."""
    issuer_kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"
    """`Issuer`: it is in the stack's namespace, and made beside the stack."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.certificate is not None, self.private_key is not None]
        if any(given) != all(given):
            raise ValueError("`certificate` and `private_key` go together")
        if any(given) == (self.issuer is not None):
            raise ValueError("give `certificate` and `private_key`, or `issuer`")
        if self.issuer is None and "issuer_kind" in self.model_fields_set:
            raise ValueError("`issuer_kind` is that of an `issuer`; leave it out")
        return self


class FrontSettings(Settings):
    """An Ingress or a Gateway in front: for Kubernetes with `platform.entry: ingress` or `gateway`, else refused. It
    leads to `listen.http`, for the hosts of the routes."""

    annotations: Annotated[Annotations, AfterValidator(_can_be_said)] = Field(default_factory=dict)
    """Annotations of the Ingress, as its controller documents them: largest bodies, times, WebSockets. Of a Gateway:
    those of the HTTPRoute, and of the Gateway where the stack makes it. Not for secrets; a key that ends in
    `-secret` names a Secret."""
    tls: FrontTls | None = None
    """The certificate that clients see; default: none, or that of a Gateway which is not the stack's."""
