"""Whether somebody is told when something fails."""

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml
from rules.rule import ADVISORY, Rule
from views import Resource, Stack

_STORES = ("databases", "caches", "clusters", "brokers")
_TYPES = ("kubernetes:core/v1:ConfigMap", "docker:index/serviceConfig:ServiceConfig")
_SECRETS = ("kubernetes:core/v1:Secret", "docker:index/secret:Secret")
"""Alertmanager's configuration holds the addresses of receivers. A preview may not know it yet; none is shown."""
_ALWAYS = re.compile(r"\s*vector\(\s*[0-9.]+\s*\)\s*")


def _unscraped(stack: Stack) -> Iterator[str]:
    configurations = _documents(stack, "scrape_configs")
    asked = "\n".join(str(one.get("scrape_configs")) for one in configurations)
    for component in _stores(stack):
        if not configurations:
            yield f"{component}: the stack has no Prometheus that asks it."
        elif f"{component}-" not in asked and f"{component}." not in asked and f"{component}'" not in asked:
            yield f"{component}: Prometheus does not ask it."


def _unalerted(stack: Stack) -> Iterator[str]:
    if not _documents(stack, "scrape_configs"):
        return
    alerts = [rule for one in _documents(stack, "groups") for rule in _alerts(one)]
    named = {str((rule.get("labels") or {}).get("component")) for rule in alerts}
    for store in sorted({".".join(one.path[:2]) for one in stack.workloads if one.path[:1] in [(s,) for s in _STORES]}):
        if store.partition(".")[2] not in named:
            yield f"{store}: no alert is about it."


def _silent(stack: Stack) -> Iterator[str]:
    for one in _documents(stack, "scrape_configs"):
        if not one.get("rule_files"):
            yield "Prometheus: it reads no file of rules."
        if not ((one.get("alerting") or {}).get("alertmanagers")):
            yield "Prometheus: it sends alerts to no Alertmanager."
    for document in _documents(stack, "groups"):
        for rule in _alerts(document):
            if not (rule.get("labels") or {}).get("severity"):
                yield f"alert {rule['alert']}: it has no severity, so no route."
            if not {"runbook", "runbook_url"} & set(rule.get("annotations") or {}):
                yield f"alert {rule['alert']}: it names no runbook."
    for one in _alertmanagers(stack):
        if not any(_tells(one, route) and not _pings(route, _always(stack)) for route in _routes(one["route"] or {})):
            yield "Alertmanager: none of its routes leads to a receiver that tells somebody."


def _unnoticed(stack: Stack) -> Iterator[str]:
    if not _documents(stack, "scrape_configs"):
        return
    if not (always := _always(stack)):
        yield "Prometheus: no alert always fires, so nobody notices when alerts do not work."
        return
    for one in _alertmanagers(stack):
        if not any(_tells(one, route) and _pings(route, always) for route in _routes(one["route"] or {})):
            yield f"Alertmanager: no route of its own leads {', '.join(sorted(always))} to a receiver."


def _always(stack: Stack) -> set[str]:
    """Alerts that always fire."""
    rules = [rule for one in _documents(stack, "groups") for rule in _alerts(one)]
    return {str(rule["alert"]) for rule in rules if _ALWAYS.fullmatch(str(rule.get("expr")))}


def _pings(route: dict[str, Any], always: set[str]) -> bool:
    """Whether it is for an alert that always fires alone: a service that expects pings gets it, and no person."""
    wanted = {f'alertname="{name}"' for name in always}
    return any(str(one).replace(" ", "") in wanted for one in route.get("matchers") or [])


def _alertmanagers(stack: Stack) -> list[dict[str, Any]]:
    """Its configurations, as far as they are known; a collector has `receivers`, too, and no `route`."""
    return [one for one in _documents(stack, "receivers", *_TYPES, *_SECRETS) if "route" in one]


def _routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """It, and those below it."""
    yield route
    for below in route.get("routes") or []:
        yield from _routes(below)


def _tells(document: dict[str, Any], route: dict[str, Any]) -> bool:
    """Whether its receiver sends to anybody."""
    named = [one for one in document.get("receivers") or [] if one.get("name") == route.get("receiver")]
    return any(value for one in named for key, value in one.items() if key.endswith("_configs"))


def _alerts(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in document.get("groups") or []:
        yield from (rule for rule in group.get("rules") or [] if "alert" in rule)


def _stores(stack: Stack) -> list[str]:
    """Groups of members that keep data for others, by the name that these know them by."""
    members = [one for one in stack.workloads if one.kind == "members"]
    kept = [one for one in members if not one.origin or (one.ports and one.path[:1] in [(key,) for key in _STORES])]
    return sorted({one.component for one in kept})


def _documents(stack: Stack, key: str, *types: str) -> list[dict[str, Any]]:
    """YAML documents among the configurations that have this key at the top."""
    texts = [text for one in stack.of_type(*(types or _TYPES)) for text in _texts(one) if f"\n{key}:" in f"\n{text}"]
    return [one for text in texts if isinstance(one := _read(text), dict)]


@lru_cache(maxsize=64)
def _read(text: str) -> Any:
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:  # a template, or another language
        return None


def _texts(resource: Resource) -> Iterator[str]:
    given = resource.properties
    for key in ("data", "stringData"):
        data = given.get(key)
        yield from (value for value in (data.values() if isinstance(data, dict) else ()) if isinstance(value, str))
    if isinstance(raw := given.get("dataRaw"), str):
        yield raw
    data = given.get("data")
    encoded = data.values() if isinstance(data, dict) and resource.type.endswith(":Secret") else [data]
    for text in encoded:
        try:
            yield base64.b64decode(text, validate=True).decode() if isinstance(text, str) else ""
        except ValueError:  # no text in it
            continue


RULES = (
    Rule(
        name="stores-are-scraped",
        says="Prometheus asks every group of members that keeps data.",
        why="Nobody sees a lost replica, a full disk or a lag before the next loss is an outage.",
        fix="Set `monitoring`, or add it to the scrape configuration.",
        level=ADVISORY,
        of_stack=_unscraped,
    ),
    Rule(
        name="stores-have-alerts",
        says="For every store there are alerts.",
        why="A graph wakes nobody.",
        fix="Add rules whose label `component` is its name.",
        level=ADVISORY,
        of_stack=_unalerted,
    ),
    Rule(
        name="alerts-reach-somebody",
        says="Prometheus reads rules and sends alerts with a severity and a runbook; Alertmanager tells somebody.",
        why="An alert without a route or a way to act on it is no alert.",
        fix="Set `rule_files` and `alerting`, the rule's `severity` and `runbook`, and a receiver.",
        of_stack=_silent,
    ),
    Rule(
        name="silence-is-noticed",
        says="Where there is Prometheus, an alert that always fires is sent to somebody who notices when it stops.",
        why="Prometheus, Alertmanager or their host can be lost with everything else, and nobody is told.",
        fix="Set `monitoring.dead_man`: a service outside of the stack that expects pings.",
        of_stack=_unnoticed,
    ),
)
