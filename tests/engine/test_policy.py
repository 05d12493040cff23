"""Policy packs: what they see, what they stop, how they are configured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.program import Program

PACK = """
from pulumi_policy import *

import pulumi

def no_big(args, report):
    assert pulumi.Config("proj").require_int("size") == 1
    limit = args.get_config().get("limit", 5)
    if args.resource_type == "fake:index:Thing" and args.props.get("size", 0) > limit:
        report(f"{args.name}: size {args.props['size']} is above {limit}")

def count(args, report):
    things = [r for r in args.resources if r.resource_type == "fake:index:Thing"]
    if len(things) > 2:
        report(f"{len(things)} things; the last depends on {[d.name for d in things[-1].dependencies]}")

PolicyPack("pack", policies=[
    ResourceValidationPolicy("no-big", "No big things", no_big, EnforcementLevel.MANDATORY,
                             PolicyConfigSchema(properties={"limit": {"type": "integer"}})),
    StackValidationPolicy("count", "Few things", count, EnforcementLevel.ADVISORY),
])
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    directory = tmp_path / "pack"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\n", encoding="utf-8")
    (directory / "__main__.py").write_text(PACK, encoding="utf-8")
    return directory


def test_mandatory_stops_before_anything_is_changed(program: Program, pack: Path) -> None:
    program.write("Thing('small', name='small', size=1)\nThing('big', name='big', size=9)")
    code, out, err = program.call("up", "--policy-pack", str(pack))
    assert code == 1
    assert "policy [mandatory] pack/no-big big: " in err
    assert "big: size 9.0 is above 5" in err
    assert err.count("no-big") == 1
    assert "nothing was changed" in err
    assert program.stack.objects() == {}
    code, out, _ = program.call("preview", "--policy-pack", str(pack), "--json")
    assert code == 1
    assert [d["severity"] for d in json.loads(out)["diagnostics"]] == ["error"]


def test_advisory_reports(program: Program, pack: Path) -> None:
    program.write("a = Thing('a', name='a', size=4)\nThing('b', name='b')\nThing('c', name='c', after=a.address)")
    code, out, err = program.call("up", "--policy-pack", str(pack))
    assert code == 0, err
    assert "policy [advisory] pack/count: " in out
    assert "3 things; the last depends on ['a']" in out


def test_a_pack_that_changes_resources_is_refused(program: Program, pack: Path) -> None:
    shrink = 'ResourceValidationPolicy("shrink", "Less", enforcement_level=EnforcementLevel.REMEDIATE, remediate=print)'
    (pack / "__main__.py").write_text(PACK.replace("policies=[", f"policies=[{shrink},"), encoding="utf-8")
    program.write("Thing('a', name='a')")
    code, _, err = program.call("up", "--policy-pack", str(pack))
    assert code == 1
    assert "shrink: the sandbox engine has no remediation" in err
    assert program.stack.objects() == {}


def test_a_pack_that_does_not_start_is_one_sentence(program: Program, pack: Path) -> None:
    program.write("")
    (pack / "__main__.py").write_text("raise SystemExit('no such module')", encoding="utf-8")
    code, _, err = program.call("preview", "--policy-pack", str(pack))
    assert code == 1
    assert "the policy pack did not start" in err
    assert "not a policy pack" in program.call("preview", "--policy-pack", str(pack.parent))[2]
