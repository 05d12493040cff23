"""What a stack file adds to monitoring, judged where its models cannot."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from components.context import Context
from components.monitoring_stack.added import own_rules
from components.monitoring_stack.prometheus_config import rules_yml
from components.monitoring_stack.settings import MonitoringSettings
from model import Origin
from settings.faults import Fault

_SECONDS = 30


def boards_can_be_seen(context: Context) -> Iterator[Fault]:
    """Boards are Grafana's, and no two have one title."""
    seen: dict[str, Origin] = {}
    for settings in _of(context):
        for name, board in settings.boards.items():
            origin = Origin(key="monitoring").at("boards", name)
            if settings.grafana is None:
                yield Fault(
                    path=str(origin),
                    rule="is a dashboard, and the stack has no Grafana",
                    fix="Set `monitoring.grafana`.",
                )
            if board.title in seen:
                yield Fault(
                    path=str(origin.at("title")),
                    rule=f"is the title of {seen[board.title].path}, too",
                    got=repr(board.title),
                    fix="Rename one of them.",
                )
            seen.setdefault(board.title, origin)


def rules_are_taken(context: Context) -> Iterator[Fault]:
    """Where promtool is, it also judges what is more than an expression: the templates of a summary."""
    if (promtool := shutil.which("promtool")) is None:
        return
    for settings in _of(context):
        for rule in own_rules(settings):
            with tempfile.TemporaryDirectory() as place:
                file = Path(place, "rules.yml")
                file.write_text(rules_yml([rule]))
                line = [promtool, "check", "rules", str(file)]
                done = subprocess.run(line, capture_output=True, text=True, timeout=_SECONDS, check=False)
            if done.returncode:
                said = " ".join(done.stderr.replace(f"{place}/", "").split())
                yield Fault(
                    path=str(Origin(key="monitoring").at("rules", rule.name)),
                    rule=f"is no rule that Prometheus takes: {said[-300:]}",
                    fix="Write it as Prometheus' documentation of alerting rules has it.",
                )


def _of(context: Context) -> Iterator[MonitoringSettings]:
    settings = getattr(context.stack, "monitoring", None)
    if isinstance(settings, MonitoringSettings):
        yield settings


RULES = (boards_can_be_seen, rules_are_taken)
