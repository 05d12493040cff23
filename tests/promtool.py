"""Prometheus' own judge of alert rules: which of them fire on given series."""

import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

from components.monitoring_stack.prometheus_config import rules_yml
from components.observability import AlertRule
from tests.rendered.programs import passes, program


def metrics(expr: str) -> set[str]:
    """The names of the metrics that an expression reads: with labels, as all rules here say them."""
    return set(re.findall(r"(\w+)\{", expr))


def fire(
    rules: Sequence[AlertRule],
    series: Mapping[str, str],
    expected: Collection[str],
    *,
    after: str,
    recorded: str = "",
    every: str = "15s",
) -> None:
    """Asserts that after this time, counted from 1970, exactly the rules of these names fire.

    `series`: a series with its labels -> its values, one `every` 15 s, in promtool's words (`1x40`); so often rules are
    evaluated, too. `recorded`: a file
    of rules that make series.
    """
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)]
    with tempfile.TemporaryDirectory() as place:
        files = {"rules.yml": rules_yml(rules)} | ({"recorded.yml": recorded} if recorded else {})
        for name, text in files.items():
            Path(place, name).write_text(text)
        firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
        test = {
            "interval": every,
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": firing, "eval_time": after, "exp_samples": samples}],
        }
        judged = Path(place, "test.yml")
        judged.write_text(yaml.safe_dump({"rule_files": [*files], "evaluation_interval": every, "tests": [test]}))
        passes(program("promtool", "prometheus"), "test", "rules", str(judged))
