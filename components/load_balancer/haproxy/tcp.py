"""TCP routes as the template sees them."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.contracts import Backend
from components.load_balancer.haproxy.servers import BALANCE, slots
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer, TcpRoute


@dataclass(frozen=True, kw_only=True)
class TcpView:
    """One TCP route."""

    route: TcpRoute
    backend: Backend
    name: str
    """The proxy's name in metrics. No application's name has an underscore."""
    bind_port: int

    @property
    def port(self) -> int:
        return self.backend.number(self.route.port)

    @property
    def balance(self) -> str:
        return BALANCE[self.route.balance]

    @property
    def slots(self) -> int:
        return slots(self.backend)


def tcp_views(settings: Balancer, backends: Mapping[str, Backend], place: Place) -> list[TcpView]:
    """In the order of the ports inside the container."""
    return [
        TcpView(route=settings.tcp[name], backend=backends[settings.tcp[name].app], name=f"tcp_{name}", bind_port=port)
        for name, port in place.tcp_ports(settings.tcp).items()
    ]
