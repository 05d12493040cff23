"""What the scaler asks Prometheus, judged by promtool: fresh figures of each container, and no others."""

import tempfile
from pathlib import Path

import pytest
import yaml

from platforms.swarm.scaler import fresh
from tests.rendered.programs import passes, program

SCRAPE = 30
JOB = 'job="scaler"'


def labels(container: str, instance: str = "10.0.0.1:9198", service: str = "prod-web") -> str:
    return f'{{{JOB},service="{service}",container="{container}",instance="{instance}"}}'


def holds(query: str, series: dict[str, str], at: str, expected: dict[str, float]) -> None:
    """Asserts what the query gives at this time, by container. One value in 30 s."""
    samples = [{"labels": f'{{container="{one}"}}', "value": value} for one, value in expected.items()]
    test = {
        "interval": f"{SCRAPE}s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": query, "eval_time": at, "exp_samples": samples}],
    }
    with tempfile.TemporaryDirectory() as place:
        judged = Path(place, "test.yml")
        judged.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "30s", "tests": [test]}))
        passes(program("promtool", "prometheus"), "test", "rules", str(judged))


CPU, MEMORY = "ha_container_cpu_seconds_total", "ha_container_memory_bytes"
RATES: dict[str, tuple[dict[str, str], str, dict[str, float]]] = {
    "half a core, and one": (
        {f"{CPU}{labels('a')}": "0+15x20", f"{CPU}{labels('b')}": "100+30x20"}, "5m", {"a": 0.5, "b": 1.0},
    ),
    "the last two scrapes count": ({f"{CPU}{labels('a')}": "0x8 15"}, "4m30s", {"a": 0.5}),
    "a scrape that is missing": ({f"{CPU}{labels('a')}": "0+15x8 _ 150"}, "5m", {"a": 0.5}),
    "two are": ({f"{CPU}{labels('a')}": "0+15x8 _ _ _"}, "5m20s", {}),
    "the target is gone": ({f"{CPU}{labels('a')}": "0+15x8 stale"}, "4m30s", {}),
    "a container that has just begun": ({f"{CPU}{labels('a')}": "_x9 5"}, "4m30s", {}),
    "another service": ({f"{CPU}{labels('a', service='prod-web-2')}": "0+15x20"}, "5m", {}),
    "told by a controller that moved": (
        {
            f"{CPU}{labels('a')}": "0+15x6 stale",
            f"{CPU}{labels('a', instance='10.0.0.2:9198')}": "_x7 105+30x9",
        }, "5m", {"a": 1.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RATES)
def test_cores_of_each_container(case: str) -> None:
    series, at, expected = RATES[case]
    holds(fresh(CPU, "prod-web", SCRAPE, rate=True), series, at, expected)


@pytest.mark.parametrize(
    ("values", "at", "expected"),
    [("7x20", "5m", {"a": 7.0}), ("7x8 _ _ _", "5m", {"a": 7.0}), ("7x8 _ _ _", "5m10s", {}), ("7x8 stale", "5m", {})],
)
def test_memory_of_each_container(values: str, at: str, expected: dict[str, float]) -> None:
    holds(fresh(MEMORY, "prod-web", SCRAPE), {f"{MEMORY}{labels('a')}": values}, at, expected)
