"""Whether everything that a stack's rules and boards read is exported by something in that stack.

The stack is read as it is rendered: what Prometheus scrapes, its rules, and the boards.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml

from tests.components.monitoring_stack.promql import ANY, NONE, Labels, Reader, Series
from tests.components.monitoring_stack.record import Metric, recorded, recorded_names
from tests.components.monitoring_stack.relabelled import relabelled
from tests.mock_engine import Recorded
from tests.rendered.texts import content, holds_text

EXPORTERS = (
    ("balancer-.+", "haproxy"),
    ("(postgres|redis)-.+-(rw|ro)", "write-proxy"),
    (r"postgres-.+-server-\d+", "postgres-exporter"),
    ("postgres-.+-store", "etcd"),
    ("postgres-.+-pooler", "pooler"),
    ("postgres-.+-backups", "backups"),
    ("postgres-.+", "patroni"),
    (r"redis-cluster-.+-\d+-\d+", "redis-cluster"),
    (r"redis-.+-\d+", "redis"),
    (r"sentinel-.+-\d+", "sentinel"),
    ("rabbitmq-.+-queues", "rabbitmq-queues"),
    ("rabbitmq-.+", "rabbitmq"),
    (".+-copies", "copies"),
    ("schedule-.+", "schedule"),
    ("celery-.+", "celery"),
    ("scaler", "scaler"),
    ("app-.+", "app"),
    ("node-exporter|prometheus|alertmanager", ""),
)
"""Pattern of a job -> the record of what answers there; empty: of the same name. The first one that fits."""
_SCRAPES = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
            "scrape_series_added")  # fmt: skip
"""What Prometheus itself adds for each target."""
_STATES = frozenset({"firing", "pending"})
_NGINX = re.compile(r"^daemon off;$", re.MULTILINE)
_GRAFANA = re.compile(r"\$(__rate_interval|__interval|__range)")
_TEMPLATE = re.compile(r"\$labels\.(\w+)")
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, kw_only=True)
class Read:
    """One expression of the stack, and where it stands. `named` are labels that its texts show."""

    where: str
    expr: str
    named: Labels = NONE
    labels: Mapping[str, str] = field(default_factory=dict)
    record: str = ""


Files = Sequence[tuple[str, dict[str, Any]]]
"""What Prometheus and Grafana read: name -> content."""


Answers = Mapping[str, str]
"""Job -> the record of what answers there, where its name does not tell."""
Told = Mapping[str, Mapping[str, Labels]]
"""Job -> metric -> labels, of what nobody could record: applications of others."""


def lint(
    files: Files, *, apps: bool = False, answers: Answers = MappingProxyType({}), told: Told = MappingProxyType({})
) -> list[str]:
    """What is wrong: where it stands, what it reads, what would be right. Nothing without monitoring. `apps`: they are
    the sample application; of another's metrics only what is `told` is known."""
    if not files:
        return []
    reader, found = reader_of(files, apps=apps, answers=answers, told=told)
    for one in reads_of(files):
        labels = reader.read(one.expr) | one.labels.keys()
        found += [f"{one.where}: {fault}" for fault in reader.faults]
        if (wrong := one.named - labels) and not ANY & labels:
            found.append(f"{one.where}: its text shows {sorted(wrong)}; the result has {sorted(labels)}")
        reader.faults.clear()
    return found


def reader_of(
    files: Files, *, apps: bool = False, answers: Answers = MappingProxyType({}), told: Told = MappingProxyType({})
) -> tuple[Reader, list[str]]:
    """Who reads expressions of this stack, and the jobs that there is no record of."""
    (config,) = (document for _, document in files if "scrape_configs" in document)
    series, faults = _scraped(config["scrape_configs"], apps=apps, answers=answers, told=told)
    reader = Reader(series=series, elsewhere=_elsewhere())
    for one in reads_of(files):
        if one.record:  # in their order: one may read what another makes
            made = Series(metric=one.record, labels=reader.read(one.expr) | one.labels.keys(), fixed=one.labels)
            series.setdefault(one.record, []).append(made)
        elif "alertname" in one.labels:
            # Prometheus makes a series of each alert that is pending or fires.
            labels = frozenset({*one.labels, "alertstate"})
            made = Series(metric="ALERTS", labels=labels, fixed=one.labels, closed={"alertstate": _STATES})
            series.setdefault("ALERTS", []).append(made)
    reader.faults.clear()
    return reader, faults


def reads_of(files: Files) -> list[Read]:
    """Every expression, recording rules first."""
    return sorted((one for name, document in files for one in _reads(name, document)), key=lambda one: not one.record)


def documents(registered: Iterable[Recorded]) -> Files:
    """Of the files that are YAML or JSON."""
    found = []
    for one in registered:
        if holds_text(one) and one.name.startswith(("prometheus-", "grafana-")):
            text = content(one)
            document = json.loads(text) if text.startswith("{") else yaml.safe_load(text)
            if isinstance(document, dict):
                found.append((one.name, document))
    return found


def answering(registered: Iterable[Recorded]) -> Answers:
    """The jobs of balancers whose engine is nginx, by their configuration: it alone knows of daemons."""
    configs = (one for one in registered if one.name.endswith("-config") and holds_text(one))
    return {f"balancer-{one.name.removesuffix('-config')}": "nginx" for one in configs if _NGINX.search(content(one))}


def _reads(name: str, document: dict[str, Any]) -> Iterator[Read]:
    for group in document.get("groups", ()):
        for rule in group["rules"]:
            texts = " ".join(rule.get("annotations", {}).values())
            yield Read(
                where=f"{name}: {rule.get('alert') or rule['record']}",
                expr=rule["expr"],
                named=frozenset(_TEMPLATE.findall(texts)),
                labels=rule.get("labels", {}) | ({"alertname": rule["alert"]} if "alert" in rule else {}),
                record=rule.get("record", ""),
            )
    for panel in _panels(document):
        for target in panel.get("targets", ()):
            yield Read(
                where=f"{name}: {panel['title']}",
                expr=_GRAFANA.sub("1m", target["expr"]),
                named=frozenset(_LEGEND.findall(target.get("legendFormat", ""))),
            )


def _panels(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of a row stand in it."""
    for panel in document.get("panels", ()):
        yield panel
        yield from _panels(panel)


def _scraped(
    configs: Iterable[dict[str, Any]], *, apps: bool, answers: Answers, told: Told
) -> tuple[dict[str, list[Series]], list[str]]:
    """What Prometheus has of its targets, and the jobs that there is no record of."""
    series: dict[str, list[Series]] = {}
    faults = []
    for config in configs:
        job = config["job_name"]
        named = next((name or job for pattern, name in EXPORTERS if re.fullmatch(pattern, job)), None)
        exporter = answers.get(job, named)
        if exporter not in recorded_names():
            faults.append(f"prometheus-config: {job}: nobody recorded what answers there; add its record to "
                          "`metrics/`, and its job to `EXPORTERS`")  # fmt: skip
            continue
        own = {metric: Metric(labels=NONE, closed={}) for metric in _SCRAPES}
        exported = {} if exporter == "app" and not apps else recorded(exporter).metrics
        theirs = {metric: Metric(labels=labels, closed={}) for metric, labels in told.get(job, {}).items()}
        for one in relabelled(config, {**exported, **theirs, **own}):
            series.setdefault(one.metric, []).append(one)
    return series, faults


def _elsewhere() -> dict[str, str]:
    return {metric: name for name in recorded_names() for metric in recorded(name).metrics}
