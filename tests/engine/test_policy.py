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
        last = max(things, key=lambda thing: thing.name)
        report(f"{len(things)} things; the last depends on {[d.name for d in last.dependencies]}")

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


def configured(program: Program, pack: Path, text: str) -> tuple[int, str, str]:
    """An update with a configuration file."""
    file = pack / "config.json"
    file.write_text(text, encoding="utf-8")
    return program.call("up", "--policy-pack", str(pack), "--policy-pack-config", str(file))


OF_LEVELS = """
from pulumi_policy import *

def no_big(args, report):
    limit = args.get_config().get("limit", 5)
    if args.resource_type == "fake:index:Thing" and args.props.get("size", 0) > limit:
        report(f"{args.name}: size {args.props['size']} is above {limit}")

PolicyPack("pack", policies=[ResourceValidationPolicy("no-big", "No big things", no_big, EnforcementLevel.ADVISORY)])
"""


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"all": "advisory"}', 0, "policy [advisory] pack/no-big"),
        ('{"no-big": "disabled"}', 0, ""),
        ('{"all": "disabled", "no-big": {"enforcementLevel": "mandatory"}}', 1, "policy [mandatory] pack/no-big"),
        ('{"all": "mandatory", "no-big": {"limit": 20}}', 0, ""),
        ("", 0, "policy [advisory] pack/no-big"),
        ('{"all": "strict"}', 1, "'strict' is no level"),
        ('{"no-small": {"limit": 1}}', 1, "has no such policy"),
        ('{"no-big": 3}', 1, "neither a level nor an object"),
        ('{"version": 2, "policies": {}}', 1, "`version`: the sandbox engine reads policies alone"),
        ("[]", 1, "an object of policies by name"),
        ("{", 1, "not JSON"),
        ('{"no-big": "remediate"}', 1, "the sandbox engine has no remediation"),
    ],
)
def test_a_file_configures_levels_and_properties(
    program: Program, pack: Path, text: str, code: int, words: str
) -> None:
    (pack / "__main__.py").write_text(OF_LEVELS, encoding="utf-8")
    program.write("Thing('big', name='big', size=9)")
    got, out, err = configured(program, pack, text)
    assert got == code, err
    assert words in out + err
    assert words or "no-big" not in out + err


def test_properties_that_a_schema_describes_are_the_cli_s(program: Program, pack: Path) -> None:
    program.write("")
    assert "checks no schema of a policy" in configured(program, pack, '{"no-big": {"limit": 20}}')[2]


def test_each_pack_has_its_file(program: Program, pack: Path) -> None:
    program.write("")
    given = ("--policy-pack", str(pack), "--policy-pack", str(pack), "--policy-pack-config", str(pack / "a"))
    assert "2 times --policy-pack, and 1 times --policy-pack-config" in program.call("up", *given)[2]
