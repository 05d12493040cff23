"""What stands in front of published HTTP: it ends TLS and passes requests on by their host."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate that the issuer `name` makes in the cluster; `kind` says where the issuer is."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class GivenCertificate:
    """A certificate with its intermediates and its key, PEM texts. Both are handled as secrets."""

    certificate: pulumi.Output[str] | str
    private_key: pulumi.Output[str] | str


@dataclass(frozen=True, kw_only=True)
class Front:
    """For a platform that has such a thing; `annotations` and `tls` are wishes that others refuse.

    `port` names the public port for plain HTTP (None: there is none), `hosts` are those that are asked for, and with
    `any_host` all others, too. `trusted_proxies` are the ranges from which the workload believes who the client is.
    """

    port: str | None
    hosts: tuple[str, ...] = ()
    any_host: bool = True
    trusted_proxies: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    tls: GivenCertificate | Issued | None = None
