"""The example as its file says it, but for what one small host and images of our own demand."""

from collections.abc import Iterator
from typing import Any

from tests.examples.example import DIRECTORY, Example

STACK = "dify"
EXAMPLE = Example(path=DIRECTORY / STACK / f"Pulumi.{STACK}.yaml")
PROGRAM = "/opt/stand-in/main.py"
_FEW = {"cpu_request": "20m", "cpu_limit": "2", "memory_request": "64Mi", "memory_limit": "1536Mi"}
CHANGED = {
    "where": {"platform", "images", "data", "sources"},
    "size": {"replicas", "members", "synchronous", "resources", "store_resources", "sentinel_resources", "prometheus"},
    "stand-in": {"image", "http_tool", "command", PROGRAM, "not_secret"},
    "time": {"interval", "timeout"},
    "one Sentinel": {"CELERY_BROKER_URL"},
}
"""Keys below which something is not the example's own, by reason."""


def swarm(host: str) -> dict[str, Any]:
    """A Swarm of one host, whose kernel has no ESP."""
    return {"kind": "swarm", "nodes": [host], "entry": "single-host", "encrypt_overlays": False}


def kubernetes(nodes: int) -> dict[str, Any]:
    """The platform of the example's README, with so many nodes, policies enforced, and no cloud that takes its time."""
    small = {
        "nodes": nodes, "enforces_network_policy": True, "deregistration_delay": "3s", "balancer_delay": "3s",
    }  # fmt: skip
    return dict(EXAMPLE.other_platform()["platform"]) | small


def adapted(platform: dict[str, Any], *, image: str, client: str) -> dict[str, Any]:
    """The example's settings for one host, with `image` in place of those of the applications. Developers connect from
    the address `client`."""
    settings = EXAMPLE.settings()
    settings |= {"platform": platform, "images": {"source": "sandbox"}, "data": "delete"}
    for name, app in settings["apps"].items():
        _stand_in(app, image, "squid" if name == "ssrf-proxy" else "dify")
    edge = settings["balancers"]["edge"]
    edge["replicas"] = 1
    edge["tcp"]["debugging"]["sources"] = [f"{client}/32"]
    main = settings["databases"]["main"]
    main |= {"members": 1, "synchronous": False, "resources": _FEW, "store_resources": _FEW}
    for cache in settings["caches"].values():
        cache |= {"members": 1, "resources": _FEW, "sentinel_resources": _FEW}
    settings["monitoring"]["prometheus"] = {"resources": _FEW}
    return settings


def _stand_in(app: dict[str, Any], image: str, program: str) -> None:
    """The application's own command becomes the arguments of the stand-in, which starts in its place."""
    start = ["python3", PROGRAM]
    app |= {"image": image, "http_tool": "curl", "resources": _FEW}
    app["command"] = [*start, *app.get("command", ())]
    app["files"] = {**app.get("files", {}), PROGRAM: {"file": f"tests/live/published/stand_ins/{program}.py"}}
    app["not_secret"] = [PROGRAM]
    if migrations := app.get("migrations"):
        migrations["command"] = [*start, *migrations["command"]]
    probes = app["probes"]
    if probes.get("command", ["grep"])[0] != "grep":
        probes |= {"command": [*start, *probes["command"]], "interval": "5s", "timeout": "5s"}
    else:
        probes |= {"interval": "2s", "timeout": "2s"}
    jobs = app.get("uses", {}).get("jobs")
    if jobs:
        jobs["env"]["CELERY_BROKER_URL"] = jobs["env"]["CELERY_BROKER_URL"].partition(";")[0]


def changes(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths at which two settings differ."""
    if isinstance(before, dict | None) and isinstance(after, dict | None):
        before, after = before or {}, after or {}
        for key in {*before, *after}:
            yield from changes(before.get(key), after.get(key), (*path, key))
    elif before != after:
        yield path
