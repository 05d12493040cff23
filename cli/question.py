"""What shows that a balancer leads to an application."""

from dataclasses import dataclass

from components.app_tier.settings import AppTierSettings
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from composition.stack import Stack

_SAMPLE = "chat"
"""The sample application among the sandbox's images: the one that is known to have something to show."""
_SAMPLE_PATH = "/chat?prompt=hello&tokens=12&delay_ms=40"
_NOT_YET = (408, 429)
"""What a balancer says of a client that is slow or asks too often, whatever is behind it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A GET that a balancer must answer. The sample must succeed; any other application may also refuse (it may want a
    login, or not know the address as its name), but a balancer that finds nobody answers 5xx."""

    path: str
    host: str | None = None
    sample: bool = False

    def is_answered_by(self, status: int) -> bool:
        """Whether an application spoke."""
        return status < 400 or (not self.sample and status < 500 and status not in _NOT_YET)


def question(settings: Stack, balancer: LoadBalancerSettings) -> Question:
    """The sample's page, or what the balancer's own check asks where a route leads there, or the first route's path."""
    for route in balancer.routes:
        alike = all(_is_sample(settings, settings.apps[side.app]) and side.port is None for side in route.answering)
        if alike and _leads(route, _SAMPLE_PATH):
            return Question(path=_SAMPLE_PATH, host=route.host, sample=True)
    for route in balancer.routes:
        path = route.check.path or settings.apps[route.answering[0].app].probes.health
        if _leads(route, path):
            return Question(path=path, host=route.host)
    first = balancer.routes[0]
    return Question(path=first.path, host=first.host)


def _is_sample(settings: Stack, app: AppTierSettings) -> bool:
    images = settings.images
    return app.image == _SAMPLE and images.source == "sandbox" and _SAMPLE not in images.override


def _leads(route: Route, path: str) -> bool:
    """Whether a request for `path` is under the route's prefix, and not closed."""
    bare = path.partition("?")[0]
    below = route.path == "/" or bare == route.path or bare.startswith(f"{route.path}/")
    return below and not route.closing(route.arrival(bare))
