"""Rules of what replicas follow: each figure is one that something in the stack serves."""

from collections.abc import Iterator

from components.app_tier.scaling_metrics import (
    COUNTER,
    QUEUE,
    REQUESTS,
    QueueSettings,
    ScalingMetricsSettings,
    broker,
    counts_requests,
)
from components.app_tier.settings import AppTierSettings
from components.context import Context
from components.contracts import Counting, Queueing
from model import Origin
from settings.faults import Fault


def requests_are_counted(context: Context) -> Iterator[Fault]:
    """By the application itself, or by a balancer that leads to it."""
    for app, settings, metrics, origin in _scaled(context):
        requests = metrics.requests_per_second
        if requests is None:
            continue
        if requests.counter(settings) == "app":
            served = counts_requests(settings)
        else:
            balancers = context.parts("balancers").values()
            served = any(one.requests_of(app, "") for one in balancers if isinstance(one, Counting))
            if not served and (not context.knows("balancers") or len(context.names("balancers")) > len(balancers)):
                continue  # one that is broken may lead there
        if not served:
            yield Fault(
                path=str(origin.at(REQUESTS)),
                rule="needs a count of the requests, and nothing in the stack tells Prometheus one",
                fix=f"Say what the application calls it (`apps.{app}.metrics.names: {{{COUNTER}: {COUNTER}}}`) "
                "or lead a route of a balancer to it, whose engine `haproxy` counts what it passes on.",
            )


def queues_are_counted(context: Context) -> Iterator[Fault]:
    """By the exporter of a Celery worker, or by a broker that the stack runs."""
    for _, settings, metrics, origin in _scaled(context):
        queue = metrics.queue_length
        if queue is None:
            continue
        if settings.celery is None:
            yield from _of_broker(context, settings, queue, origin.at(QUEUE))
        elif queue.queues or queue.broker:
            key = "queues" if queue.queues else "broker"
            yield Fault(
                path=str(origin.at(QUEUE, key)),
                rule="is for applications without `celery`, which says its queues and its broker itself",
                got=", ".join(queue.queues) or str(queue.broker),
                fix="Leave it out.",
            )


def _of_broker(context: Context, settings: AppTierSettings, queue: QueueSettings, origin: Origin) -> Iterator[Fault]:
    brokers = {name: one for name in settings.uses if isinstance(one := context.component(name), Queueing)}
    counted = {name: one for name, one in brokers.items() if one.counted}
    name = queue.broker
    broken = {*context.names("brokers")} - {*context.parts("brokers")}
    if not context.knows("brokers") or any(used.partition("/")[0] in broken for used in settings.uses):
        return  # what is broken may have them
    if name is not None and name not in counted:
        yield Fault(
            path=str(origin.at("broker")),
            rule="is no broker of `uses` whose queues somebody counts",
            got=repr(name),
            fix=f"Counted are those of {', '.join(counted)}."
            if counted
            else "The stack counts those of a RabbitMQ that it runs (`brokers`), and of `celery.worker`.",
        )
    elif broker(settings, queue, counted) is None:
        yield Fault(
            path=str(origin.at("broker") if counted else origin),
            rule="says which of several brokers has the queues"
            if counted
            else "needs queues that somebody counts: of `celery.worker`, or of a broker in `uses` that the stack runs",
            fix=f"Name one: {', '.join(counted)}."
            if counted
            else "An external broker's and a cache's are not counted here: let the application tell the figure in "
            "`metrics`, and write it as one of `expressions`.",
        )
    elif not queue.queues:
        yield Fault(
            path=str(origin.at("queues")),
            rule="names no queue: an application without `celery` has to say which it consumes",
            fix="Write `queues: [mail]`.",
        )


def _scaled(context: Context) -> Iterator[tuple[str, AppTierSettings, ScalingMetricsSettings, Origin]]:
    for app, settings in context.parts("apps").items():
        if settings.scaling is not None and settings.scaling.metrics is not None:
            yield app, settings, settings.scaling.metrics, Origin(key="apps", name=app).at("scaling", "metrics")


RULES = (requests_are_counted, queues_are_counted)
