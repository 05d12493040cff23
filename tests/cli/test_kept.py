"""The volumes that a state's services mount."""

from typing import Any

from cli.kept import Volume, volumes


def _service(source: str, constraints: list[str] | None, kind: str = "volume") -> dict[str, Any]:
    task: dict[str, Any] = {"containerSpec": {"mounts": [{"type": kind, "source": source, "target": "/data"}]}}
    if constraints is not None:
        task["placement"] = {"constraints": constraints}
    return {"type": "docker:index/service:Service", "id": source, "inputs": {"taskSpec": task}}


def test_a_service_that_was_not_made_has_no_volume() -> None:
    begun = _service("s-main-0", ["node.hostname==host1"])
    del begun["id"]
    assert volumes([begun]) == []


def test_volumes_with_the_nodes_they_are_on() -> None:
    resources = [
        {"type": "pulumi:pulumi:Stack"},
        _service("s-main-1", ["node.role==manager", "node.hostname==host2"]),
        _service("s-main-0", ["node.hostname==host1"]),
        _service("s-loose", None),
        _service("/var/log", [], kind="bind"),
    ]
    assert volumes(resources) == [
        Volume(name="s-loose", node=""),
        Volume(name="s-main-0", node="host1"),
        Volume(name="s-main-1", node="host2"),
    ]
