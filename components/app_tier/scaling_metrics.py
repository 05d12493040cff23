"""Figures that replicas may follow beside CPU and memory: what is written of them, and what Prometheus is asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.app_tier.celery.settings import QueueName
from components.app_tier.uses import UsedName
from components.contracts import ClientContract, Counted
from model import ScalingMetric
from model.scaling import FRESH, WINDOW
from settings.base import Settings
from settings.promql import promql

if TYPE_CHECKING:
    from components.app_tier.settings import AppTierSettings

REQUESTS, QUEUE = "requests_per_second", "queue_length"
COUNTER = "http_requests_total"
_ANY_WINDOW = "2m"
_TAKEN = ("cpu", "memory", REQUESTS, QUEUE)


def _expression(text: str) -> str:
    promql(text.replace(WINDOW, _ANY_WINDOW))
    return text


def _own_name(name: str) -> str:
    if name in _TAKEN:
        raise ValueError(f"is the name of another metric; the taken ones are {', '.join(_TAKEN)}")
    return name


Expression = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_expression)]
"""An expression of Prometheus' language, in which `$__rate_interval` is four scrapes."""

MetricKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), AfterValidator(_own_name)]
"""The name of a metric of one's own, as logs and alerts say it."""

Share = Annotated[float, Field(strict=True, gt=0, le=1_000_000_000, allow_inf_nan=False)]
"""What one replica is to have."""


class RequestsSettings(Settings):
    """Requests in a second."""

    per_replica: Share
    """So many for each replica."""
    counted_by: Literal["app", "balancers"] | None = None
    """Who counts them: the application, by `metrics.names.http_requests_total`, or the balancers (HAProxy), for their
    routes to it. Default: the application where it does, else the balancers."""

    def counter(self, settings: "AppTierSettings") -> Literal["app", "balancers"]:
        """Who does."""
        return self.counted_by or ("app" if counts_requests(settings) else "balancers")


class QueueSettings(Settings):
    """Messages that wait in queues. What is being worked on does not wait any more."""

    per_replica: Share
    """So many for each replica."""
    broker: UsedName | None = None
    """A broker of `uses`, for applications without `celery`; default: the only one there."""
    queues: tuple[QueueName, ...] = Field(default=(), max_length=100)
    """The queues of it that count; for applications without `celery`, which says its queues itself."""


class ExpressionSettings(Settings):
    """A figure of one's own."""

    expr: Expression
    """PromQL with one series as its answer: the sum of all replicas. Nothing, or more than one, is a missing figure."""
    per_replica: Share
    """So much of it for each replica."""


class ScalingMetricsSettings(Settings):
    """Figures of all replicas together, each with what one replica is to have of it. Prometheus serves them."""

    requests_per_second: RequestsSettings | None = None
    """Requests, counted by the application itself or by the balancers in front of it."""
    queue_length: QueueSettings | None = None
    """Messages that wait in the queues of `celery.worker`, or in `queues` of a broker that the stack runs."""
    expressions: dict[MetricKey, ExpressionSettings] = Field(default_factory=dict, max_length=10)
    """Figures of your own, by name."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that are written."""
        known = ((REQUESTS, self.requests_per_second), (QUEUE, self.queue_length))
        return (*(name for name, one in known if one), *self.expressions)

    def said(self) -> Iterator[str]:
        """Each with what one replica is to have."""
        known = ((REQUESTS, self.requests_per_second), (QUEUE, self.queue_length), *self.expressions.items())
        return (f"{name} {one.per_replica:.12g} each" for name, one in known if one)

    @model_validator(mode="after")
    def _one(self) -> "ScalingMetricsSettings":
        if not self.names:
            raise ValueError(f"names no metric: {REQUESTS}, {QUEUE}, or some of `expressions`")
        return self


def counts_requests(settings: "AppTierSettings") -> bool:
    """Whether the application itself tells its requests."""
    return settings.metrics is not None and COUNTER in settings.metrics.names


def broker(settings: "AppTierSettings", queue: QueueSettings, brokers: Mapping[str, object]) -> str | None:
    """Which of the used `brokers` has the queues; None: it is not clear which."""
    found = [name for name in settings.uses if name in brokers and queue.broker in (None, name)]
    return found[0] if len(found) == 1 else None


def metrics(
    name: str,
    settings: "AppTierSettings",
    contracts: Mapping[str, ClientContract],
    requests: Sequence[Counted] = (),
) -> Iterator[ScalingMetric]:
    """The neutral words; `requests` are what balancers count of it."""
    own = settings.scaling.metrics if settings.scaling else None
    if own is None:
        return
    if one := own.requests_per_second:
        own_count = one.counter(settings) == "app"
        query = _requests(f"app-{name}", one.per_replica) if own_count else _passed_on(requests)
        yield ScalingMetric(name=REQUESTS, query=query, per_replica=one.per_replica)
    if queue := own.queue_length:
        yield ScalingMetric(name=QUEUE, query=_waiting(name, settings, queue, contracts), per_replica=queue.per_replica)
    for key, each in own.expressions.items():
        yield ScalingMetric(name=key, query=each.expr, per_replica=each.per_replica)


def _requests(job: str, per_replica: float) -> str:
    """A replica that tells nothing is taken for one that has what it is to have: nobody shrinks for its silence."""
    told = f'sum(rate(http_requests_total{{job="{job}"}}[{WINDOW}]))'
    return f'{told} + {per_replica:.12g} * (count(up{{job="{job}"}} == 0) or vector(0))'


def _passed_on(counted: Sequence[Counted]) -> str:
    """Of all balancers together. While one of their proxies tells nothing there is no figure: it may have the half."""
    assert counted, "a rule refuses requests that nothing counts"
    told = " or ".join(f"rate({one.series}[{WINDOW}])" for one in counted)
    silent = " or ".join(f'up{{job="{one.job}"}} == 0' for one in counted)
    return f"sum({told}) unless on() count({silent})"


def _waiting(
    name: str, settings: "AppTierSettings", queue: QueueSettings, contracts: Mapping[str, ClientContract]
) -> str:
    """By queue the largest one: while a queue's leader moves, two nodes may tell of it."""
    if settings.celery:
        series = f'ha_celery_queue_messages{{job="celery-{name}"}}'
    else:
        counted = {used: one.waiting for used, one in contracts.items() if one.waiting}
        found = broker(settings, queue, counted)
        assert found is not None, "a rule refuses queues that nothing counts"
        matched = "|".join(one.replace(".", "\\\\.") for one in queue.queues)
        series = counted[found].series(f'queue=~"{matched}"')
    return f"sum(max by (queue) ({series} and (time() - timestamp({series}) <= {FRESH})))"
