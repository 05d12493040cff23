"""Published ports belong to one component each."""

from collections.abc import Iterator

from composition.rules.context import ROOT, Context
from settings.faults import Fault


def published_ports_differ(context: Context) -> Iterator[Fault]:
    """Two components cannot publish the same port."""
    seen: dict[int, str] = {}
    for path, port in _published(context):
        if port in seen:
            yield Fault(
                path=f"{ROOT}.{path}",
                rule=f"is published by {seen[port]} already",
                got=str(port),
                fix="Choose another port.",
            )
        seen.setdefault(port, path)


def _published(context: Context) -> Iterator[tuple[str, int]]:
    for name, balancer in context.stack.balancers.items():
        if balancer.listen.http is not None:
            yield f"balancers.{name}.listen.http", balancer.listen.http
        if balancer.listen.https is not None:
            yield f"balancers.{name}.listen.https", balancer.listen.https
        yield f"balancers.{name}.status.port", balancer.status.port
    if monitoring := context.stack.monitoring:
        for key, port in monitoring.published().items():
            yield f"monitoring.{key}", port


RULES = (published_ports_differ,)
