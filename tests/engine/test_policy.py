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

def shrink(args):
    if args.resource_type == "fake:index:Thing" and args.props.get("size") == 4:
        return {**args.props, "size": 3}

PolicyPack("pack", policies=[
    ResourceValidationPolicy("no-big", "No big things", no_big, EnforcementLevel.MANDATORY,
                             PolicyConfigSchema(properties={"limit": {"type": "integer"}})),
    StackValidationPolicy("count", "Few things", count, EnforcementLevel.ADVISORY),
    ResourceValidationPolicy("shrink", "Four is three", enforcement_level=EnforcementLevel.REMEDIATE, remediate=shrink),
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


def test_advisory_reports_and_remediation_changes(program: Program, pack: Path) -> None:
    program.write("a = Thing('a', name='a', size=4)\nThing('b', name='b')\nThing('c', name='c', after=a.address)")
    code, out, err = program.call("up", "--policy-pack", str(pack))
    assert code == 0, err
    assert "policy [remediate] pack/shrink a: Four is three" in out
    assert program.stack.objects()["a"]["inputs"]["size"] == 3
    assert "policy [advisory] pack/count: " in out
    assert "3 things; the last depends on ['a']" in out


def test_configuration_of_levels_and_properties(program: Program, pack: Path, tmp_path: Path) -> None:
    program.write("Thing('big', name='big', size=9)")
    config = tmp_path / "policy.json"
    options = ("preview", "--policy-pack", str(pack), "--policy-config", str(config))
    config.write_text('{"no-big": {"enforcementLevel": "mandatory", "limit": 10}}', encoding="utf-8")
    assert program.call(*options)[0] == 0
    config.write_text('{"no-big": {"limit": 8}}', encoding="utf-8")
    code, _, err = program.call(*options)
    assert (code, "is above 8" in err) == (1, True)
    config.write_text('{"no-big": "advisory"}', encoding="utf-8")
    code, out, _ = program.call(*options)
    assert (code, "policy [advisory] pack/no-big big" in out) == (0, True)
    config.write_text('{"all": "disabled"}', encoding="utf-8")
    code, out, _ = program.call(*options)
    assert (code, "policy [" in out) == (0, False)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('{"no-bigg": "advisory"}', "'no-bigg' is not a policy of pack 'pack'"),
        ('{"no-big": "fatal"}', "enforcement level 'fatal' is none of advisory, mandatory, disabled, remediate"),
        ("[]", "expected an object of policies"),
    ],
)
def test_wrong_configuration_is_refused(program: Program, pack: Path, tmp_path: Path, config: str, words: str) -> None:
    program.write("")
    file = tmp_path / "policy.json"
    file.write_text(config, encoding="utf-8")
    code, _, err = program.call("preview", "--policy-pack", str(pack), "--policy-config", str(file))
    assert code == 1
    assert words in err


def test_a_pack_that_does_not_start_is_one_sentence(program: Program, pack: Path) -> None:
    program.write("")
    (pack / "__main__.py").write_text("raise SystemExit('no such module')", encoding="utf-8")
    code, _, err = program.call("preview", "--policy-pack", str(pack))
    assert code == 1
    assert "the policy pack did not start" in err
    assert "not a policy pack" in program.call("preview", "--policy-pack", str(pack.parent))[2]
