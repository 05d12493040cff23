"""What platforms have in common where replicas follow load: a policy to follow, and what Prometheus is asked."""

from collections.abc import Iterator

from model import Scaling, ScalingMetric
from model.scaling import FRESH, WINDOW
from platforms.base import Refused

SCRAPED = "count(timestamp(up) > time() - {fresh})"
"""Prometheus itself is scraping. What a target does not tell any more it forgets with its next scrape; what it has not
scraped for a while itself it would go on to tell for five minutes."""


def refusals(scaling: Scaling) -> Iterator[Refused]:
    """A policy without a metric."""
    if scaling.cpu_percent is None and scaling.memory_percent is None and not scaling.metrics:
        yield Refused("scaling", "no metric", "the autoscaler needs a target: for CPU, for memory, or for `metrics`")


def asked(metric: ScalingMetric, scrape_seconds: int) -> str:
    """The query where Prometheus scrapes every so many seconds; nothing where its figures are old."""
    fresh = fresh_seconds(scrape_seconds)
    query = metric.query.replace(WINDOW, f"{4 * scrape_seconds}s").replace(FRESH, str(fresh))
    return f"({query}) and on() ({SCRAPED.format(fresh=fresh)})"


def fresh_seconds(scrape_seconds: int) -> int:
    """How old a figure may be: two scrapes, and a moment."""
    return 2 * scrape_seconds + 5
