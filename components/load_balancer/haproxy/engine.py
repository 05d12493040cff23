"""HAProxy as an engine."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from components.contracts import Backend
from components.load_balancer.engine import Engine, Refused
from components.load_balancer.haproxy import forwarded, memory, watched
from components.load_balancer.haproxy.config import haproxy_config
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer
from components.observability import AlertRule, Panel
from model import Stop

STOP_MARGIN_SECONDS = 5
"""Between the end of the drain and the kill, for the process to exit."""


class HAProxy(Engine):
    """HAProxy, one process in the foreground."""

    pin = "haproxy"
    version = ("haproxy", "-v")
    place = Place(
        config_file="/etc/haproxy-config/haproxy.cfg",
        certificate_file="/etc/haproxy-tls/site.pem",
        runtime_directory="/tmp",
    )
    differences = MappingProxyType({"trusted_proxies": f"at most {forwarded.HOPS} proxies are counted"})

    def command(self) -> tuple[str, ...]:
        """Master and worker: the master passes signals on and reaps."""
        return ("haproxy", "-W", "-db", "-f", self.place.config_file)

    def config(self, name: str, settings: Balancer, backends: Mapping[str, Backend], *, place: Place) -> str:
        """haproxy.cfg."""
        return haproxy_config(name, settings, backends, place=place)

    def certificate(self, chain: str, private_key: str) -> str:
        """Certificate chain and key in one file."""
        return "".join(f"{text.strip()}\n" for text in (chain, private_key))

    def stop(self, settings: Balancer) -> Stop:
        """SIGUSR1 is the soft stop; SIGTERM would cut everything."""
        return Stop(signal="SIGUSR1", grace_seconds=settings.stop_delay + settings.longest_stream + STOP_MARGIN_SECONDS)

    def rules(self, label: str, series: str) -> tuple[AlertRule, ...]:
        """Routes without a replica, and errors."""
        return tuple(watched.rules(label, series))

    def panels(self, name: str, series: str) -> tuple[Panel, ...]:
        """Answers by status class."""
        return tuple(watched.panels(name, series))

    def requests(self, series: str, app: str) -> str | None:
        """Of the application's backends."""
        return watched.requests(series, app)

    def refusals(self, settings: Balancer) -> Iterator[Refused]:
        """Connections that do not fit into the container's memory."""
        needed, limit = memory.needed_bytes(settings), settings.container_resources().memory_limit_bytes
        if needed > limit:
            tcp = ", and those of `tcp`," if settings.tcp else ""
            yield Refused(
                "max_connections",
                f"{settings.max_connections} connections{tcp} with `limits.headers` of "
                f"{settings.limits.headers // 1024} KiB may take {needed // 2**20} MiB, and the memory limit is "
                f"{limit // 2**20} MiB; lower one of them, or give more memory by `size` or `resources`",
            )
