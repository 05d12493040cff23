"""A stack with every kind that declares something, for what monitoring makes of it."""

import json
from functools import cache
from typing import Any

import pulumi
import yaml

from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack, Fault
from settings.images import pins
from tests.mock_engine import Recorded, render
from tests.rendered.given_certificate import given_certificate
from tests.rendered.texts import PLATFORMS, text

SECRETS = {
    "hook": "https://hooks.example.com/x",
    "key": "0123456789abcdef0123456789abcdef",
    "word": "w0rd-of-mail",
    "site": given_certificate(),
}
HOOK = {"kind": "webhook", "url_secret": "hook"}


def document(platform: str, *receivers: dict[str, Any], **monitoring: Any) -> dict[str, Any]:
    """Three members of each store, a cluster of Redis, a balancer, an application and a worker. Alerts go to these
    receivers, or to a hook."""
    resources = {"cpu_request": "500m", "cpu_limit": "2", "memory_request": "1Gi", "memory_limit": "2Gi"}
    alertmanager = {"receivers": [*receivers] or [HOOK], **monitoring.pop("alertmanager", {})}
    web = {"image": "registry.example.com/app:1", "port": 8000, "run_as": {"uid": 1000, "gid": 1000}, "metrics": {}}
    worker = {key: web[key] for key in ("image", "run_as")} | {
        "uses": {"jobs": {"prefix": "CELERY", "preset": "celery"}},
        "celery": {"app": "shop.worker", "worker": {"queues": ["mail"], "time_limit": "2m"}},
    }
    s3 = {"endpoint": "s3.example.com", "bucket": "b-1", "key": "key", "secret": "word"}
    postgres = pins("upstream")["postgres"].model_copy(update={"pgbackrest": True})
    return {
        "images": {"override": {"postgres": postgres.model_dump(mode="json", exclude_none=True)}},
        "platform": PLATFORMS[platform],
        "repositories": {"offsite": {"s3": s3}},
        "balancers": {
            "edge": {
                "listen": {"http": 8080, "https": 8443},
                "tls": {"certificate": "site", "private_key": "key"},
                "routes": [{"path": "/", "app": "web"}],
                "replicas": 2,
            }
        },
        "apps": {"web": web, "worker": worker},
        "databases": {
            "main": {
                "members": 3,
                "reads": {},
                "pooler": {},
                "resources": resources,
                "backups": {"repositories": ["offsite"], "verify": {}},
            }
        },
        "caches": {"cache": {"role": "cache", "members": 3}, "jobs": {"role": "broker", "members": 3}},
        "clusters": {"keys": {"role": "store"}},
        "brokers": {"queue": {"members": 3}},
        "monitoring": {"alertmanager": alertmanager, "grafana": {}, **monitoring},
    }


def small(platform: str = "swarm", *, web: dict[str, Any] | None = None, **monitoring: Any) -> dict[str, Any]:
    """One application, whose metrics are `web`; alerts go to a hook."""
    app = {"image": "registry.example.com/app:1", "port": 8000, "run_as": {"uid": 1000, "gid": 1000}}
    given = {"alertmanager": {"receivers": [HOOK]}, "grafana": {}, **monitoring}
    return {
        "platform": PLATFORMS[platform],
        "apps": {"web": {**app, "metrics": web or {}}},
        "monitoring": {key: value for key, value in given.items() if value is not None},
    }


def registered(platform: str, *receivers: dict[str, Any], **monitoring: Any) -> list[Recorded]:
    """What such a stack registers."""
    return composed(document(platform, *receivers, **monitoring))


def composed(stack: dict[str, Any]) -> list[Recorded]:
    """What a stack registers. Raises BrokenStack."""
    return _composed(json.dumps(stack))


@cache
def _composed(stack: str) -> list[Recorded]:
    read = check(json.loads(stack), source="s", secret_names=frozenset(SECRETS))

    def build(_: pulumi.Resource) -> None:
        given = {name: pulumi.Output.secret(value) for name, value in SECRETS.items()}
        compose(StackInput(source="s", stack=read, secrets=given), stack_name="s")

    return render(build, stack="s")


def faults(stack: dict[str, Any]) -> tuple[Fault, ...]:
    """What is wrong with it, by the rules of stack files or by what is built from it."""
    try:
        composed(stack)
    except BrokenStack as broken:
        return broken.faults
    return ()


def rules(found: list[Recorded]) -> dict[str, dict[str, Any]]:
    """Every alert rule that Prometheus has, by its name."""
    groups = yaml.safe_load(text(found, "prometheus-rules"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def alerts(found: list[Recorded]) -> dict[str, Any]:
    """Alertmanager's configuration."""
    loaded: dict[str, Any] = yaml.safe_load(text(found, "alertmanager-config"))
    return loaded
