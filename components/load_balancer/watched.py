"""What a load balancer declares to monitoring."""

from components.load_balancer.contract import Entry
from components.load_balancer.engine import Engine
from components.observability import Observability, ScrapeTarget, down_rule


def job(name: str) -> str:
    """Under which Prometheus has its figures."""
    return f"balancer-{name}"


def observability(name: str, entry: Entry, engine: Engine, *, replicas_host: str, replicas: int) -> Observability:
    """Scrapes go to the status port inside the containers: they do not leave the platform."""
    target = ScrapeTarget(
        job=job(name),
        replicas_host=replicas_host,
        port=engine.place.status_port,
        path=entry.metrics_path,
        expected=replicas,
    )
    series = f'job="{target.job}"'
    label = f"Balancer_{name.replace('-', '_')}"
    return Observability(
        targets=(target,),
        rules=(
            down_rule(label, target, runbook="docs/runbooks/balancer-down.md"),
            *engine.rules(label, series),
        ),
        panels=engine.panels(name, series),
    )
