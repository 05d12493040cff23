"""The record of the exporter of Celery's workers, from its own program, which hears events without Celery, too."""

import runpy
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.components.monitoring_stack.record import compared
from tests.stacks.fixtures import REPOSITORY

PROGRAM = REPOSITORY / "components/app_tier/celery/files/exporter.py"
WORKER = "worker@host"
ENDS = ("succeeded", "failed", "retried", "rejected", "revoked")


def test_what_it_tells_is_as_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celery", SimpleNamespace(Celery=None))
    monkeypatch.setitem(sys.modules, "ha_celery", SimpleNamespace(broker=None))
    figures = runpy.run_path(str(PROGRAM))["Figures"]("worker")

    def hear(what: str, **more: Any) -> None:
        figures.hear({"type": what, "hostname": WORKER, "timestamp": 1.0, **more})

    hear("worker-heartbeat")
    for end in ENDS:
        for state in ("received", "started", end):
            hear(f"task-{state}", uuid=end, name="shop.mail", runtime=0.2)
    figures.look({"mail": 1})
    compared("celery", "our exporter of Celery", lambda: [figures.text()], closed=("state", "le"))
