"""Alertmanager's configuration. It holds receivers' secrets, so the whole file is a secret."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import yaml

from components.monitoring_stack.settings import (
    AlertmanagerSettings,
    EmailReceiver,
    PagerDutyReceiver,
    Receiver,
    SlackReceiver,
    WebhookReceiver,
)

Secrets = Mapping[str, pulumi.Output[str]]


def alertmanager_yml(settings: AlertmanagerSettings, secrets: Secrets) -> pulumi.Output[str]:
    """Every receiver gets every alert, and is told when it ends."""
    used = {name: secrets[name] for receiver in settings.receivers for _, name in receiver.secrets()}
    return pulumi.Output.secret(pulumi.Output.all(**used).apply(lambda values: _text(settings, values)))


def _text(settings: AlertmanagerSettings, values: Mapping[str, str]) -> str:
    receiver: dict[str, Any] = {"name": "everybody"}
    for setting in settings.receivers:
        key, config = _receiver(setting, values.__getitem__)
        receiver.setdefault(key, []).append(config | {"send_resolved": True})
    document = {
        "route": {
            "receiver": "everybody",
            "group_by": ["alertname"],
            "group_wait": f"{settings.group_wait}s",
            "group_interval": "1m",
            "repeat_interval": f"{settings.repeat_interval}s",
        },
        "receivers": [receiver],
    }
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def _receiver(receiver: Receiver, secret: Callable[[str], str]) -> tuple[str, dict[str, Any]]:
    match receiver:
        case WebhookReceiver():
            return "webhook_configs", {"url": receiver.url or secret(receiver.url_secret or "")}
        case SlackReceiver():
            return "slack_configs", {"api_url": secret(receiver.url_secret), "channel": receiver.channel}
        case PagerDutyReceiver():
            return "pagerduty_configs", {"routing_key": secret(receiver.routing_key_secret)}
        case EmailReceiver():
            config = {"to": receiver.to, "from": receiver.sender, "smarthost": receiver.smarthost}
            if receiver.username:
                config["auth_username"] = receiver.username
            if receiver.password_secret:
                config["auth_password"] = secret(receiver.password_secret)
            return "email_configs", config
