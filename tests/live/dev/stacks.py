"""The development stack in a file that tests change, and a smaller one that is quick to make."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.stacks.fixtures import REPOSITORY

Settings = dict[str, Any]
Change = Callable[[Settings], object]

_LITTLE = {"cpu_request": "20m", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "256Mi"}
SMALL: Settings = {
    "platform": {"kind": "swarm", "nodes": ["host1"], "entry": "single-host", "encrypt_overlays": False},
    "images": {"source": "sandbox"},
    "data": "delete",
    "balancers": {
        "edge": {
            "replicas": 1,
            "listen": {"http": 8180},
            "status": {"port": 8504},
            "longest_stream": "5s",
            "routes": [{"path": "/", "app": "web", "timeouts": {"response": "5s"}}],
        }
    },
    "apps": {
        "web": {
            "image": "chat",
            "port": 8000,
            "replicas": 1,
            "longest_request": "5s",
            "resources": _LITTLE,
            "env": {"APP_VERSION": "1"},
            "probes": {"interval": "1s", "timeout": "1s"},
            "rollout": {"stable": "1s", "deadline": "120s"},
        }
    },
    "caches": {"sessions": {"role": "session", "members": 1, "maxmemory": "32Mi", "volume": "1Gi"}},
}
"""A balancer, an application, and a cache beside them."""

TLS_PORT = 8543


def with_tls(settings: Settings) -> None:
    """HTTPS with given secrets, and plain HTTP that only redirects to it."""
    edge = settings["balancers"]["edge"]
    edge["listen"]["https"] = TLS_PORT
    edge["tls"] = {"certificate": "site_certificate", "private_key": "site_private_key"}


def development() -> Settings:
    """The settings of Pulumi.dev.yaml."""
    document = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    settings: Settings = document["config"]["ha-platform:stack"]
    return settings


class StackFile:
    """A stack file at `path`."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = copy.deepcopy(settings)
        self.write()

    def write(self, *changes: Change) -> Path:
        """Write the settings with changes that do not stay; returns the path."""
        changed = copy.deepcopy(self.settings)
        for change in changes:
            change(changed)
        self.path.write_text(yaml.safe_dump({"config": {"ha-platform:stack": changed}}, sort_keys=False))
        return self.path

    def keep(self, *changes: Change) -> Path:
        """Write the settings with changes that stay; returns the path."""
        for change in changes:
            change(self.settings)
        return self.write()
