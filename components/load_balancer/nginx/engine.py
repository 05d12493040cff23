"""nginx as an engine."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from components.contracts import Backend
from components.load_balancer.engine import Engine, Refused
from components.load_balancer.nginx import start, watched
from components.load_balancer.nginx.config import nginx_config
from components.load_balancer.nginx.differences import DIFFERENCES
from components.load_balancer.nginx.refusals import refusals
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer
from components.observability import AlertRule, Panel
from model import Stop

STOP_MARGIN_SECONDS = 5
"""Between the end of the drain and the kill, for the process to exit."""


class Nginx(Engine):
    """Open-source nginx from 1.30: replicas are followed by DNS since 1.27.3, sticky cookies are there since 1.29.6."""

    pin = "nginx"
    version = ("nginx", "-v")
    place = Place(
        config_file="/etc/nginx-config/nginx.conf",
        certificate_file="/etc/nginx-tls/site.pem",
        runtime_directory="/tmp",
    )
    differences = MappingProxyType(DIFFERENCES)

    def command(self) -> tuple[str, ...]:
        """A shell that tells nginx the name servers, and becomes it."""
        return ("sh", "-c", start.script(self.place.config_file, self.place.runtime_directory))

    def config(self, name: str, settings: Balancer, backends: Mapping[str, Backend], *, place: Place) -> str:
        """nginx.conf."""
        return nginx_config(name, settings, backends, place=place)

    def certificate(self, chain: str, private_key: str) -> str:
        """Certificate chain and key in one file, which nginx reads twice."""
        return "".join(f"{text.strip()}\n" for text in (chain, private_key))

    def stop(self, settings: Balancer) -> Stop:
        """SIGQUIT is the soft stop; SIGTERM would cut everything."""
        return Stop(signal="SIGQUIT", grace_seconds=settings.longest_stream + STOP_MARGIN_SECONDS)

    def rules(self, label: str, series: str) -> tuple[AlertRule, ...]:  # noqa: ARG002 - the signature is the engines'
        """None: open-source nginx does not tell of a route without a replica. The applications' own alerts do."""
        return ()

    def panels(self, name: str, series: str) -> tuple[Panel, ...]:
        """Connections by state."""
        return (watched.connections(name, series),)

    def refusals(self, settings: Balancer) -> Iterator[Refused]:
        """What open-source nginx does not have, and connections that do not fit into the container's memory."""
        return refusals(settings)
