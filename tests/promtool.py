"""Prometheus' own judge of alert rules: which of them fire on given series."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

from components.monitoring_stack.prometheus_config import rules_yml
from components.observability import AlertRule
from tests.rendered.programs import passes, program


def fire(rules: Sequence[AlertRule], series: Mapping[str, str], expected: Collection[str], *, after: str) -> None:
    """Asserts that after this time exactly the rules of these names fire.

    `series`: a series with its labels -> its values, one every 15 s, in promtool's words (`1x40`).
    """
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)]
    with tempfile.TemporaryDirectory() as place:
        Path(place, "rules.yml").write_text(rules_yml(rules))
        firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
        test = {
            "interval": "15s",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": firing, "eval_time": after, "exp_samples": samples}],
        }
        judged = Path(place, "test.yml")
        judged.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [test]}))
        passes(program("promtool", "prometheus"), "test", "rules", str(judged))
