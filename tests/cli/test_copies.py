"""What the commands run for a cache's copies, where, and what they show."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli import commands, copies
from cli.errors import CommandError
from cli.operations import Operations
from cli.stack_file import StackFile
from cli.workloads import Workload
from components.copies.settings import CopiesSettings
from components.redis_sentinel.settings import RedisSettings

NOW = time.time()
COPY = {"label": "20260131-023000", "began": NOW - 7205, "ended": NOW - 7200, "bytes": 3 * 2**20, "sha256": "x",
        "facts": {"from": "dev-sessions-redis-1", "primary": False}, "verified": NOW - 3600, "restore_seconds": 2.2,
        "failed": ""}  # fmt: skip
WELL: dict[str, Any] = {
    "now": NOW, "repository": "offsite", "running": "", "fault": "", "failed": "", "due": 0, "copies": [COPY],
    "outcome": {},
}  # fmt: skip


def workload(word: str, component: str) -> Workload:
    return Workload(urn=word, id=f"ns/{word}", component=component, word=word, name=f"dev-{word}")


JOB = workload("sessions-copies-orders", "RedisSentinel sessions")
WORKLOADS = [workload("sessions-redis", "RedisSentinel sessions"), JOB, workload("jobs-redis", "RedisSentinel jobs")]


class Ran:
    """Operations that keep what was run."""

    def __init__(self, said: str, code: int = 0) -> None:
        self._answer = (code, said)
        self.ran: list[Any] = []

    def workloads(self, _: Any) -> list[Workload]:
        return WORKLOADS

    def run_beside(self, *asked: Any) -> tuple[int, str]:
        self.ran.append(asked)
        return self._answer


@pytest.fixture
def stack() -> StackFile:
    copied = RedisSettings(role="session", backups=CopiesSettings(repository="offsite"))
    caches = {"sessions": copied, "jobs": RedisSettings(role="broker"), "new": copied}
    made = StackFile(name="dev", path=Path("Pulumi.dev.yaml"))
    made.__dict__["loaded"] = SimpleNamespace(sound=SimpleNamespace(caches=caches))
    return made


def on(said: str, code: int = 0) -> tuple[Ran, Operations]:
    made = Ran(said, code)
    return made, cast(Operations, made)


def test_orders_run_beside_the_copier(stack: StackFile) -> None:
    ran, operations = on("copy 20260131-101200\n20260131-101200 in offsite, verified\n")
    said = copies.take(operations, [], stack, "sessions", "CACHE")
    assert said == "sessions of stack dev: 20260131-101200 in offsite, verified"
    ((job, verb, command, _),) = ran.ran
    assert (job, verb) == (JOB, "backup")
    assert command == ("python3", "-m", "components.copies.files.copies_orders", "/etc/ha-copies", "take")


@pytest.mark.parametrize(("overwrite", "word"), [(True, "overwrite"), (False, "")])
def test_only_the_word_allows_to_overwrite(stack: StackFile, overwrite: bool, word: str) -> None:
    ran, operations = on("restored as it was at 20260131-023000: 5 keys\n")
    said = copies.restore(operations, [], stack, "sessions", "CACHE", "latest", overwrite=overwrite)
    assert said == "sessions of stack dev is restored as it was at 20260131-023000: 5 keys"
    assert ran.ran[0][2][-3:] == ("restore", "latest", word)


def test_what_is_refused_is_said(stack: StackFile) -> None:
    _, operations = on("it holds 3 keys, which would be lost\n", code=1)
    with pytest.raises(CommandError, match="sessions: it holds 3 keys"):
        copies.restore(operations, [], stack, "sessions", "CACHE", "latest", overwrite=False)
    with pytest.raises(CommandError, match="CACHE=jobs has no `backups`; stack dev runs copies of sessions"):
        copies.take(operations, [], stack, "jobs", "CACHE")
    with pytest.raises(CommandError, match=r"CACHE=new has `backups` in Pulumi\.dev\.yaml, and is not deployed so"):
        copies.take(operations, [], stack, "new", "CACHE")


def test_a_row_for_each_copy(stack: StackFile, capsys: pytest.CaptureFixture[str]) -> None:
    _, operations = on(json.dumps(WELL))
    assert copies.named(operations, [], stack) == ["sessions"]
    assert copies.show(operations, [], stack, "sessions")
    shown = " ".join(capsys.readouterr().out.split())
    assert "sessions of stack dev: the last copy is 2h old" in shown
    assert "20260131-023000 copy offsite 3Mi kept 2h old, verified 1h ago (loaded in 2s)" in shown


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fault": "unable to connect"}, "repository offsite: unable to connect"),
        ({"failed": "no member is in reach"}, "the last try: no member is in reach"),
        ({"due": NOW - 600}, "a copy is due since 10m"),
        ({"copies": []}, None),
        ({"copies": [COPY | {"verified": 0, "failed": "it has 0 keys"}]}, "20260131-023000 failed its trial: it has 0"),
        ({"copies": [COPY | {"facts": {"from": "m", "primary": True}}]}, None),
        ({"due": NOW - 600, "running": "copy 20260131-101200"}, None),
    ],
)
def test_what_is_not_well_is_said(
    stack: StackFile, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], said: str | None
) -> None:
    _, operations = on(json.dumps(WELL | changed))
    assert copies.show(operations, [], stack, "sessions") is (said is None)
    assert (said or "sessions of stack dev") in capsys.readouterr().out


def test_a_command_names_one_store(stack: StackFile) -> None:
    asked: tuple[Callable[[], int], ...] = (
        lambda: commands.backup(stack, "main", cache="sessions"),
        lambda: commands.backups(stack, "main", cache="sessions"),
        lambda: commands.restore(stack, "main", "latest", cache="sessions"),
    )
    for command in asked:
        with pytest.raises(CommandError, match="DB=main and CACHE=sessions: name one of them"):
            command()
    with pytest.raises(CommandError, match="TIMELINE is for databases"):
        commands.restore(stack, "", "latest", "2", cache="sessions")
