"""What a cloud is told of its own balancer, which stands in front of this one."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from components.load_balancer.traffic.words import Networks
from components.placement import LabelKey
from settings.base import Settings
from settings.plain_secrets import is_secret
from settings.references import process_text

_OF_THE_PLATFORM = ("pulumi.com/", "ha-platform/", "kubectl.kubernetes.io/")


def _key(text: str) -> str:
    """Not one by which the platform or the engine is told something."""
    if text.startswith(_OF_THE_PLATFORM):
        raise ValueError("belongs to the platform itself; leave it out")
    return text


Annotations = dict[
    Annotated[LabelKey, AfterValidator(_key)],
    Annotated[str, StringConstraints(max_length=4096), AfterValidator(process_text)],
]
"""Key -> value."""


def without_secrets(annotations: dict[str, str]) -> dict[str, str]:
    """The annotations. Everybody who may read the object sees them."""
    for key, value in annotations.items():
        if is_secret(key, value):
            raise ValueError(f"{key} looks like a secret, and everybody who may read the object sees it")
    return annotations


class CloudBalancerSettings(Settings):
    """How a cloud makes the balancer in front: for Kubernetes with `platform.entry: load-balancer`, else refused."""

    annotations: Annotated[Annotations, AfterValidator(without_secrets)] = Field(default_factory=dict)
    """Annotations of the Service, as the cloud documents them: the kind of balancer, a fixed address, an inner network,
    its logs (`service.beta.kubernetes.io/aws-load-balancer-type: external`,
    `networking.gke.io/load-balancer-ip-addresses`, `metallb.io/loadBalancerIPs`). Not for secrets."""
    sources: Networks = Field(default=(), max_length=100)
    """Address ranges that may connect, to every port; default: everybody. The cloud's balancer closes other
    connections, where the cloud knows the field; the nodes do it in any case."""
