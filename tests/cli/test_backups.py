"""What `make backup`, `make backups` and `make restore` run, where, and what they show."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli.backups import in_place, show, take
from cli.errors import CommandError
from cli.operations import Operations
from cli.stack_file import StackFile
from cli.workloads import Workload
from components.postgres_ha.backup_settings import BackupSettings
from components.postgres_ha.settings import PostgresSettings

NOW = time.time()
FULL = {"label": "20260125-020000F", "kind": "full", "repository": "offsite", "began": NOW - 7300, "ended": NOW - 7200,
        "bytes": 3 * 2**20, "size": 40 * 2**20,
        "verified": NOW - 3600, "restore_seconds": 90, "failed": ""}  # fmt: skip
WELL: dict[str, Any] = {
    "leads": True, "running": "", "faults": {}, "failed": {}, "due": {"offsite": ["", 0]}, "waiting": [0, 0],
    "archive_timeout": 60, "dropped": 0, "backups": [FULL], "now": NOW, "drills": {"offsite": 0}, "drill": "",
}  # fmt: skip


def workload(word: str, component: str = "PostgresHA main") -> Workload:
    return Workload(urn=word, id=f"ns/{word}", component=component, word=word, name=f"dev-{word}")


JOB = workload("main-pg-settings")
WORKLOADS = [
    JOB,
    workload("main-rw"),
    workload("plain-pg-settings", "PostgresHA plain"),
    workload("plain-rw", "PostgresHA plain"),
]


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
    databases = {
        "main": PostgresSettings(backups=BackupSettings(repositories=("offsite",))),
        "plain": PostgresSettings(),
    }
    sound = SimpleNamespace(databases=databases)
    made = StackFile(name="dev", path=Path("Pulumi.dev.yaml"))
    made.__dict__["loaded"] = SimpleNamespace(sound=sound)
    return made


def on(said: str, code: int = 0) -> tuple[Ran, Operations]:
    made = Ran(said, code)
    return made, cast(Operations, made)


def test_a_backup_runs_beside_the_settings_job(stack: StackFile) -> None:
    ran, operations = on("20260131-101200F in offsite\n")
    assert take(operations, [], stack, "main", full=True) == "main of stack dev: 20260131-101200F in offsite"
    ((job, verb, command, _),) = ran.ran
    assert (job, verb) == (JOB, "backup")
    assert command[:3] == ("python3", "-m", "scripts.backup_orders")
    assert command[-2:] == ("take", "full")


@pytest.mark.parametrize(("overwrite", "word"), [(True, "overwrite"), (False, "")])
def test_only_the_word_allows_to_overwrite(stack: StackFile, overwrite: bool, word: str) -> None:
    ran, operations = on("main-pg-0 starts\nrestored to latest\n")
    said = in_place(operations, [], stack, "main", "latest", "", overwrite=overwrite)
    assert said == "main of stack dev is restored to latest"
    assert ran.ran[0][2][-4:] == ("restore", "latest", "", word)


def test_what_is_refused_is_said(stack: StackFile) -> None:
    _, operations = on("TO is missing; there is every moment from ...\n", code=1)
    with pytest.raises(CommandError, match="main: TO is missing; there is every moment"):
        in_place(operations, [], stack, "main", "", "", overwrite=True)
    with pytest.raises(CommandError, match="has no `backups`"):
        take(operations, [], stack, "plain", full=False)
    with pytest.raises(CommandError, match="DB is missing; stack dev has main, plain"):
        take(operations, [], stack, "", full=False)


def test_a_table_of_each_database_that_has_backups(stack: StackFile, capsys: pytest.CaptureFixture[str]) -> None:
    ran, operations = on(json.dumps(WELL))
    assert show(operations, [], stack, "")
    assert [job for job, *_ in ran.ran] == [JOB], "the other database has none"
    shown = " ".join(capsys.readouterr().out.split())
    assert "20260125-020000F full offsite 40Mi of data 3Mi kept 2h old, verified 1h ago (restored in 1m30s)" in shown


@pytest.mark.parametrize(
    ("changed", "drills", "said"),
    [
        ({"verified": 0}, {"offsite": NOW - 60}, "2h old, not verified"),
        ({"verified": 0}, None, "2h old"),
        ({"verified": 0, "failed": "a file is gone"}, {"offsite": 0}, "2h old, FAILED"),
    ],
)
def test_what_is_not_verified_is_shown(
    stack: StackFile, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], drills: Any, said: str
) -> None:
    _, operations = on(json.dumps(WELL | {"backups": [FULL | changed], "drills": drills}))
    well = show(operations, [], stack, "main")
    line, *rest = capsys.readouterr().out.splitlines()[1:]
    assert line.endswith(said)
    assert well == (not changed.get("failed"))
    assert rest == ([] if well else [f"  {FULL['label']} failed its drill: a file is gone"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"faults": {"offsite": "no route"}}, "repository offsite: no route"),
        (
            {"due": {"offsite": ["incremental", NOW - 600]}},
            "repository offsite: the incremental backup is due since 10m",
        ),
        ({"waiting": [3, NOW - 600]}, "3 files of the log wait to be archived, since 10m"),
        (
            {"drills": {"offsite": NOW - 7200}, "drill": "not verified: no room"},
            "repository offsite: a backup should be verified since 2h; not verified: no room",
        ),
        ({"dropped": NOW - 60}, "a part of the log was dropped"),
    ],
)
def test_what_is_not_well_is_said(
    stack: StackFile, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], said: str
) -> None:
    _, operations = on(json.dumps(WELL | changed))
    assert not show(operations, [], stack, "main")
    assert said in capsys.readouterr().out
