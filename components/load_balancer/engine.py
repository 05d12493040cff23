"""What a proxy's software must do to be an engine of the load balancer."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from components.contracts import Backend
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer
from components.observability import AlertRule, Panel
from model import Stop


class Refused(NamedTuple):
    """A key of the settings that the engine cannot render, and why."""

    field: str
    reason: str


class Engine(ABC):
    """Renders every word of `traffic/`, or refuses it by name.

    The process serves `/healthz` (503 while it stops), `/livez` and Prometheus `/metrics` on the place's status port.
    """

    pin: str
    """The name of the image pin."""
    version: tuple[str, ...]
    """Prints the version of the program and ends."""
    place: Place
    """Ports, files and directories inside the container."""
    differences: Mapping[str, str]
    """What is rendered with another meaning at its edges, by field (`routes[].balance`): for the documentation."""

    @abstractmethod
    def command(self) -> tuple[str, ...]:
        """What the container runs."""

    @abstractmethod
    def config(self, name: str, settings: Balancer, backends: Mapping[str, Backend], *, place: Place) -> str:
        """The configuration file of the balancer `name`, without secrets.

        `backends` holds every application of `settings.apps`.
        """

    @abstractmethod
    def certificate(self, chain: str, private_key: str) -> str:
        """The certificate file, from PEM texts."""

    @abstractmethod
    def stop(self, settings: Balancer) -> Stop:
        """The signal that begins `stop_delay` and the drain, and the seconds that both may take."""

    @abstractmethod
    def rules(self, label: str, series: str) -> tuple[AlertRule, ...]:
        """Alerts on the engine's own metrics. `label` begins their names; `series` selects this balancer's series."""

    @abstractmethod
    def panels(self, name: str, series: str) -> tuple[Panel, ...]:
        """Graphs of the engine's own metrics."""

    def requests(self, series: str, app: str) -> str | None:
        """The counters of the requests that it passed on to an application; None: it counts none by application."""
        del series, app
        return None

    @abstractmethod
    def refusals(self, settings: Balancer) -> Iterator[Refused]:
        """What of valid settings this engine cannot render."""
