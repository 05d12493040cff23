"""Hooks run before an update, in the preview and in the update, and stop it."""

from __future__ import annotations

import pytest

from tests.engine.program import Program

SAMPLE = """
size = pulumi.Config().require_int("size")

def look(args):
    was, wanted = int(args.old_inputs["size"]), int(args.new_inputs["size"])
    assert isinstance(args.new_inputs["password"], pulumi.Output) == (args.name == "first")
    pulumi.log.warn(f"{args.name} of {args.id} goes from {was} to {wanted}")
    if wanted > 5:
        raise ValueError(f"{args.name}: size: 5 at most (got {wanted}).")

hook = pulumi.ResourceHook("look", look, pulumi.ResourceHookOptions(on_dry_run=DRY, ignore_errors=IGNORE))
watched = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))
first = Thing("first", watched, name="first", size=size, password=pulumi.Output.secret("hunter2"))
second = Thing("second", pulumi.ResourceOptions.merge(watched, pulumi.ResourceOptions(depends_on=[first])),
               name="second", size=size, password="none")
"""


def sample(*, dry: bool = True, ignore: bool = False) -> str:
    return SAMPLE.replace("DRY", str(dry)).replace("IGNORE", str(ignore))


def resized(program: Program, size: int, text: str) -> None:
    """Deployed at size 1, and asked for another one."""
    program.write(text)
    code, out, err = program.call("up")
    assert (code, "goes from" in out) == (0, False), err
    program.call("config", "set", "size", str(size))


def test_a_hook_sees_old_and_new_in_the_preview_and_in_the_update(program: Program) -> None:
    resized(program, 2, sample())
    code, out, _ = program.call("preview")
    assert code == 0
    assert "warning: first of first goes from 1 to 2" in out
    code, out, err = program.call("up")
    assert code == 0, err
    assert out.count("goes from 1 to 2") == 2, "each hook once: the preview before an update is silent"
    code, out, _ = program.call("up", "--expect-no-changes")
    assert (code, "goes from" in out) == (0, False)


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_hook_that_raises_stops_everything_in_one_line(program: Program, command: str) -> None:
    resized(program, 6, sample())
    code, _, err = program.call(command)
    assert code != 0
    assert [line for line in err.splitlines() if "5 at most" in line] == ["error: first: size: 5 at most (got 6)."]
    assert "Traceback" not in err
    assert "hunter2" not in err
    assert not [call for call in program.stack.calls() if call.startswith("update")], "nothing was changed"


def test_a_hook_that_is_not_for_previews_stops_the_update_before_its_resource(program: Program) -> None:
    resized(program, 6, sample(dry=False))
    code, out, _ = program.call("preview")
    assert (code, "goes from" in out) == (0, False)
    code, _, err = program.call("up")
    assert code != 0
    assert "first: update failed: first: size: 5 at most (got 6)." in err
    assert not [call for call in program.stack.calls() if call.startswith("update")], "nor the one that depends on it"


def test_errors_that_are_ignored_are_warnings(program: Program) -> None:
    resized(program, 6, sample(ignore=True))
    code, out, err = program.call("up")
    assert code == 0, err
    assert "warning: first: first: size: 5 at most (got 6)." in out
    assert [call for call in program.stack.calls() if call.startswith("update")] == ["update first", "update second"]


def test_other_hooks_are_refused_by_name(program: Program) -> None:
    program.write(
        'hook = pulumi.ResourceHook("late", lambda args: None)\n'
        'Thing("a", pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[hook])), name="a")'
    )
    code, _, err = program.call("up")
    assert code != 0
    assert "hooks late: the sandbox engine has no after_create hooks" in err


def test_a_name_of_a_hook_is_taken_once(program: Program) -> None:
    program.write(
        'for _ in range(2):\n    hook = pulumi.ResourceHook("same", lambda args: None)\n'
        'Thing("a", pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook])), name="a")'
    )
    code, _, err = program.call("up")
    assert code != 0
    assert "the hook 'same' is registered twice" in err
