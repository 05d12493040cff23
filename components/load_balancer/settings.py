"""The settings of a load balancer: the words of `traffic/`, and the engine that renders them."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from components.load_balancer.engines import ENGINES, NOT_BUILT
from components.load_balancer.traffic import Balancer

if TYPE_CHECKING:
    EngineName = str
else:
    EngineName = Literal[tuple(ENGINES)]


def _built(engine: object) -> Any:
    if engine in NOT_BUILT:
        raise ValueError(f"the engine {engine} is not built yet; use `{'` or `'.join(ENGINES)}`")
    return engine


class LoadBalancerSettings(Balancer):
    """Proxies that the outside reaches, and the routes behind them."""

    engine: Annotated[EngineName, BeforeValidator(_built)] = "haproxy"
    """The proxy software."""

    def requests_of(self, app: str, series: str) -> str | None:
        """The counters of the requests that routes lead to an application; None: there are none."""
        routed = any(side.app == app for route in self.routes for side in route.answering)
        return ENGINES[self.engine].requests(series, app) if routed else None

    @model_validator(mode="after")
    def _rendered(self) -> Self:
        refused = [f"`{field}`: {reason}" for field, reason in ENGINES[self.engine].refusals(self)]
        if refused:
            raise ValueError("; ".join(refused))
        return self
