"""Alertmanager's configuration. It holds receivers' secrets, so the whole file is a secret."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
import yaml

from components.monitoring_stack.settings import (
    EmailReceiver,
    MatchSettings,
    MonitoringSettings,
    PagerDutyReceiver,
    Receiver,
    SlackReceiver,
    WebhookReceiver,
)
from components.monitoring_stack.watchdog import WATCHDOG
from components.observability import AlertRule

Secrets = Mapping[str, pulumi.Output[str]]
NOBODY = "nobody"
"""The receiver of what no other one gets."""
DEAD_MAN = "dead-man"
"""The receiver of what always fires, and of nothing else."""
_LINES = "{{ range .Alerts }}{{ .Annotations.summary }}{{ with .Annotations.runbook }} ({{ . }}){{ end }}\n{{ end }}"
"""One line for each alert; Slack's message has only their names otherwise."""


def alertmanager_yml(settings: MonitoringSettings, secrets: Secrets, rules: Sequence[AlertRule]) -> pulumi.Output[str]:
    """Every receiver gets each alert that it matches, and is told when it ends.

    Alerts of one component and severity are one message; what follows from another alert is not said.
    """
    told = (*settings.alertmanager.receivers, *([settings.dead_man] if settings.dead_man else ()))
    used = {name: secrets[name] for one in told for _, name in one.secrets()}
    return pulumi.Output.secret(pulumi.Output.all(**used).apply(lambda values: _text(settings, values, rules)))


def receiver_name(index: int, receiver: Receiver) -> str:
    """By its place in the stack file: `0-webhook`."""
    return f"{index}-{receiver.kind}"


def receiver_kind(name: str) -> str:
    """Of such a name: `webhook`. Alertmanager calls its ways of telling the same."""
    return name.partition("-")[2]


def _text(settings: MonitoringSettings, values: Mapping[str, str], rules: Sequence[AlertRule]) -> str:
    own = settings.alertmanager
    routes: list[dict[str, Any]] = []
    receivers: list[dict[str, Any]] = [{"name": NOBODY}]
    if settings.dead_man:
        url = settings.dead_man.url or values[settings.dead_man.url_secret or ""]
        receivers.append({"name": DEAD_MAN, "webhook_configs": [{"url": url, "send_resolved": False}]})
        routes.append(_pings(settings.dead_man.every))
    for index, setting in enumerate(own.receivers):
        name = receiver_name(index, setting)
        key, config = _receiver(setting, values.__getitem__)
        receivers.append({"name": name, key: [config | {"send_resolved": True}]})
        routes.append({"receiver": name, "continue": True} | _matchers(setting.match))
    document = {
        "route": {
            "receiver": NOBODY,
            "group_by": ["component", "severity"],
            "group_wait": f"{own.group_wait}s",
            "group_interval": "1m",
            "repeat_interval": f"{own.repeat_interval}s",
            "routes": routes,
        },
        "inhibit_rules": _inhibitions(rules),
        "receivers": receivers,
    }
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def _pings(every: int) -> dict[str, Any]:
    """The first route, behind which no other receiver hears of the pings. Alertmanager looks every `group_interval`,
    and says again what it said longer ago than `repeat_interval`; a ping takes time, so an equal one would be skipped
    every second time."""
    return {
        "receiver": DEAD_MAN,
        "matchers": [f'alertname="{WATCHDOG}"'],
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": f"{every}s",
        "repeat_interval": f"{every // 2}s",
        "continue": False,
    }


def _matchers(match: MatchSettings) -> dict[str, list[str]]:
    """Alertmanager holds a pattern against the whole value."""
    found = [
        f'{label}=~"{"|".join(values)}"'
        for label, values in (("severity", match.severities), ("component", match.components))
        if values is not None
    ]
    return {"matchers": found} if found else {}


def _inhibitions(rules: Sequence[AlertRule]) -> list[dict[str, list[str]]]:
    """What each cause silences, of the rules that are there."""
    names = {rule.name for rule in rules}
    found = []
    for rule in rules:
        if silenced := [name for name in rule.silences if name in names]:
            target = f'alertname=~"{"|".join(silenced)}"'
            found.append({"source_matchers": [f'alertname="{rule.name}"'], "target_matchers": [target]})
    return found


def _receiver(receiver: Receiver, secret: Callable[[str], str]) -> tuple[str, dict[str, Any]]:
    match receiver:
        case WebhookReceiver():
            return "webhook_configs", {"url": receiver.url or secret(receiver.url_secret or "")}
        case SlackReceiver():
            return "slack_configs", {
                "api_url": secret(receiver.url_secret),
                "channel": receiver.channel,
                "text": _LINES,
            }
        case PagerDutyReceiver():
            # The severities are PagerDuty's own words, too.
            return "pagerduty_configs", {
                "routing_key": secret(receiver.routing_key_secret),
                "severity": "{{ .GroupLabels.severity }}",
            }
        case EmailReceiver():
            config = {"to": receiver.to, "from": receiver.sender, "smarthost": receiver.smarthost}
            if receiver.username:
                config["auth_username"] = receiver.username
            if receiver.password_secret:
                config["auth_password"] = secret(receiver.password_secret)
            return "email_configs", config
