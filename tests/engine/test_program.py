"""Whole commands on small programs, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.cli import main
from tests.engine.fakes import FakeProvider
from tests.engine.program import Program

SAMPLE = """
size = pulumi.Config().require_int("size")
class Pair(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("proj:index:Pair", name)
        own = pulumi.ResourceOptions(parent=self)
        self.first = Thing(f"{name}-first", own, name=f"{name}-first", size=size)
        self.second = Thing(f"{name}-second", own, shape=self.first.address, password=pulumi.Output.secret("hunter2"))
        self.register_outputs({"address": self.second.address})
pair = Pair("pair")
pulumi.export("address", pair.first.address)
pulumi.export("password", pulumi.Output.secret("hunter2"))
"""


def test_the_life_of_a_stack(program: Program) -> None:
    program.write(SAMPLE)
    code, out, err = program.call("up")
    assert code == 0, err
    assert "+ 4 created  (sandbox engine, " in out  # stack, component, two things
    assert "address: at-pair-first" in out
    assert sorted(program.stack.objects())[0] == "pair-first"

    code, out, _ = program.call("up", "--expect-no-changes")
    assert code == 0
    assert "no changes, 4 unchanged" in out

    program.call("config", "set", "size", "2")
    code, out, _ = program.call("preview", "--json")
    digest = json.loads(out)
    assert code == 0
    assert digest["config"] == {"proj:size": "2", "fake:token": "t"}
    assert digest["changeSummary"] == {"same": 3, "update": 1}
    assert isinstance(digest["duration"], int)
    root, step = digest["steps"]
    assert (root["op"], root["detailedDiff"]) == ("same", None)
    assert step["op"] == "update"
    assert step["urn"] == "urn:pulumi:dev::proj::proj:index:Pair$fake:index:Thing::pair-first"
    assert step["provider"].startswith("urn:pulumi:dev::proj::pulumi:providers:fake::default")
    assert step["oldState"]["inputs"]["size"] == 1
    assert step["newState"]["inputs"]["size"] == 2
    assert step["detailedDiff"] == {"size": {"kind": "update", "inputDiff": True}}
    assert step["diffReasons"] == ["size"]

    code, _, err = program.call("preview", "--expect-no-changes")
    assert (code, err) == (1, "error: changes where none were expected\n")
    assert "hunter2" not in program.call("preview", "--json", "--show-sames")[1]

    code, out, _ = program.call("outputs")
    assert out.splitlines() == ["  address: at-pair-first", "  password: [secret]"]
    assert json.loads(program.call("outputs", "--json", "--show-secrets")[1])["password"] == "hunter2"
    assert "hunter2" not in program.call("export")[1]

    (program.stack.root / "objects" / "pair-first").write_text(
        '{"inputs": {"name": "pair-first", "size": 7}, "changed": 0}', encoding="utf-8"
    )
    code, out, _ = program.call("refresh")
    assert "~ size: 1 => 7" in out
    assert "~> 1 drifted" in out
    assert program.call("refresh", "--expect-no-changes")[0] == 1
    assert program.call("refresh", "--apply")[0] == 0
    program.call("config", "set", "size", "1")
    code, out, _ = program.call("up")
    assert "~ size: 7 => 1" in out

    code, out, _ = program.call("destroy")
    assert code == 0
    assert "- 4 deleted" in out
    assert program.stack.objects() == {}


def test_previews_are_the_same_each_time(program: Program) -> None:
    program.write(SAMPLE.replace("shape=self", "name='second', shape=self"))
    first, second = (json.loads(program.call("preview", "--json")[1]) for _ in range(2))
    for digest in (first, second):
        del digest["duration"]
        digest["steps"].sort(key=lambda step: step["urn"])
    assert first == second
    assert {step["op"] for step in first["steps"]} == {"create"}


@pytest.mark.parametrize(
    "end",
    ["raise pulumi.RunError('size: got 1, at least 2')", "import sys; sys.exit('size: got 1, at least 2')"],
)
def test_a_report_of_the_program_is_shown_alone(program: Program, end: str) -> None:
    program.write(end)
    code, out, err = program.call("up")
    assert code == 1
    assert (out + err).strip().removeprefix("error: ") == "size: got 1, at least 2"
    assert not (program.stack.root / "dev.json").exists()


def test_a_bug_of_the_program_is_shown_from_its_own_frames(program: Program) -> None:
    program.write("def f():\n    return {}['missing']\nf()")
    code, _, err = program.call("preview")
    assert code == 1
    assert "KeyError: 'missing'" in err
    assert "runpy" not in err


REFUSED = {
    "Thing('a', pulumi.ResourceOptions(import_='x'))": "import_: not supported by the sandbox engine",
    "Thing('a', pulumi.ResourceOptions(delete_before_replace=True))": "delete_before_replace: not supported",
    "Thing('a', pulumi.ResourceOptions(replace_on_changes=['size']))": "replace_on_changes: not supported",
    "pulumi.ComponentResource('p:m:C', 'remote', {}, None, True)": "remote components run inside a provider plugin",
    "Thing('a', pulumi.ResourceOptions(transforms=[print]))": "not supported by the sandbox engine: transforms",
    "Thing('a', pulumi.ResourceOptions(id='x'))": "reading a resource that is not the stack's",
    "pulumi.runtime.invoke('fake:index:f', {})": "the function fake:index:f: not supported",
    "pulumi.CustomResource('aws:s3/bucket:Bucket', 'b')": "no provider for package 'aws'",
    "pulumi.CustomResource('fake:index:Unknown', 'u')": "does not know this type of package 'fake'",
    "Thing('a', text=pulumi.FileAsset('/etc/hostname'))": "assets and archives are not supported",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_not_supported_is_refused_before_anything_is_changed(program: Program, code: str) -> None:
    program.write(f"Thing('first', name='first')\n{code}")
    exit_code, out, err = program.call("up")
    assert exit_code == 1
    assert REFUSED[code] in out + err
    assert "Traceback" not in out + err
    assert program.stack.objects() == {}
    assert not (program.stack.root / "dev.json").exists()


def test_an_unreachable_provider_is_one_sentence(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeProvider, "unreachable", "nothing answers at 10.0.0.1: start it")
    program.write("for name in 'abcdef':\n    Thing(name, name=name)")
    code, out, err = program.call("up")
    assert code == 1
    assert err == "error: nothing answers at 10.0.0.1: start it\nerror: nothing was changed\n"
    assert out == ""


def test_a_failed_update_says_why_and_the_next_goes_on(program: Program) -> None:
    program.write("a = Thing('a', name='a')\nThing('b', name='b', fail='no room', after=a.address)")
    code, out, err = program.call("up")
    assert code == 1
    assert "fake:index:Thing  b: create failed: no room" in err
    assert "Traceback" not in out + err
    program.write("a = Thing('a', name='a')\nThing('b', name='b', after=a.address)")
    code, out, _ = program.call("up")
    assert code == 0
    assert program.stack.calls() == ["create a", "create b", "create b"]


def test_other_stack_file_and_secrets_in_it(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text("# kept\nconfig:\n  proj:list:\n    - one # kept too\n", encoding="utf-8")
    program.call("config", "--stack-file", str(file), "set", "--secret", "--path", "proj:deep.token", "hunter2")
    assert "hunter2" not in file.read_text(encoding="utf-8")
    assert file.read_text(encoding="utf-8").count("# kept") == 2
    program.write("c = pulumi.Config()\npulumi.export('o', [c.require_secret_object('deep')['token'], c.get('list')])")
    code, out, _ = program.call("up", "--stack-file", str(file))
    assert code == 0
    assert "hunter2" not in out
    assert json.loads(program.call("outputs", "--stack-file", str(file), "--json", "--show-secrets")[1]) == {
        "o": ["hunter2", '["one"]']
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["preview", "-s", "dev", "--bogus"], 2),
        (["preview"], 2),
        (["up", "-s", "dev", "--parallel", "0"], 2),
        (["preview", "-s", "none", "--cwd", "/"], 1),
    ],
)
def test_exit_codes_of_wrong_usage(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        got: Any = main(arguments)
    except SystemExit as ended:
        got = ended.code
    assert got == code
    assert "Traceback" not in capsys.readouterr().err


def test_what_is_at_work_beside_a_failure_is_finished_and_recorded(program: Program) -> None:
    program.write("Thing('slow', name='slow', delay=1)\nThing('bad', name='bad', fail='no')")
    code, out, err = program.call("up")
    assert code == 1
    assert "bad: create failed: no" in err
    assert "1 failed" in out
    state = program.stack.state()
    assert not state.pending
    assert (
        [r.id for r in state.resources() if r.type == "fake:index:Thing"] == list(program.stack.objects()) == ["slow"]
    )


def _started(program: Program) -> subprocess.Popen[str]:
    """An `up` in a process of its own, at work on its first object."""
    script = f"""
import sys
from pathlib import Path
from sandbox.engine import providers
from sandbox.engine.cli import main
from tests.engine.fakes import FakeProvider
providers.PACKAGES["fake"] = "tests.engine.fakes:FakeProvider"
FakeProvider.root = Path({str(program.stack.root)!r})
sys.exit(main(["up", "-s", "dev", "--cwd", {str(program.root)!r}]))
"""
    root = Path(__file__).resolve().parents[2]
    engine = subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not program.stack.calls() and time.monotonic() < deadline:
        time.sleep(0.05)
    return engine


@pytest.mark.live
def test_first_interrupt_lets_what_is_at_work_finish(program: Program) -> None:
    program.write("a = Thing('a', name='a', delay=8)\nThing('b', name='b', after=a.address)")
    engine = _started(program)
    os.kill(engine.pid, signal.SIGINT)
    out, _ = engine.communicate(timeout=120)
    assert engine.returncode == 1
    assert "interrupted: waiting for what is at work" in out
    assert list(program.stack.objects()) == ["a"]
    state = program.stack.state()
    assert not state.pending
    assert [r.id for r in state.resources() if r.type == "fake:index:Thing"] == ["a"]


@pytest.mark.live
def test_a_killed_engine_takes_its_program_along_and_the_next_one_goes_on(program: Program) -> None:
    program.write("a = Thing('a', delay=8)\nThing('b', name='b', after=a.address)")
    engine = _started(program)
    while not program.stack.objects():  # made half way through its create
        time.sleep(0.02)
    engine.kill()
    engine.communicate(timeout=120)
    deadline = time.monotonic() + 120
    while _processes_naming(str(program.root)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes_naming(str(program.root)) == []
    assert len(program.stack.objects()) == 1
    code, out, _ = program.call("up")
    assert code == 0
    assert "an earlier run was killed while creating 'a': looking for it" in out
    assert len(program.stack.objects()) == 2
    assert [call.split("-")[0] for call in program.stack.calls()] == ["create a", "update a", "create b"]


def _processes_naming(text: str) -> list[str]:
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended
    return [line for line in lines if text in line and "sandbox.engine.runner" in line]


def test_children_follow_a_renamed_parent(program: Program) -> None:
    text = """
class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("proj:index:Box", name, {}, opts)
        Thing(f"{name}-inside", pulumi.ResourceOptions(parent=self), name="inside")
"""
    program.write(f"{text}\nBox('old')")
    assert program.call("up")[0] == 0
    program.write(f"{text}\nBox('new', pulumi.ResourceOptions(aliases=[pulumi.Alias(name='old')]))")
    code, out, _ = program.call("up", "--expect-no-changes")
    assert (code, "no changes" in out) == (0, True)
    assert program.stack.calls() == ["create inside"]
    assert "urn:pulumi:dev::proj::proj:index:Box$fake:index:Thing::new-inside" in program.stack.state().live


def test_configuration_larger_than_an_environment_variable(program: Program) -> None:
    program.call("config", "set", "large", "x" * 300_000)
    program.write("pulumi.export('length', len(pulumi.Config().require('large')))")
    assert program.call("up")[0] == 0
    assert program.call("outputs")[1] == "  length: 300000\n"
