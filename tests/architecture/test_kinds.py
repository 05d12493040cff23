"""A new kind of component is its folder, a line in the list, a field of the stack and its pins: no other change."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.modules import ROOT, files, imports

FOLDER = ROOT / "tests/architecture/toy_kind"
EDITS = {
    "composition/kinds.py": (
        ("from composition.stack import Stack\n", "from components.toy_kind.kind import QUEUES\n"),
        ("    APPS,\n", "    QUEUES,\n"),
    ),
    "composition/stack.py": (
        ("from platforms.table import", "from components.toy_kind.settings import QueueSettings\n"),
        ("    monitoring: MonitoringSettings", "    queues: dict[Name, QueueSettings] = Field(default_factory=dict)\n"),
    ),
}
"""File of the program -> a text in it, and what the new kind adds before it (after it, where it is a list)."""
PIN = """
[toy-queue]
ref = "registry.example.com/toy/queue:1.0.0"
uid = 1000
gid = 1000
http_probe = "curl"
"""
PROGRAM = ("settings", "model", "guarantees", "platforms", "components", "composition")

KINDS = {path.parts[1] for path in files("components") if path.name == "kind.py" and len(path.parts) == 3}

USES_IT = """
import json
import sys

from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack
from tests.mock_engine import render

APP = {"image": "registry.example.com/x/web:1.0.0", "command": ["run"], "port": 8000, "uses": {"jobs": "QUEUE"}}
QUEUE = {"port": 5001, "login": "key"}
ALERTS = {"receivers": [{"kind": "webhook", "url": "http://alerts.example.com/hook"}]}


def stack(**change):
    return {
        "platform": {"kind": "swarm", "nodes": ["host1"], "entry": "single-host"},
        "queues": {"jobs": QUEUE}, "apps": {"web": APP}, "monitoring": {"alertmanager": ALERTS}, **change,
    }


def faults(**change):
    try:
        settings = check(stack(**change), source="toy", secret_names=frozenset({"key"}))
        given = StackInput(source="toy", stack=settings, secrets={"key": "value"})
        render(lambda _: compose(given, stack_name="toy"), stack="toy")
    except BrokenStack as broken:
        return [str(fault) for fault in broken.faults]
    return []


settings = check(stack(), source="toy", secret_names=frozenset({"key"}))
outputs = {}
given = StackInput(source="toy", stack=settings, secrets={"key": "value"})
recorded = render(lambda _: outputs.update(compose(given, stack_name="toy")), stack="toy")
services = {one.inputs["name"]: one.inputs for one in recorded if one.type == "docker:index/service:Service"}
json.dump({
    "outputs": outputs["queues"],
    "env": services["toy-web"]["taskSpec"]["containerSpec"]["env"],
    "scraped": [one.name for one in recorded if "queue-jobs" in str(one.inputs.get("dataRaw"))],
    "port": faults(queues={"jobs": QUEUE | {"port": 9090}}),
    "secret": faults(queues={"jobs": QUEUE | {"login": "other"}}),
    "name": faults(apps={"jobs": APP}),
    "reference": faults(queues={"job": QUEUE}),
    "pin": faults(images={"source": "sandbox"}),
    "twice": faults(caches={"jobs": {"role": "cache"}}),
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with one more kind."""
    copy: Path = tmp_path_factory.mktemp("grown")
    for package in PROGRAM:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests").mkdir()
    for helper in ("mock_engine.py",):
        shutil.copy(ROOT / "tests" / helper, copy / "tests" / helper)
    shutil.copytree(FOLDER, copy / "components/toy_kind", ignore=shutil.ignore_patterns("__pycache__"))
    for name, edits in EDITS.items():
        text = (copy / name).read_text()
        for place, added in edits:
            assert text.count(place) == 1, f"{name}: {place}"
            text = text.replace(place, place + added if place.endswith(", ") else added + place)
        (copy / name).write_text(text)
    with (copy / "settings/image_pins/upstream.toml").open("a") as pins:
        pins.write(PIN)
    return copy


def test_a_new_kind_works_everywhere_with_its_folder_a_line_a_field_and_pins(grown: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USES_IT], cwd=grown, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["outputs"] == {"jobs": {"port": 5001}}
    assert found["env"] == {
        "GRACE_SECONDS": "30", "QUEUE_HOST": "toy-jobs", "QUEUE_PASSWORD_FILE": "/run/secrets/queue_password"
    }  # fmt: skip
    assert found["scraped"], "Prometheus scrapes it"
    place = "ha-platform:stack."
    assert found["port"] == [
        f"{place}queues.jobs.port: is published by monitoring.prometheus.port already (got 9090). Choose another port."
    ] or found["port"][0].startswith(f"{place}monitoring.prometheus.port: is published by queues.jobs.port")
    assert found["secret"][0].startswith(f"{place}queues.jobs.login: names a secret that was not given")
    assert found["name"][0].startswith(f"{place}queues.jobs: has the name of apps.jobs")
    kinds = "database or cache or cluster or broker or queue"
    assert found["reference"][0].startswith(f"{place}apps.web.uses.jobs: names no {kinds}")
    assert any(text.startswith(f"{place}queues.jobs: needs the image `toy-queue`") for text in found["pin"])
    assert any("has the name of" in text for text in found["twice"])


def test_the_composition_names_no_kind_but_in_its_list_and_its_model() -> None:
    wrong = {
        f"{path} imports {module}"
        for path in files("composition")
        if str(path) not in EDITS
        for module in imports(path)
        if module.split(".")[:1] == ["components"] and KINDS & set(module.split("."))
    }
    assert not wrong


def test_a_kind_does_not_know_another() -> None:
    wrong = {
        f"{path} imports {module}"
        for path in files("components")
        if path.parts[1] in KINDS
        for module in imports(path)
        if (KINDS - {path.parts[1]}) & set(module.split("."))
    }
    assert not wrong
