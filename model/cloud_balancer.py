"""What a cloud is told of the balancer that it puts in front of published ports."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class CloudBalancer:
    """`annotations` tell the cloud's controller what kind of balancer it makes, and with which address. `sources` are
    the address ranges that it lets in; empty: all."""

    annotations: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
