"""What an application names of other components of its platform: databases inside a cluster, roles, shared volumes."""

from typing import Any

import pulumi
import pytest

from ha_platform import AppTier, Kubernetes, PostgresHA, SharedVolume, Swarm
from tests.mock_engine import Recorded, render

SWARM: Any = {"nodes": ["node-a"], "entry": "single-host"}
APP: Any = {
    "image": "registry.example.com/web:1",
    "port": 8000,
    "uses": {"main/facts": {"prefix": "FACTS", "role": "reader"}},
    "shared_volumes": {"/srv/files": "files"},
}
MAIN: Any = {"members": 1, "databases": {"facts": {}}, "roles": {"reader": {"grants": {"facts": "read"}}}}


def program(on: str) -> dict[tuple[str, str], Recorded]:
    def build(_: pulumi.Resource) -> None:
        platform = Swarm("shop", SWARM) if on == "swarm" else Kubernetes("shop")
        PostgresHA("main", MAIN, platform=platform)
        said: Any = {"size": "1Gi"} | ({"driver": "local"} if on == "swarm" else {"storage_class": "files"})
        files = SharedVolume("files", said, platform=platform)
        AppTier("web", APP, platform=platform)
        files.volume.apply(names.append)

    names: list[str] = []
    recorded = render(build)
    assert len(names) == 1
    assert names[0].startswith("shop-test-files-" if on == "swarm" else "shared-files"), names
    return {(one.type.rpartition(":")[2], one.name): one for one in recorded}


@pytest.mark.parametrize("on", ["swarm", "kubernetes"])
def test_it_gets_what_it_names(on: str) -> None:
    found = program(on)
    web = str(found["Service" if on == "swarm" else "Deployment", "web"].inputs)
    assert "main-role-reader-facts-url" in web
    assert "FACTS_USER" in web
    assert "/srv/files" in web
    if on == "kubernetes":
        assert found["PersistentVolumeClaim", "shared-files"].parent == "files"
