"""Settings and backends for tests, and the configuration they give."""

from typing import Any

from components.contracts import Backend
from components.load_balancer.engines import ENGINES
from components.load_balancer.place import Place
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Balancer
from model import Endpoint

TLS: dict[str, Any] = {
    "listen": {"http": 80, "https": 443},
    "tls": {"certificate": "site_cert", "private_key": "site_key"},
}


def balancer(**settings: Any) -> dict[str, Any]:
    """The smallest valid settings, with `settings` put over them."""
    return {"listen": {"http": 80}, "routes": [{"app": "chat"}], **settings}


def with_route(**route: Any) -> dict[str, Any]:
    """The smallest valid settings with one route that has `route`'s fields."""
    return balancer(routes=[{"app": "chat", **route}])


def backend(app: str) -> Backend:
    return Backend(
        endpoint=Endpoint(host=app, replicas_host=f"tasks.{app}"), port=8000, health_path="/up", max_replicas=4
    )


def config(
    settings: dict[str, Any],
    *,
    name: str = "edge",
    place: Place | None = None,
    backends: dict[str, Backend] | None = None,
) -> str:
    """The configuration of a balancer; without a place that of a container, without backends usual ones."""
    model = LoadBalancerSettings.model_validate(settings)
    engine = ENGINES[model.engine]
    backends = backends or {app: backend(app) for app in model.apps}
    return engine.config(name, model, backends, place=place or engine.place)


def refused(engine: str, settings: dict[str, Any]) -> list[str]:
    """The fields that the engine refuses of settings that are otherwise valid."""
    model = Balancer.model_validate(settings)
    return [one.field for one in ENGINES[engine].refusals(model)]


def offered(engine: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The same settings, less the fields that the engine has in no form."""
    if engine == "haproxy":
        return settings
    own = {key: value for key, value in settings.items() if key not in ("stop_delay", "tcp")}
    return own | {"routes": [_offered(route) for route in settings["routes"]]}


def _offered(route: dict[str, Any]) -> dict[str, Any]:
    """A route without what nginx refuses, and with what it needs."""
    kept = {key: value for key, value in route.items() if key not in ("check", "ejection", "max_per_replica")}
    for key in ("headers", "timeouts", "rate_limit"):
        kept |= {key: dict(kept[key])} if key in kept else {}
    if "headers" in kept:
        request = {key: value for key, value in kept["headers"].get("request", {}).items() if key != "add"}
        kept["headers"]["request"] = request
    if "timeouts" in kept:
        kept["timeouts"].pop("queue", None)
        kept["timeouts"].pop("connect", None)
    return kept


def section(text: str, name: str) -> list[str]:
    """The lines of the section `name` (`backend chat`), without comments."""
    block = text.partition(f"\n{name}\n")[2].partition("\n\n")[0]
    assert block, f"no section {name}"
    return [line.strip() for line in block.splitlines() if not line.strip().startswith("#")]
