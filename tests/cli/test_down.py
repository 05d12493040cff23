"""What `down` removes how: hosts that are thrown away need no order, what is kept does."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli import commands
from cli.errors import CommandError
from cli.stack_file import StackFile

PLATFORM = {"kind": "swarm", "nodes": ["host1"], "entry": "single-host"}


class Trial:
    """The parts that `down` uses, each writing down what it was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, sandbox: bool = True, runs: bool = True) -> None:
        self.done: list[str] = []
        self.resources: list[dict[str, Any]] = [{"type": "t"}]
        self.others: list[str] = []
        self.volumes = ["dev-main-0"]
        self.running: dict[str, str] = {}
        self.locked = False
        self.killed = False
        self.held = False
        self._runs = runs
        leftovers = SimpleNamespace(
            others=lambda: self.others,
            volumes=lambda: self.volumes,
            settle=lambda: self.done.append("settle"),
            hold_the_sandbox=lambda _: self.held or bool(self.others),
        )
        hosts = SimpleNamespace(sandbox=sandbox, environment={}, description="hosts")
        on = SimpleNamespace(
            hosts=hosts,
            profile="dev",
            leftovers=lambda _: leftovers,
            stack=stack("delete"),
            running=lambda: self.running,
            workloads=lambda resources: [SimpleNamespace(id="own") for _ in resources],
        )
        engine = SimpleNamespace(
            name="sandbox",
            resources=lambda: self.resources,
            exported=lambda: {"deployment": {"resources": self.resources}},
            destroy=self._destroy,
            forget=self._forget,
        )
        monkeypatch.setenv("ENGINE", "sandbox")
        monkeypatch.setattr(commands, "operations", lambda _: on)
        monkeypatch.setattr(commands, "Engine", lambda *_: engine)
        monkeypatch.setattr("cli.sandbox.runs", lambda _: self._runs)
        monkeypatch.setattr("cli.sandbox.has_data", lambda _: True)
        monkeypatch.setattr("cli.sandbox.start", self._start)
        monkeypatch.setattr("cli.sandbox.remove", self._remove)

    def _destroy(self) -> int:
        self.done.append("destroy")
        return 0

    def _forget(self) -> None:
        if self.locked:
            raise CommandError("another command works on it")
        self.done.append("forget")

    def _start(self, _: object) -> None:
        self.done.append("start")
        self._runs = True

    def _remove(self, _: object) -> list[str]:
        if self.killed:
            raise KeyboardInterrupt
        self.done.append("remove")
        return ["dev/host1 and its processes"]


def stack(data: str) -> StackFile:
    return StackFile(name="dev", path=Path("s.yaml"), document={"platform": PLATFORM, "data": data})


def test_a_sandbox_of_this_stack_alone_is_thrown_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = Trial(monkeypatch)
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["forget", "remove"]
    said = capsys.readouterr().out
    assert "volume dev-main-0 goes with its host, because the stack says `data: delete`" in said
    assert "removed dev/host1 and its processes" in said


def test_volumes_that_are_kept_outlive_a_stack_that_is_removed_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch)
    trial.others = ["volume dev-main-0"]
    assert commands.down(stack("keep")) == 0
    assert trial.done == ["destroy", "settle"]


def test_another_stack_on_the_sandbox_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch)
    trial.others = ["stack other"]
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["destroy", "settle"]


def test_hosts_of_ones_own_are_never_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch, sandbox=False)
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["destroy", "settle"]


def test_a_file_whose_data_policy_cannot_be_read_keeps_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch)
    trial.others = ["volume dev-main-0"]
    assert commands.down(stack("dellete")) == 0
    assert trial.done == ["destroy", "settle"]


def test_hosts_that_do_not_run_are_started_to_see_what_is_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch, runs=False)
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["start", "forget", "remove"]


def test_a_stack_that_another_command_works_on_keeps_its_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch)
    trial.locked = True
    with pytest.raises(CommandError, match="another command works on it"):
        commands.down(stack("delete"))
    assert trial.done == []


def test_what_a_killed_down_left_is_removed_by_the_next(
    monkeypatch: pytest.MonkeyPatch, own_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The state is empty, and services and volumes are still on the host."""
    trial = Trial(monkeypatch)
    trial.killed = True
    with pytest.raises(KeyboardInterrupt):
        commands.down(stack("delete"))
    trial = Trial(monkeypatch)
    trial.resources, trial.running = [], {"id": "dev-web"}
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["forget", "remove"]
    assert "is not deployed" in capsys.readouterr().out
    assert list(own_state.iterdir()) == []


def test_what_another_deployment_runs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack of that name was deployed from elsewhere, and this state is empty, or of what is gone."""
    for resources in ([], [{"type": "t"}]):
        trial = Trial(monkeypatch)
        trial.resources, trial.running = resources, {"another": "dev-web"}
        with pytest.raises(CommandError, match=r"1 workloads of stack dev run on the hosts \(dev-web\), and no state"):
            commands.down(stack("delete"))
        assert trial.done == []


def test_volumes_that_no_state_has_stay_on_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch)
    trial.resources, trial.held = [], True
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["settle"]


def test_a_sandbox_with_nothing_on_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch)
    trial.resources, trial.volumes = [], []
    assert commands.down(stack("delete")) == 0
    assert trial.done == ["forget", "remove"]
