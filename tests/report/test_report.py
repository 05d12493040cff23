"""The report of a repository in which somebody changed things."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from report.__main__ import ReportError, report
from report.changes import Change, Difference
from report.effects import Effect
from report.markdown import Told, markdown
from report.side import Resource
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
    _, picture, folded = mine.split("<details>")
    assert picture.startswith("<summary>dev: picture</summary>")
    assert picture.index("2 web") < picture.index("3 web"), "before, and after"
    assert folded.startswith("<summary>dev: AppTier web (~ 1)</summary>")
    assert "mode.replicated.replicas: 2" in folded


def test_what_is_no_commit_is_refused() -> None:
    with pytest.raises(ReportError, match=r"^BASE=no-such-branch is no commit of this repository"):
        report(REPOSITORY, "no-such-branch")


def test_what_people_notice_is_never_cut() -> None:
    resource = Resource(
        path="t::web", type="kubernetes:apps/v1:Deployment", name="web", component="AppTier web", inputs={}
    )
    many = tuple(Change(op="~", resource=resource, properties=("x" * 900,)) for _ in range(100))
    effects = tuple(Effect(noticed="restarts", component="AppTier web", text=f"`web-{index}`") for index in range(500))
    found = Difference(changes=many, effects=effects, promises=(), new_violations=(), gone_violations=())
    text = markdown([Told(stack="prod", difference=found)], "`base`", longest=30_000)
    assert len(text) < 30_000
    assert "`web-499`" in text
    assert text.endswith("1 of 1 lists of changes do not fit here.\n")


def test_a_violated_policy_is_the_first_that_is_read() -> None:
    found = Difference(
        changes=(), effects=(), promises=(), new_violations=("[mandatory] ha-platform x: y",), gone_violations=()
    )
    text = markdown([Told(stack="prod", difference=found)], "`base`")
    assert "**1 mandatory policy is violated: an update is refused.**" in text
    assert "- [mandatory] ha-platform x: y" in text
