"""The commonest mistakes, in the words of a person."""

from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack
from tests.mock_engine import render

WEB: dict[str, Any] = {"image": "registry.example.com/x/web:1", "command": ["run"], "port": 8000}
SWARM: dict[str, Any] = {"kind": "swarm", "nodes": ["a", "b", "c"], "entry": "dns"}
NODE_PORT: dict[str, Any] = {"kind": "kubernetes", "entry": "node-port"}


def said(platform: Any = SWARM, **parts: Any) -> list[str]:
    """Every fault of the stack, without the path of its root."""
    try:
        stack = check({"platform": platform, **parts}, source="x", secret_names=frozenset({"key"}))
        given = StackInput(source="x", stack=stack, secrets={"key": "value"})  # type: ignore[dict-item]
        render(lambda _: compose(given, stack_name="t"), stack="t")
    except BrokenStack as broken:
        return [str(fault).removeprefix("ha-platform:stack.") for fault in broken.faults]
    return []


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"platform": {"nodes": ["a"]}}, "platform.kind: is required."),
        ({"platform": "swarm"}, "platform: must be a map (got 'swarm')."),
        ({"platform": SWARM | {"nodes": 3}}, "platform.nodes: must be a list (got 3)."),
        (
            {"apps": {"web": WEB | {"command": "python app.py"}}},
            "apps.web.command: must be a list (got 'python app.py').",
        ),
        (
            {"apps": {"web": WEB | {"env": {"PORT": 80}}}},
            "apps.web.env.PORT: must be a text (got 80). Put it in quotes.",
        ),
        ({"apps": {"web": WEB | {"replicas": True}}}, "apps.web.replicas: should be a valid integer (got true)."),
        ({"databases": {"main": {"members": True}}}, "databases.main.members: must be a number (got true)."),
    ],
)
def test_a_value_of_another_type(parts: dict[str, Any], text: str) -> None:
    assert said(**parts) == [text]


def test_all_that_is_wrong_with_resources_is_said_together() -> None:
    own = {"cpu_request": "2", "cpu_limit": "1", "memory_request": "2Gi", "memory_limit": "1Gi"}
    (text,) = said(apps={"web": WEB | {"resources": own}})
    assert "`cpu_limit` is below `cpu_request`; `memory_limit` is below `memory_request`" in text


def test_contracts_of_one_app_share_no_variable() -> None:
    caches = {name: {"role": "session", "members": 1} for name in ("a", "b")}
    uses = {
        name: {"prefix": prefix, "inject": "variables"} for name, prefix in (("a", "REDIS"), ("b", "REDIS_SENTINEL"))
    }
    texts = said(apps={"web": WEB | {"uses": uses}}, caches=caches)
    assert all(text.startswith("apps.web.uses: `a` in `uses` and `b` both set it") for text in texts)
    assert any("REDIS_SENTINEL_PASSWORD" in text for text in texts)


def test_a_variable_of_the_platform_is_not_the_apps() -> None:
    (text,) = said(apps={"web": WEB | {"env": {"GRACE_SECONDS": "5"}}})
    assert text.startswith("apps.web.env: the platform also sets it")


def test_two_ports_do_not_become_one_node_port() -> None:
    edge = {"listen": {"http": 80}, "status": {"port": 30080}, "routes": [{"app": "web"}]}
    (text,) = said(NODE_PORT, apps={"web": WEB}, balancers={"edge": edge})
    assert text.startswith("balancers.edge.status.port: becomes node port 30080, which edge.http has")


def test_a_pin_says_itself_who_it_runs_as() -> None:
    (text,) = said(images={"source": "sandbox"}, apps={"web": WEB | {"image": "chat", "run_as": {"uid": 5, "gid": 5}}})
    assert text.startswith("apps.web.run_as: is for images given by reference")


def test_an_own_pin_has_a_version() -> None:
    pin = {"ref": "registry.example.com/x/redis:latest", "uid": 1, "gid": 1, "http_probe": "wget"}
    (text,) = said(images={"override": {"redis": pin}}, apps={"web": WEB})
    assert text.startswith("images.override.redis.ref: `latest` is not a version")


def test_labels_are_those_that_a_cluster_can_have() -> None:
    worker = {"placement": {"labels": {"node-role.kubernetes.io/worker": ""}}}
    assert said({"kind": "kubernetes"}, apps={"web": WEB | worker}) == []
    assert len(said(apps={"web": WEB | worker})) == 2, "Swarm refuses the key and the value"
