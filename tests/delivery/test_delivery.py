"""The scripts of the workflows, in their order, on a clone with a remote. What stands for hosts, engine and forge is
small programs: `.venv/bin/python` answers for the commands by the tree that it is called in, and `gh` keeps issues in a
file."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stacks.fixtures import REPOSITORY

PYTHON = f"""\
#!/bin/bash
echo "$*" >>"$FAKES/asked"
case "$*" in
"-m cli preview"*) cat "$FAKES/plan" && exit "$(cat "$FAKES/previews")" ;;
"-m cli up"*) cat version >"$FAKES/runs" && [ "$(cat version)" != broken ] ;;
"-m cli status"*) [ "$(cat "$FAKES/runs")" != silent ] ;;
"-m cli drift"*) cat "$FAKES/drift" && exit "$(cat "$FAKES/drifted")" ;;
*) exec {sys.executable} "$@" ;;
esac
"""
GH = f"""\
#!{sys.executable}
import json, os, re, sys
from pathlib import Path
store = Path(os.environ["FAKES"]) / "issues.json"
issues = json.loads(store.read_text()) if store.exists() else []
asked = sys.argv[2:]
given = dict(asked[i + 1].split("=", 1) for i, word in enumerate(asked) if word == "-f")
method = asked[asked.index("--method") + 1] if "--method" in asked else "GET"
path = next(word for word in asked if word.startswith("repos/me/shop/issues"))
if method == "GET":
    mark = re.search(r'startswith\\("(.*?)"\\)', asked[asked.index("--jq") + 1])[1]
    for one in issues:
        if one["state"] == "open" and one["body"].startswith(mark):
            print(one["number"])
elif method == "POST":
    issues.append({{"number": len(issues) + 1, "state": "open", **given}})
else:
    issues[int(path.rpartition("/")[2]) - 1].update(given)
store.write_text(json.dumps(issues))
"""
CLAIM = {
    "op": "delete",
    "urn": "urn:pulumi:prod::p::kubernetes:core/v1:PersistentVolumeClaim::files",
    "oldState": {"type": "kubernetes:core/v1:PersistentVolumeClaim", "custom": True},
}


@dataclass(frozen=True)
class Clone:
    """A clone whose only stack is `prod`. `version` is what the commit deploys."""

    tree: Path
    fakes: Path

    def commit(self, version: str) -> str:
        (self.tree / "version").write_text(version)
        _git(self.tree, "add", "-A")
        _git(self.tree, "commit", "-qm", version, "--allow-empty")
        return _git(self.tree, "rev-parse", "HEAD")

    def run(self, *line: str, **more: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            name: value for name, value in os.environ.items() if name not in ("CI", "GITLAB_CI", "SMOKE_TEST")
        }
        environment |= {
            "FAKES": str(self.fakes),
            "PATH": f"{self.fakes}:{os.environ['PATH']}",
            "GITHUB_REPOSITORY": "me/shop",
            **more,
        }
        return subprocess.run(line, cwd=self.tree, env=environment, capture_output=True, text=True, check=False)

    def plan(self, *steps: Any, data: str = "keep") -> None:
        document = {"config": {"ha-platform:stack": json.dumps({"data": data})}, "steps": steps}
        self.say("plan", json.dumps(document))

    def say(self, name: str, text: str) -> None:
        (self.fakes / name).write_text(text)

    @property
    def runs(self) -> str:
        return (self.fakes / "runs").read_text()

    @property
    def asked(self) -> list[str]:
        return (self.fakes / "asked").read_text().splitlines()

    @property
    def good(self) -> str:
        return _git(self.tree, "ls-remote", "origin", "refs/deployed/prod").partition("\t")[0]

    @property
    def issues(self) -> list[dict[str, Any]]:
        store = self.fakes / "issues.json"
        return json.loads(store.read_text()) if store.exists() else []


def _git(tree: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(["git", *who, *arguments], cwd=tree, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    tree, fakes, remote = tmp_path / "clone", tmp_path / "fakes", tmp_path / "remote.git"
    tree.mkdir()
    fakes.mkdir()
    for folder in (".ci", "report"):
        shutil.copytree(REPOSITORY / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "scripts").mkdir()
    for file in ("Makefile", "scripts/setup", "requirements.txt", "requirements-dev.txt", ".gitignore"):
        shutil.copy(REPOSITORY / file, tree / file)
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / ".gitignore").write_text(".venv\n.state/\n__pycache__/\n")
    wanted = subprocess.run(
        "cat requirements.txt requirements-dev.txt | sha256sum | cut -d ' ' -f 1",
        cwd=tree, shell=True, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tree / ".venv/.requirements").write_text(wanted.stdout)
    for path, text in ((tree / ".venv/bin/python", PYTHON), (fakes / "gh", GH)):
        path.write_text(text)
        path.chmod(0o755)
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    _git(tree, "init", "-q", "-b", "main")
    _git(tree, "remote", "add", "origin", str(remote))
    made = Clone(tree, fakes)
    made.plan()
    for name, text in (("previews", "0"), ("drift", ""), ("drifted", "0"), ("runs", "nothing")):
        made.say(name, text)
    return made


def test_a_stack_that_answers_is_the_next_way_back(clone: Clone) -> None:
    first = clone.commit("one")
    done = clone.run(".ci/deploy", "prod")
    assert done.returncode == 0, done.stderr
    assert clone.runs == "one"
    assert clone.good == first
    order = [line for line in clone.asked if "gitlab" not in line]
    assert order == ["-m cli preview prod --json", "-m report.kept prod", "-m cli up prod", "-m cli status prod"]


@pytest.mark.parametrize("version", ["silent", "broken"])
def test_a_stack_that_does_not_answer_goes_back_to_the_last_good_commit(clone: Clone, version: str) -> None:
    first = clone.commit("one")
    assert clone.run(".ci/deploy", "prod").returncode == 0
    clone.commit(version)
    done = clone.run(".ci/deploy", "prod")
    assert done.returncode == 1
    assert f"prod is back at {first[:12]}; the update failed" in done.stderr
    assert clone.runs == "one"
    assert clone.good == first, "what failed is no way back"
    assert "clone" in _git(clone.tree, "worktree", "list")
    assert len(_git(clone.tree, "worktree", "list").splitlines()) == 1, "what it went back in is removed"


def test_a_smoke_test_of_ones_own_decides(clone: Clone) -> None:
    clone.commit("one")
    assert clone.run(".ci/deploy", "prod", SMOKE_TEST='test "$STACK" = prod').returncode == 0
    clone.commit("two")
    done = clone.run(".ci/deploy", "prod", SMOKE_TEST=f'test "$(cat {clone.fakes}/runs)" = one')
    assert done.returncode == 1
    assert clone.runs == "one"


def test_where_nothing_was_good_there_is_no_way_back(clone: Clone) -> None:
    clone.commit("silent")
    done = clone.run(".ci/deploy", "prod")
    assert done.returncode == 4
    assert "there is no way back" in done.stderr


def test_a_way_back_that_fails_is_said(clone: Clone) -> None:
    clone.commit("one")
    assert clone.run(".ci/deploy", "prod").returncode == 0
    clone.commit("two")
    done = clone.run(".ci/deploy", "prod", SMOKE_TEST="false")
    assert done.returncode == 4
    assert "the way back to" in done.stderr


def test_a_plan_that_would_destroy_kept_data_stops_before_anything(clone: Clone) -> None:
    clone.commit("one")
    assert clone.run(".ci/deploy", "prod").returncode == 0
    clone.commit("two")
    clone.plan(CLAIM)
    done = clone.run(".ci/deploy", "prod")
    assert done.returncode == 3
    assert "PersistentVolumeClaim files: delete; what is in it is lost" in done.stderr
    assert clone.runs == "one"
    assert clone.asked.count("-m cli up prod") == 1
    assert clone.run(".ci/plan", "prod").returncode == 3


def test_a_plan_that_policies_refuse_changes_nothing(clone: Clone) -> None:
    clone.commit("one")
    clone.say("previews", "1")
    done = clone.run(".ci/deploy", "prod")
    assert done.returncode == 3
    assert clone.runs == "nothing"


def test_a_remote_that_cannot_be_asked_changes_nothing(clone: Clone) -> None:
    clone.commit("one")
    _git(clone.tree, "remote", "set-url", "origin", "/no/such/place")
    assert clone.run(".ci/deploy", "prod").returncode == 3
    assert clone.runs == "nothing"


@pytest.mark.parametrize("script", [".ci/deploy", ".ci/drift"])
def test_a_job_needs_a_place_for_its_state(clone: Clone, script: str) -> None:
    clone.commit("one")
    done = clone.run(script, "prod", CI="true", PULUMI_BACKEND_URL="")
    assert done.returncode == 3
    assert "PULUMI_BACKEND_URL is not set" in done.stderr
    assert clone.run(script, "prod", CI="true", PULUMI_BACKEND_URL="s3://states").returncode == 0


def test_drift_is_one_issue_that_is_written_over_and_closed(clone: Clone) -> None:
    def look(said: str, code: str) -> None:
        clone.say("drift", said)
        clone.say("drifted", code)
        assert clone.run(".ci/drift", "prod").returncode == 0

    look("", "0")
    assert clone.issues == []
    look("web: scaled to 0\n", "2")
    (issue,) = clone.issues
    assert (issue["state"], issue["title"]) == ("open", "Drift in stack prod")
    assert "- web: scaled to 0\n" in issue["body"]
    look("web: scaled to 1\n", "2")
    (issue,) = clone.issues
    assert "- web: scaled to 1\n" in issue["body"]
    assert "scaled to 0" not in issue["body"]
    look("", "0")
    assert [one["state"] for one in clone.issues] == ["closed"]
    look("web: scaled to 0\n", "2")
    assert [one["state"] for one in clone.issues] == ["closed", "open"], "another time is another issue"


def test_what_cannot_be_asked_is_no_drift(clone: Clone) -> None:
    clone.say("drifted", "1")
    assert clone.run(".ci/drift", "prod").returncode == 1
    assert clone.issues == []


def test_access_is_for_its_owner_alone(clone: Clone, tmp_path: Path) -> None:
    given = {"KUBECONFIG_TEXT": "clusters: []", "SSH_KEY": "key", "SSH_KNOWN_HOSTS": "host key"}
    done = clone.run(".ci/access", HOME=str(tmp_path), **given)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for file, text in ((".kube/config", "clusters: []"), (".ssh/id_ed25519", "key"), (".ssh/known_hosts", "host key")):
        assert (tmp_path / file).read_text() == f"{text}\n"
        assert (tmp_path / file).stat().st_mode & 0o077 == 0
    assert clone.run(".ci/access", HOME=str(tmp_path), SSH_KEY="key").returncode != 0, "whose key a host has is known"


def test_every_image_is_scanned_and_one_finding_fails(clone: Clone) -> None:
    shutil.copytree(REPOSITORY / "settings/image_pins", clone.tree / "settings/image_pins")
    (clone.fakes / "trivy").write_text(
        '#!/bin/sh\necho "$@" >>"$FAKES/scanned"\ncase "$*" in *haproxy*) exit 1 ;; esac\n'
    )
    (clone.fakes / "trivy").chmod(0o755)
    assert clone.run(".ci/scan").returncode == 1
    scanned = (clone.fakes / "scanned").read_text().splitlines()
    pins = (REPOSITORY / "settings/image_pins/upstream.toml").read_text()
    assert len(scanned) == len({line for line in pins.splitlines() if line.startswith("ref")}) > 5
