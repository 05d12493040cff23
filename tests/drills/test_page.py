"""The page is of the results, and there is none without them."""

import json
import platform
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drills.chart import Bar, chart
from drills.errors import DrillError
from drills.fault import PLATFORMS
from drills.faults import FAULTS
from drills.page import write_pages
from drills.plan import chosen
from drills.results import Results
from tests.drills.test_results import RESULT

ON = {platform: len(chosen("", platform, FAULTS)) for platform in PLATFORMS}
"""Platform -> how many faults it can show."""


def _full(directory: Path) -> None:
    results = Results("swarm", directory)
    for name in FAULTS:
        for run, seconds in ((1, 8.2), (2, 9.25), (3, 8.4)):
            results.add(replace(RESULT, fault=name, run=run, measured_outage_s=seconds))
    results.add(replace(RESULT, setting="product, in a test", measured_outage_s=765.4))


def test_without_a_full_run_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(
        DrillError, match=rf"no full run, and so no page\. swarm: {3 * ON['swarm']} runs are missing; `make drill"
    ):
        write_pages(tmp_path, tmp_path)
    Results("swarm", tmp_path).add(RESULT)
    with pytest.raises(DrillError, match=f"swarm: {3 * ON['swarm'] - 1} runs are missing"):
        write_pages(tmp_path, tmp_path)
    assert not [*tmp_path.glob("*.md"), *tmp_path.glob("*.svg")]


def test_fewer_runs_are_full_when_asked_for(tmp_path: Path) -> None:
    for name in FAULTS:
        Results("swarm", tmp_path).add(replace(RESULT, fault=name, run=1))
    assert write_pages(tmp_path, tmp_path, runs=1)[0] == "drill: wrote docs/drills.md: swarm"
    assert f"| postgres-killed | {FAULTS['postgres-killed'].does} | 1 |" in (tmp_path / "drills.md").read_text()
    with pytest.raises(DrillError, match=f"swarm: {ON['swarm']} runs are missing"):
        write_pages(tmp_path, tmp_path, runs=2)


def test_a_full_run_gives_a_page_with_a_chart(tmp_path: Path) -> None:
    _full(tmp_path)
    said = write_pages(tmp_path, tmp_path)
    assert said[0] == "drill: wrote docs/drills.md: swarm"
    assert f"kubernetes: {3 * ON['kubernetes']} runs are missing" in said[1]
    page, picture = (tmp_path / "drills.md").read_text(), (tmp_path / "drills-swarm.svg").read_text()
    machine = json.loads((tmp_path / "drills-swarm.json").read_text())["machine"]
    named = f"({machine['cores']} cores, {machine['memory_gib']} GiB of memory, Linux {machine['kernel']}), 2026-11-26"
    assert named in page
    does = FAULTS["postgres-killed"].does
    assert f"| postgres-killed | {does} | 3 | 8.4 | 9.25 | 11.5 | 0 | 0 | 0 | main-pg-0: replica |" in page
    assert "(drills-swarm.svg)" in page
    assert not (tmp_path / "drills-kubernetes.svg").exists()
    for text in (page, picture):
        assert platform.node() not in text
        assert str(tmp_path) not in text
        assert "765.4" not in text, "a test's own runs are not of it"


def test_a_chart_has_a_row_for_each_fault() -> None:
    bars = [
        Bar(name="a < b", median=4, longest=5, promised=10),
        Bar(name="quick", median=0.1, longest=0.2, promised=None),
    ]
    root = ElementTree.fromstring(chart("swarm & more", bars))
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"swarm & more", "a < b", "4 / 5 / 10", "quick", "0.1 / 0.2", "10 s"} <= {*texts}
    widths = {
        one.get("class"): float(one.get("width", "0"))
        for one in root.iter("{http://www.w3.org/2000/svg}rect")
        if one.get("x") == "220" and one.get("width") not in ("9.2", "4.6")
    }
    assert widths["max"] / widths["median"] == pytest.approx(5 / 4)
    (promise, _) = [one for one in root.iter("{http://www.w3.org/2000/svg}line") if one.get("class") == "promise"][::-1]
    assert float(promise.get("x1", "0")) - 220 == pytest.approx(2 * widths["max"], abs=0.2)


def test_a_chart_of_nothing_long_has_an_axis() -> None:
    ElementTree.fromstring(chart("quick", [Bar(name="none", median=0, longest=0, promised=None)]))


def test_stock_settings_stand_beside_the_products(tmp_path: Path) -> None:
    _full(tmp_path)
    write_pages(tmp_path, tmp_path)
    assert "stock" not in (tmp_path / "drills.md").read_text()
    stock = replace(RESULT, setting="stock", measured_outage_s=18.5, lost=7)
    Results("swarm", tmp_path).add(stock)
    write_pages(tmp_path, tmp_path)
    assert f"| {stock.fault} | 9.25 | 18.5 | 2.0 | 0 | 7 |" in (tmp_path / "drills.md").read_text()
