"""The copiers of a stack as both platforms render them."""

from typing import Any

import pytest
from views import Stack as Views

from composition.compose import compose
from composition.read import StackInput, check
from composition.stack import Stack
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS

SECRETS: dict[str, Any] = {"s3_key": "the-key-of-s3", "s3_secret": "the-secret-of-s3"}
S3 = {"endpoint": "192.0.2.10", "port": 8333, "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}


def settings(kind: str) -> Stack:
    document = {
        "platform": PLATFORMS[kind],
        "images": {"source": "sandbox"},
        "repositories": {"offsite": {"s3": S3}},
        "caches": {"sessions": {"role": "session", "backups": {"repository": "offsite"}}},
        "brokers": {"tasks": {"backups": {"repository": "offsite"}}},
    }
    return check(document, source="copies", secret_names=frozenset(SECRETS))


def rendered(kind: str) -> list[Recorded]:
    given = StackInput(source="copies", stack=settings(kind), secrets=SECRETS)
    return render(lambda _: compose(given, stack_name="prod"))


@pytest.mark.parametrize("kind", PLATFORMS)
def test_each_store_has_its_copier(kind: str) -> None:
    found = rendered(kind)
    stack = Views.of([(one.type, one.name, one.inputs) for one in found])
    views = {view.name: view for view in stack.workloads}
    copiers = {view.path: view for view in views.values() if view.path[2:] == ("backups",) and "copies" in view.ports}
    assert set(copiers) == {("caches", "sessions", "backups"), ("brokers", "tasks", "backups")}
    for view in copiers.values():
        (container,) = view.containers
        assert (view.kind, view.replicas, view.has_persistent_volume) == ("replicas", 1, False)
        assert container.read_only_root
        assert container.has_health_check
        assert "memory" in container.limits
    texts = str([(one.type, one.inputs) for one in found if "onfig" in one.type])
    for secret in ("the-key-of-s3", "the-secret-of-s3", "generated-offsite-passphrase", "ha-copies>"):
        assert secret not in texts, "it is in secrets alone"


def test_on_kubernetes_the_copier_alone_reaches_the_repository() -> None:
    policies = [one for one in rendered("kubernetes") if one.type.endswith(":NetworkPolicy")]
    policies = [one for one in policies if "8333" in str(one.inputs)]
    assert {one.name for one in policies} == {"sessions-copies", "tasks-copies"}
    assert all("192.0.2.10/32" in str(one.inputs) for one in policies)
