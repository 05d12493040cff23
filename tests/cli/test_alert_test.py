"""What `make alert-test` asks of the stack, and what it refuses before it sends anything."""

from typing import Any, cast

import pytest

from cli.alert_test import alert_test
from cli.errors import CommandError
from cli.operations import Operations
from cli.web import Opener
from cli.workloads import Workload
from tests.cli.test_make import _commands
from tests.cli.test_switchover import STACK, workload

OUTPUTS: list[dict[str, Any]] = [{"type": "pulumi:pulumi:Stack", "outputs": {"monitoring": {"alertmanager": 30093}}}]


class Asked:
    """Operations that keep how the page was asked for."""

    def __init__(self, *words: str) -> None:
        self._workloads = [workload(word, "MonitoringStack monitoring") for word in words]
        self.asked: tuple[str, int, int] | None = None

    def workloads(self, _: Any) -> list[Workload]:
        return self._workloads

    def opener(self, _: Any, of: Workload, port: int, published: int) -> Opener:
        self.asked = (of.word, port, published)

        def refused() -> Any:
            raise ConnectionRefusedError(111, "Connection refused")

        return refused


def tried(on: Asked, severity: str = "critical", outputs: list[dict[str, Any]] = OUTPUTS) -> str:
    with pytest.raises(CommandError) as refused:
        alert_test(cast(Operations, on), outputs, STACK, severity, "monitoring")
    return str(refused.value)


def test_the_page_is_asked_at_its_published_port_or_its_own() -> None:
    on = Asked("prometheus", "alertmanager")
    assert "Alertmanager does not answer: [Errno 111] Connection refused" in tried(on)
    assert on.asked == ("alertmanager", 9093, 30093)


def test_a_stack_without_monitoring_has_nobody_to_tell() -> None:
    assert "has no monitoring" in tried(Asked("web"), outputs=[])
    assert "has no monitoring" in tried(Asked("web"))


def test_a_severity_that_is_none_is_refused_first() -> None:
    on = Asked("alertmanager")
    assert "SEVERITY=loud is none; use critical, warning, info" in tried(on, "loud")
    assert on.asked is None


def test_make_hands_over_severity_and_component() -> None:
    line = '.venv/bin/python -m cli alert-test "prod"'
    assert _commands("alert-test", "STACK=prod") == [f'{line} "" ""']
    assert _commands("alert-test", "STACK=prod", "SEVERITY=info", "COMPONENT=main") == [f'{line} "info" "main"']
