"""What a person says about the cluster's own HTTP entry: a controller of Ingresses, or a Gateway."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from settings.base import Settings
from settings.references import label_key
from settings.types import DnsName, Network

AnyNamespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
ObjectName = DnsName
LabelKey = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"),
    AfterValidator(label_key),
]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")]


def _once(sections: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sections))


class Pods(Settings):
    """Pods of one namespace."""

    namespace: AnyNamespace
    """Where they run."""
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Labels that they have; default: all pods of the namespace."""


class _FrontSettings(Settings):
    """What leads to the proxies."""

    controllers: tuple[Pods, ...] = Field(default=(), max_length=20)
    """The pods that pass requests on: they alone may connect to the proxies. Where the cluster's network does not
    enforce policies, anybody in the cluster may."""
    networks: tuple[Network, ...] = Field(default=(), max_length=50)
    """Address ranges that may connect, too: of the nodes, where the pods use their network, or of a cloud's balancer
    that sends to pods."""
    wait: bool = True
    """Whether an update waits until the controller has taken what leads to the proxies, and fails where it does not
    (ten minutes). False for a controller that does not tell: one without an address of its own to show."""

    @model_validator(mode="after")
    def _somebody_connects(self) -> Self:
        if not self.controllers and not self.networks:
            raise ValueError(
                "name the `controllers` that pass requests on, or their `networks`: nobody else may connect"
            )
        return self


class IngressSettings(_FrontSettings):
    """An ingress controller that is in the cluster."""

    class_name: ObjectName | None = None
    """The IngressClass; default: the cluster's default class."""


class GatewaySettings(_FrontSettings):
    """The Gateway API, version 1, whose definitions and controller are in the cluster."""

    name: ObjectName | None = None
    """An existing Gateway. It must let routes of the stack's namespace attach, and has its own certificates."""
    namespace: AnyNamespace | None = None
    """Its namespace; default: the stack's."""
    sections: Annotated[tuple[DnsName, ...], AfterValidator(_once)] = Field(default=(), max_length=16)
    """Names of its listeners that the routes attach to; default: all that match."""
    class_name: ObjectName | None = None
    """In place of an existing one: the GatewayClass of a Gateway that each balancer makes for itself, with HTTP at port
    80, and HTTPS at 443 where the balancer has `front.tls`. For classes whose proxies run in a namespace of their own:
    in the stack's, nobody could connect to them."""
    timeouts: bool = True
    """Whether the routes say that requests may take any time, so that the balancer's own limits count: gateways of
    Envoy end them after 15 s otherwise. False for a controller that refuses `timeouts`."""

    @model_validator(mode="after")
    def _one_gateway(self) -> Self:
        if (self.name is None) == (self.class_name is None):
            raise ValueError("give the `name` of a Gateway, or the `class_name` of one that is made")
        if self.name is None and (self.namespace is not None or self.sections):
            raise ValueError("`namespace` and `sections` are those of a Gateway with a `name`; leave them out")
        return self
