"""What Prometheus keeps of a target's series: their labels, and what relabelling makes of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.components.monitoring_stack.promql import Series
from tests.components.monitoring_stack.record import Metric


def relabelled(config: Mapping[str, Any], metrics: Mapping[str, Metric]) -> Iterator[Series]:
    """Of one `scrape_configs` entry. A label that the target has wins over an exporter's own of this name, which then
    begins with `exported_`."""
    target = {"job": config["job_name"]}
    for group in config.get("static_configs", ()):
        target |= group.get("labels", {})
    added = {rule["target_label"] for rule in config.get("relabel_configs", ()) if "target_label" in rule}
    own = {*target, "instance"} | {label for label in added if not label.startswith("__")}
    for metric, told in metrics.items():
        labels = {f"exported_{label}" if label in own else label for label in told.labels}
        one = Series(metric=metric, labels=frozenset(labels | own), fixed=target, closed=told.closed)
        for rule in config.get("metric_relabel_configs", ()):
            changed = _changed(one, rule)
            if changed is None:
                break
            one = changed
        else:
            yield one


def _changed(one: Series, rule: Mapping[str, Any]) -> Series | None:
    """By one rule on series; None: they are dropped. What depends on the values of a label may be there or not, and
    stays."""
    action, regex = rule.get("action", "replace"), rule.get("regex", "(.*)")
    by_name = rule.get("source_labels") == ["__name__"]
    fits = re.fullmatch(regex, one.metric)
    match action:
        case "drop" | "keep":
            return None if by_name and (fits is not None) == (action == "drop") else one
        case "labeldrop" | "labelkeep":
            fitting = {label for label in one.labels if re.fullmatch(regex, label)}
            left = one.labels - fitting if action == "labeldrop" else frozenset(fitting)
            return Series(metric=one.metric, labels=left, fixed=one.fixed, closed=one.closed)
        case "replace" if rule["target_label"] != "__name__":
            return Series(
                metric=one.metric, labels=one.labels | {rule["target_label"]}, fixed=one.fixed, closed=one.closed
            )
        case "replace" if by_name:
            name = fits.expand(re.sub(r"\$\{?(\d)\}?", r"\\\1", rule["replacement"])) if fits else one.metric
            return Series(metric=name, labels=one.labels, fixed=one.fixed, closed=one.closed)
    raise AssertionError(f"the linter does not know what this makes of {one.metric}: {dict(rule)}")
