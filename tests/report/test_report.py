"""The report of a repository in which somebody changed things."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from report.__main__ import ReportError, report
from report.changes import Change, Difference
from report.drift import drifted
from report.effects import Effect
from report.markdown import Told, markdown
from report.side import Resource, side
from tests.stacks.fixtures import REPOSITORY


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which `dev` has a third replica, and a stack `mine` was added that is broken."""
    clone = tmp_path_factory.mktemp("report") / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(REPOSITORY), str(clone)], check=True)
    file = clone / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    document["config"]["ha-platform:stack"]["apps"]["web"]["replicas"] = 3
    file.write_text(yaml.safe_dump(document))
    document["config"]["ha-platform:stack"]["apps"]["web"]["replicas"] = "many"
    (clone / "Pulumi.mine.yaml").write_text(yaml.safe_dump(document))
    return clone


def test_each_tree_is_previewed_by_its_own_code(changed: Path) -> None:
    text, sound = report(changed, "HEAD", ["dev", "mine"])
    assert not sound, "`mine` does not preview"
    dev, mine = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert "- AppTier web: `web`: 2 replicas → 3 replicas" in dev
    assert "**Restarts**" not in dev
    assert "**It does not preview**" in mine
    assert "apps.web.replicas" in mine
    assert "preview: Pulumi.mine.yaml: " in mine, "and no directory of this machine"
    _, picture, folded = mine.split("<details>")
    assert picture.startswith("<summary>dev: picture</summary>")
    assert picture.index("2 web") < picture.index("3 web"), "before, and after"
    assert folded.startswith("<summary>dev: AppTier web (~ 1)</summary>")
    assert "mode.replicated.replicas: 2" in folded


def test_what_is_no_commit_is_refused() -> None:
    with pytest.raises(ReportError, match=r"^BASE=no-such-branch is no commit of this repository"):
        report(REPOSITORY, "no-such-branch")


def _found(**of: Any) -> Difference:
    return Difference(changes=of.pop("changes", ()), effects=of.pop("effects", ()), **of)


RESOURCE = Resource(path="t::web", type="kubernetes:apps/v1:Deployment", name="web", component="AppTier web", inputs={})


def test_what_people_notice_is_never_cut() -> None:
    many = tuple(Change(op="~", resource=RESOURCE, properties=("x" * 900,)) for _ in range(100))
    effects = tuple(
        Effect(noticed="restarts", component=f"AppTier web-{index}", text=f"`web-{index}`" + "x" * 200)
        for index in range(500)
    )
    felt = Effect(noticed="ports", component="AppTier web", text="closes 80", felt="nobody answers at port 80")
    found = _found(changes=many, effects=(felt, *effects))
    told = [Told(stack=f"prod{index}", difference=found) for index in range(20)]
    text = markdown(told, "`base`")
    assert len(text) < 65_536, "GitHub takes no more"
    assert text.count("- nobody answers at port 80\n") == 20
    assert "What explains this does not fit here; `make report` shows it." in text
    assert text.endswith("20 of 20 lists of changes do not fit here.\n")


def test_lists_are_cut_before_what_explains() -> None:
    many = tuple(Change(op="~", resource=RESOURCE, properties=("x" * 900,)) for _ in range(100))
    found = _found(changes=many, effects=(Effect(noticed="restarts", component="AppTier web", text="`web`"),))
    text = markdown([Told(stack="prod", difference=found)], "`base`", longest=30_000)
    assert "**Restarts**\n\n- AppTier web: `web`\n" in text
    assert text.endswith("1 of 1 lists of changes do not fit here.\n")


def test_a_violated_policy_is_the_first_that_is_read() -> None:
    violated = ("[mandatory] ha-platform x: y",)
    text = markdown([Told(stack="prod", difference=_found(new_violations=violated, refused_by=violated))], "`base`")
    head = "## prod\n\n**An update is refused: 1 mandatory policy is violated.**\n\n- [mandatory] ha-platform x: y\n"
    assert head in text


def _preview(violation: str, code: int) -> "subprocess.CompletedProcess[str]":
    document = {"steps": [], "diagnostics": [{"severity": "error", "message": f"error: {violation}\n"}]}
    return subprocess.CompletedProcess([], code, json.dumps(document), f"error: {violation}")


@pytest.mark.parametrize(
    ("violation", "fault"), [("[mandatory] ha-platform x: y", ""), ("the program failed", "error: the program failed")]
)
def test_a_preview_that_policies_refuse_is_one(monkeypatch: pytest.MonkeyPatch, violation: str, fault: str) -> None:
    monkeypatch.setattr("report.side._run", lambda *_: _preview(violation, 1))
    found = side(REPOSITORY, Path("Pulumi.dev.yaml"), "dev")
    assert found.fault == fault
    assert found.violations == (() if fault else (violation,))


def test_where_only_the_base_does_not_preview_the_rest_is_shown() -> None:
    found = _found(changes=(Change(op="+", resource=RESOURCE),), requests="2 CPU and 3 Gi")
    text = markdown([Told(stack="prod", difference=found, base_fault="apps.web: no")], "`base`")
    assert "**The base does not preview**, so nothing is compared with it:\n\n```\napps.web: no\n```" in text
    assert "It has AppTier web.\nIt reserves 2 CPU and 3 Gi." in text
    assert "prod: AppTier web (+ 1)" in text


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        (None, ""),
        ("stack dev is not deployed", "What runs is not known: stack dev is not deployed"),
        ((), "What runs is what was deployed (no drift)."),
        (("dev-web: scaled to 0",), "(drift; an update sets it again)\n\n- dev-web: scaled to 0"),
    ],
)
def test_drift_is_told_apart(drift: tuple[str, ...] | str | None, said: str) -> None:
    text = markdown([Told(stack="dev", difference=_found(), drift=drift)], "`base`")
    assert said in text
    assert ("What runs" in text) is (drift is not None)
    assert "**Nothing changes.**" in text


def test_where_what_runs_cannot_be_asked_the_report_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HA_STATE", str(tmp_path))
    monkeypatch.setenv("ENGINE", "sandbox")
    why = drifted(REPOSITORY, "no-such-stack")
    assert isinstance(why, str)
    assert "no-such-stack" in why
