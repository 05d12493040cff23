"""The stack that the scenarios run on: the shape of production, small enough for two cores."""

import copy
from typing import Any

HTTP_PORT, STATUS_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT = 30080, 30404, 30090, 30093
MIB = 2**20
HOSTS, MEMBERS, REPLICAS, PROXIES = 3, 3, 3, 2
OWN_DIRECTORY, OWN_FILE = "/var/lib/chat", "/opt/chat/app/alerts.yaml"
"""A volume and a configuration file of the application `alerts`; the file stands among the image's own."""
OWN_TEXT = "a: {{ b }}\n\tc: $HOME $$ $(X) é\n\n"
_SMALL = {"cpu_request": "20m", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "256Mi"}
_DATA = {"cpu_request": "50m", "cpu_limit": "2", "memory_request": "128Mi", "memory_limit": "512Mi"}
_STORE = {"cpu_request": "50m", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "256Mi"}
_NODE = {"cpu_request": "50m", "cpu_limit": "2", "memory_request": "192Mi", "memory_limit": "512Mi"}
_USES = {"main": "DATABASE", "sessions": "REDIS"}


def live_stack(platform: dict[str, Any], *, alerts_host: str) -> dict[str, Any]:
    """Three web replicas behind two proxies, a worker, a database and a cache of three members each, monitoring.

    The application that receives alerts has no metrics where the stack says: the alert of that has long been on its way
    when a test asks for it.
    """
    return {
        "platform": platform,
        "images": {"source": "sandbox"},
        "data": "delete",
        "balancers": {
            "edge": {
                "replicas": PROXIES,
                "listen": {"http": HTTP_PORT},
                "status": {"port": STATUS_PORT},
                "longest_stream": "20s",
                "resources": _SMALL,
                "routes": [
                    {"path": "/", "app": "web", "timeouts": {"response": "20s"}},
                    {"path": "/session", "app": "web", "sticky": {"cookie": "ha_replica"},
                     "timeouts": {"response": "20s"}},
                    {"path": "/replica", "app": "web", "retries": None, "timeouts": {"response": "20s"}},
                ],
            }
        },
        "apps": {
            "web": {
                "image": "chat",
                "command": ["python3", "-m", "app"],
                "port": 8000,
                "replicas": REPLICAS,
                "longest_request": "20s",
                "resources": _SMALL,
                "env": {"APP_VERSION": "1"},
                "probes": {"ready": "/ready", "interval": "2s", "timeout": "2s"},
                "migrations": {"command": ["python3", "-m", "app.migrate"], "retries": 1, "deadline": "60s"},
                "uses": copy.deepcopy(_USES),
                "secrets": {"model_api_key": "model_api_key"},
                "metrics": {},
                "rollout": {"stable": "2s", "deadline": "65s"},
            },
            "worker": {
                "image": "chat",
                "command": ["python3", "-m", "app.worker"],
                "replicas": 1,
                "resources": _SMALL,
                "probes": {"command": ["python3", "-m", "app.worker", "--check"]},
                "uses": copy.deepcopy(_USES),
                "secret_env": {"MODEL_API_KEY": "model_api_key"},
            },
            "alerts": {
                "image": "chat",
                "command": ["python3", "-m", "app.webhook"],
                "port": 8000,
                "resources": _SMALL,
                "volumes": {OWN_DIRECTORY: "64Mi"},
                "files": {OWN_FILE: OWN_TEXT},
                "metrics": {"path": "/nothing-here"},
            },
        },
        "databases": {
            "main": {
                "members": MEMBERS, "synchronous": True, "extensions": ["vector"], "volume": "1Gi", "resources": _DATA,
                "store_resources": _STORE, "roles": {"reader": {"grants": {"app": "read"}}},
                "failover": {"release_after": "5s"},
            },
        },
        "caches": {
            "sessions": {
                "role": "session", "members": MEMBERS, "maxmemory": "32Mi", "volume": "1Gi", "resources": _SMALL,
                "sentinel_resources": _STORE,
            },
        },
        "monitoring": {
            "prometheus": {
                "port": PROMETHEUS_PORT, "scrape_interval": "5s", "volume": "1Gi", "resources": _DATA,
            },
            "alertmanager": {
                "port": ALERTMANAGER_PORT,
                "group_wait": "1s",
                "receivers": [{"kind": "webhook", "url": f"http://{alerts_host}:8000/alerts"}],
            },
            "dead_man": {"url": f"http://{alerts_host}:8000/alerts", "every": "5m"},
        },
    }  # fmt: skip


def add_broker(stack: dict[str, Any]) -> None:
    """What faults of a broker need beside it: three nodes, and the application publishes. It is not there for the
    others: three more servers would be in their figures."""
    queues = {"numbered": {"type": "quorum"}}
    stack["brokers"] = {
        "tasks": {"members": MEMBERS, "volume": "1Gi", "resources": _NODE, "vhosts": {"app": {"queues": queues}}}
    }
    stack["apps"]["web"]["uses"]["tasks"] = {"prefix": "BROKER", "preset": "aio-pika"}
