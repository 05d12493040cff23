"""Rules of Celery's workers that need the whole stack: what the broker does with tasks, and who has connections."""

from collections.abc import Iterator

from components.app_tier.celery.preset import broker
from components.app_tier.celery.settings import CeleryWorkerSettings
from components.app_tier.celery.transport import transport
from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.context import Context
from components.contracts import Offering, Queueing
from model import Origin
from settings.faults import Fault
from settings.types import duration_text


def brokers_keep_tasks(context: Context) -> Iterator[Fault]:
    """A store that evicts, and times that do not fit the transport."""
    for app, name, _, own in _workers(context):
        component = context.component(name)
        if not isinstance(component, Offering) or "celery" not in component.terms().presets:
            continue
        origin = Origin(key="apps", name=app)
        if wrong := component.terms().unfit.get("celery"):
            yield Fault(path=str(origin.at("uses", name, "preset")), rule=wrong, got="'celery'")
        if transport(component.terms()) == "redis":
            continue
        if own.visibility_timeout is not None:
            yield Fault(
                path=str(origin.at("celery", "worker", "visibility_timeout")),
                rule=f"is Redis's: `{name}` gives a task to another worker as soon as a connection is gone",
                got=_shown(own.visibility_timeout),
                fix="Leave it out.",
            )
        if isinstance(component, Queueing):
            yield from _longer_than_acks(origin, name, own, component)


def _longer_than_acks(origin: Origin, name: str, own: CeleryWorkerSettings, component: Queueing) -> Iterator[Fault]:
    broker_name, _, part = name.partition("/")
    for queue in own.queues:
        seconds = component.ack_seconds(part, queue)
        if own.held_seconds >= seconds:
            yield Fault(
                path=str(origin.at("celery", "worker", "time_limit")),
                rule=f"and `prefetch` let a task of `{queue}` be unacknowledged for {_shown(own.held_seconds)}, and "
                f"`{name}` takes it back after {_shown(seconds)} and gives it to another worker",
                got=_shown(own.time_limit),
                fix="Lower one of both, or give the queue more time by a policy: "
                f"`vhosts.<vhost>.policies.<name>.definition.consumer-timeout` (in ms) at `{broker_name}`.",
            )


def processes_have_connections(context: Context) -> Iterator[Fault]:
    """Each process of a worker opens its own."""
    for app, _, settings, own in _workers(context):
        for name, use in each_use(settings.uses).items():
            if use.pool is not None and use.pool < own.concurrency:
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("uses", name, "pool")),
                    rule=f"is fewer than `celery.worker.concurrency` ({own.concurrency}): each process opens its own",
                    got=str(use.pool),
                    fix=f"Write {own.concurrency} times what one process opens, or lower the concurrency.",
                )


def queues_fit(context: Context) -> Iterator[Fault]:
    """Queues that the stack file makes in another form than a worker declares them."""
    for app, name, _, own in _workers(context):
        component = context.component(name)
        declared = component.queues_of(name.partition("/")[2]) if isinstance(component, Queueing) else {}
        for queue in own.queues:
            if queue in declared and declared[queue].type != "quorum":
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("celery", "worker", "queues")),
                    rule=f"names a {declared[queue].type} queue of `{name}`, and workers consume quorum queues",
                    got=queue,
                    fix="Choose another name, or remove the queue's `type` there.",
                )


def queues_are_consumed(context: Context) -> Iterator[Fault]:
    """A queue of the stack file in a virtual host that Celery alone uses, and that no worker names."""
    if any(item[:1] == ("apps",) for item in context.broken) or not context.knows("apps"):
        return
    consumed: dict[str, set[str]] = {}
    for _, name, _, own in _workers(context):
        consumed.setdefault(name, set()).update(own.queues)
    for used, queues in consumed.items():
        broker_name, _, part = used.partition("/")
        component = context.component(used)
        if not isinstance(component, Queueing) or _used_otherwise(context, used):
            continue
        for queue, declared in component.queues_of(part).items():
            if declared.to_read and queue not in queues:
                yield Fault(
                    path=str(Origin(key="brokers", name=broker_name).at(*declared.keys)),
                    rule="is consumed by no worker, and Celery alone uses this virtual host: its tasks wait for ever",
                    fix=f"Name it in `celery.worker.queues` of an application, or remove it. Consumed are "
                    f"{', '.join(sorted(queues))}.",
                )


def _used_otherwise(context: Context, used: str) -> bool:
    """Whether an application uses it that may consume by another library."""
    apps: dict[str, AppTierSettings] = dict(context.parts("apps"))
    return any(
        use.preset != "celery" or use.env
        for one in apps.values()
        for name, use in each_use(one.uses).items()
        if name == used
    )


def _workers(context: Context) -> Iterator[tuple[str, str, AppTierSettings, CeleryWorkerSettings]]:
    """Application, its broker, its settings, and those of the worker."""
    for app, settings in context.parts("apps").items():
        if settings.celery and (found := broker(settings)):
            yield app, found[0], settings, settings.celery.worker


def _shown(seconds: int) -> str:
    return duration_text(seconds * 1000)


RULES = (brokers_keep_tasks, processes_have_connections, queues_fit, queues_are_consumed)
