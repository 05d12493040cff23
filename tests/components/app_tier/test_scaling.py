"""What replicas follow: the words of a policy, what Prometheus is asked, and what nothing serves."""

import re
from typing import Any

import promql_parser
import pytest
from pydantic import ValidationError

from components.app_tier import AppTier
from components.app_tier.scaling import ScalingSettings
from components.app_tier.scaling_metrics import metrics as words_of
from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract, Counted, Terms, Waiting
from model import Image, Scaling, Workload
from model.scaling import FRESH
from platforms.scaling import asked
from tests.components.monitoring_stack.record import recorded as on_record
from tests.components.recorder import Recorder, recorded

IMAGE = Image(ref="registry.example.com/web:1", uid=10001, gid=10001)
JOBS = Waiting(metric="rabbitmq_detailed_queue_messages_ready", labels={"job": "rabbitmq-jobs-queues", "vhost": "app"})


def scaling(metrics: dict[str, Any], /, **settings: Any) -> Scaling:
    """Of an application that may use the broker `jobs`, and the cache `cache`, whose queues nobody counts."""
    counted = settings.pop("counted", ())
    model = AppTierSettings.model_validate(
        {"image": IMAGE.ref, "scaling": {"metrics": metrics}, "port": 8000, **settings}
    )

    def build(platform: Recorder) -> AppTier:
        terms = Terms(facts={})
        contracts = {
            "jobs": ClientContract(terms=terms, values={}, waiting=JOBS),
            "cache": ClientContract(terms=terms, values={}),
        }
        used = {name: contracts[name] for name in model.uses}
        return AppTier("web", model, platform=platform, image=IMAGE, contracts=used, given={}, requests=counted)

    _, platform = recorded(build, type_="ha-platform:app:AppTier")
    found: Scaling | None = platform.one(Workload).scaling
    assert found is not None
    return found


def queries(found: Scaling) -> dict[str, str]:
    """As a platform asks them."""
    texts = {one.name: asked(one, 30) for one in found.metrics}
    for text in texts.values():
        promql_parser.parse(text)
    return texts


def test_requests_are_those_that_the_application_counts() -> None:
    found = scaling({"requests_per_second": {"per_replica": 1000}}, metrics={"names": {"http_requests_total": "reqs"}})
    assert queries(found)["requests_per_second"].startswith(
        '(sum(rate(http_requests_total{job="app-web"}[120s])) + 1000 * (count(up{job="app-web"} == 0) or vector(0)))'
    ), "under the common name, and a silent replica has what it is to have"
    assert [one.per_replica for one in found.metrics] == [1000.0]
    assert (found.cpu_percent, found.memory_percent) == (70, 80), "beside the defaults, not in place of them"


EDGE = Counted(series='passed{job="balancer-edge"}', job="balancer-edge")
ADMIN = Counted(series='passed{job="balancer-admin"}', job="balancer-admin")


@pytest.mark.parametrize("names", [{}, {"http_requests_total": "reqs"}])
def test_requests_are_those_that_balancers_count_where_the_application_does_not(names: dict[str, str]) -> None:
    own = {"per_replica": 100} | ({"counted_by": "balancers"} if names else {})
    found = scaling({"requests_per_second": own}, counted=(EDGE, ADMIN), metrics={"names": names})
    assert queries(found)["requests_per_second"].startswith(
        '(sum(rate(passed{job="balancer-edge"}[120s]) or rate(passed{job="balancer-admin"}[120s])) '
        'unless on() count(up{job="balancer-edge"} == 0 or up{job="balancer-admin"} == 0)) and on()'
    ), "while a proxy is silent there is no figure"


def test_the_queue_of_a_broker_is_that_of_its_virtual_host() -> None:
    queue = {"per_replica": 20, "queues": ["mail", "reports.daily"]}
    uses = {"jobs": "BROKER", "cache": "CACHE"}
    text = queries(scaling({"queue_length": queue}, uses=uses))["queue_length"]
    assert 'rabbitmq_detailed_queue_messages_ready{job="rabbitmq-jobs-queues",vhost="app",queue=~' in text
    (matcher,) = set(re.findall(r'queue=~"([^"]*)"', text))
    pattern = matcher.replace("\\\\", "\\")
    assert [bool(re.fullmatch(pattern, name)) for name in ("mail", "reports.daily", "reports-daily", "mails")] == [
        True,
        True,
        False,
        False,
    ]
    assert "<= 65)" in text, "older figures are none"
    assert FRESH not in text


def test_the_queues_of_a_celery_worker_are_those_of_its_exporter() -> None:
    worker = {"app": "shop", "worker": {"queues": ["mail", "reports"], "time_limit": "1m"}}
    model = AppTierSettings.model_validate(
        {
            "image": IMAGE.ref,
            "uses": {"jobs": {"prefix": "CELERY", "preset": "celery"}},
            "celery": worker,
            "scaling": {"metrics": {"queue_length": {"per_replica": 4}}},
        }
    )
    (one,) = words_of("worker", model, {})
    assert asked(one, 30).startswith(
        '(sum(max by (queue) (ha_celery_queue_messages{job="celery-worker"} and '
        '(time() - timestamp(ha_celery_queue_messages{job="celery-worker"}) <= 65))))'
    )


def test_an_expression_of_one_s_own_is_asked_as_it_is() -> None:
    own = {"sessions": {"expr": "sum(rate(sessions_total[$__rate_interval]))", "per_replica": 0.5}}
    found = scaling({"expressions": own})
    assert queries(found)["sessions"] == (
        "(sum(rate(sessions_total[120s]))) and on() (count(timestamp(up) > time() - 65))"
    )
    assert [one.per_replica for one in found.metrics] == [0.5]


@pytest.mark.parametrize(
    ("exporter", "metric", "labels"),
    [
        ("celery", "ha_celery_queue_messages", {"queue"}),
        ("rabbitmq-queues", JOBS.metric, {"queue", "vhost"}),
        ("haproxy", "haproxy_backend_http_requests_total", {"proxy"}),
    ],
)
def test_what_is_asked_is_what_exporters_tell(exporter: str, metric: str, labels: set[str]) -> None:
    assert labels <= on_record(exporter).metrics[metric].labels


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({}, "names no metric"),
        ({"requests_per_second": {"per_replica": 0}}, "greater than 0"),
        ({"queue_length": {"per_replica": -1}}, "greater than 0"),
        ({"expressions": {"cpu": {"expr": "up", "per_replica": 1}}}, "the name of another metric"),
        ({"expressions": {"a": {"expr": "sum(up", "per_replica": 1}}}, "is no PromQL"),
        ({"expressions": {"a": {"expr": "sum(up)", "per_replica": float("inf")}}}, "finite"),
        ({"rps": {"per_replica": 1}}, "rps"),
    ],
)
def test_what_is_no_policy(metrics: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ScalingSettings.model_validate({"metrics": metrics})


OFFICE = {"starts": "0 7 * * 1-5", "ends": "0 20 * * 1-5", "min": 6}


def policy(**schedule: Any) -> ScalingSettings:
    return ScalingSettings.model_validate({"min": 3, "max": 10, "schedules": {"office": {**OFFICE, **schedule}}})


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"min": 3}, r"`schedules.office.min` \(3\) is not above `min` \(3\)"),
        ({"min": 11}, r"`schedules.office.min` is above `max` \(11 > 10\)"),
        ({"ends": "0 7 * * 1-5"}, "starts again"),
        ({"ends": "0 20 * * 5"}, "give each start an end of its own"),
        ({"starts": "0 7 30 2 *"}, "no day of any year"),
        ({"starts": "7:00"}, "five fields"),
        ({"time_zone": "Moon/Base"}, "not known here"),
    ],
)
def test_what_is_no_busy_hour(schedule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        policy(**schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"starts": "0 22 * * *", "ends": "0 4 * * *"},
        {"starts": "0 8 * * 1", "ends": "0 18 * * 5"},
        {"starts": "30 1 * * *", "ends": "30 2 * * *", "time_zone": "Europe/Berlin"},
        {"starts": "0 0 1 12 *", "ends": "0 0 27 12 *"},
    ],
)
def test_busy_hours_by_day_by_night_by_week_and_by_year(schedule: dict[str, Any]) -> None:
    word = policy(**schedule).scaling()
    assert [one.min_replicas for one in word.windows] == [6]
    assert word.min_replicas == 3


def test_the_policy_in_a_line() -> None:
    own = {"sessions": {"expr": "sum(sessions)", "per_replica": 50}}
    metrics = {"queue_length": {"per_replica": 20}, "expressions": own}
    found = ScalingSettings.model_validate(
        {"min": 3, "max": 10, "cpu": None, "metrics": metrics, "schedules": {"office": OFFICE}}
    )
    assert found.said() == (
        "3 to 10, by memory 80 %, queue_length 20 each, sessions 50 each; "
        "office (`0 7 * * 1-5` to `0 20 * * 1-5` UTC): at least 6"
    )
    assert found.beyond_resources == ("metrics", "schedules")
    assert ScalingSettings().beyond_resources == ()


def test_figures_may_take_the_place_of_cpu_and_memory() -> None:
    own = {"sessions": {"expr": "sum(sessions)", "per_replica": 5}}
    assert ScalingSettings.model_validate({"cpu": None, "memory": None, "metrics": {"expressions": own}}).cpu is None
    with pytest.raises(ValidationError, match="nothing to scale on"):
        ScalingSettings.model_validate({"cpu": None, "memory": None})
