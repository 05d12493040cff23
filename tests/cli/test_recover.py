"""What a killed run of the CLI left: whose lock is cleared, and what becomes of operations that nobody recorded."""

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.engines import Engine
from cli.errors import CommandError
from cli.killed import KilledRun, NotItsOwn, adopted
from cli.recover import take_up, unlock, warn_of_pending
from cli.stack_file import REPOSITORY, StackFile

PROGRAM = """\
#!/bin/sh
echo "$@" >> "$RECORD"
if [ "$2" = export ]; then cat "$RECORD.state"; fi
if [ "$2" = import ]; then cat > "$RECORD.imported"; fi
"""
STACK = StackFile(name="trial", path=REPOSITORY / "Pulumi.trial.yaml", document={})
SINCE = "2026-11-26T08:00:00.123456789+00:00"


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a `pulumi` that does nothing was told."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "backend").as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    monkeypatch.setenv("ENGINE", "pulumi")
    return tmp_path / "record"


@pytest.fixture
def ended() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.fixture
def running(tmp_path: Path) -> Iterator[int]:
    """The number of a process that is called `pulumi`."""
    program = tmp_path / "pulumi"
    shutil.copy(shutil.which("sleep") or "", program)
    process = subprocess.Popen([str(program), "600"])
    yield process.pid
    process.kill()
    process.wait()


def lock(record: Path, pid: int, host: str = "") -> Path:
    """As the CLI writes it."""
    path = record.parent / "backend/.pulumi/locks/organization/ha-platform/trial/8f3c.json"
    path.parent.mkdir(parents=True)
    said = {"pid": pid, "username": "me", "hostname": host or socket.gethostname(), "timestamp": SINCE}
    path.write_text(json.dumps(said))
    return path


def test_the_lock_of_a_dead_run_is_cleared(record: Path, ended: int, capsys: pytest.CaptureFixture[str]) -> None:
    path = lock(record, ended)
    assert unlock(Engine(STACK, {}), STACK) == datetime.fromisoformat(SINCE)
    assert not path.exists()
    assert f"an earlier run was killed (process {ended}, begun {SINCE})" in " ".join(capsys.readouterr().err.split())
    assert unlock(Engine(STACK, {}), STACK) is None


def test_the_number_of_a_dead_run_may_be_another_program_s(record: Path) -> None:
    path = lock(record, os.getpid())
    unlock(Engine(STACK, {}), STACK)
    assert not path.exists()


def test_a_run_at_work_is_not_disturbed(record: Path, running: int) -> None:
    path = lock(record, running)
    with pytest.raises(CommandError, match=rf"locked by process {running} of me@\S+, since \S+, which still runs"):
        unlock(Engine(STACK, {}), STACK)
    assert path.exists()


def test_the_lock_of_another_host_is_a_person_s_to_clear(record: Path, ended: int) -> None:
    path = lock(record, ended, "elsewhere")
    with pytest.raises(CommandError) as refused:
        unlock(Engine(STACK, {}), STACK)
    assert f"process {ended} of me@elsewhere" in str(refused.value)
    assert f"`PULUMI_BACKEND_URL=file://{record.parent}/backend pulumi cancel --yes --stack trial`" in str(
        refused.value
    )
    assert path.exists()


def test_a_lock_that_says_nothing_is_a_person_s_to_clear(record: Path, ended: int) -> None:
    path = lock(record, ended)
    path.write_text("{")
    with pytest.raises(CommandError, match=f"locked by {path}, which does not say by whom"):
        unlock(Engine(STACK, {}), STACK)
    assert path.exists()


@pytest.mark.parametrize("variables", [{"ENGINE": "sandbox"}, {"PULUMI_BACKEND_URL": "s3://states"}])
def test_other_locks_are_not_read(
    record: Path, running: int, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lock(record, running)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert unlock(Engine(STACK, {}), STACK) is None
    assert path.exists()


def resource(name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn::{name}", "type": "docker:index/service:Service", "inputs": {"name": name}, **more}


def deployed(record: Path, *resources: Any, pending: list[Any]) -> None:
    state = {"version": 3, "deployment": {"resources": list(resources), "pending_operations": pending, "v": 1}}
    Path(f"{record}.state").write_text(json.dumps(state))


class Finding:
    """A platform that finds what it is asked for, except `lost`."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def take_up(self, killed: KilledRun) -> list[dict[str, Any]]:
        self.asked = vars(killed)
        found = (one for one in killed.created if one["urn"] != "urn::lost")
        return [adopted(one, f"id of {one['inputs']['name']}", {}) for one in found]


def test_what_was_made_or_removed_is_recorded_and_read_again(record: Path) -> None:
    deployed(
        record,
        resource("web", id="1"),
        resource("gone", id="2"),
        pending=[
            {"type": "creating", "resource": resource("db")},
            {"type": "creating", "resource": resource("lost")},
            {"type": "updating", "resource": resource("web")},
            {"type": "deleting", "resource": resource("gone")},
        ],
    )
    on, began = Finding(), datetime.now(UTC)
    assert take_up(Engine(STACK, {}), on, began)  # type: ignore[arg-type]
    assert on.asked["known"] == {("docker:index/service:Service", "1"), ("docker:index/service:Service", "2")}
    assert on.asked["live"] == {"urn::web", "urn::gone"}
    assert (on.asked["began"], on.asked["adopt"]) == (began, True)
    state = json.loads(Path(f"{record}.imported").read_text())["deployment"]
    assert [one["urn"] for one in state["resources"]] == ["urn::web", "urn::gone", "urn::db"]
    assert state["resources"][2] == resource("db", id="id of db", outputs={"name": "db"})
    assert "pending_operations" not in state
    assert state["v"] == 1
    refresh = "--target urn::db --target urn::gone --stack trial"
    assert f"refresh --yes --skip-preview {refresh}" in record.read_text()


def test_nothing_is_written_where_nothing_was_begun(record: Path) -> None:
    deployed(record, resource("web", id="1"), pending=[])
    on = SimpleNamespace()
    assert not take_up(Engine(STACK, {}), on, None)  # type: ignore[arg-type]
    assert "import" not in record.read_text()


def test_what_the_next_update_waits_for_is_not_read(record: Path) -> None:
    deployed(record, pending=[{"type": "creating", "resource": resource("db")}])
    found = [adopted(resource("db"), "1", {"more": 2}, "killed")]
    on = SimpleNamespace(take_up=lambda *_, **__: found)
    assert take_up(Engine(STACK, {}), on, None)  # type: ignore[arg-type]
    (written,) = json.loads(Path(f"{record}.imported").read_text())["deployment"]["resources"]
    assert written["initErrors"] == ["killed"]
    assert written["outputs"] == {"name": "db", "more": 2}
    assert "refresh" not in record.read_text()


def test_a_preview_says_what_up_will_take_up(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(record, pending=[{"type": "creating", "resource": resource("db")}])
    warn_of_pending(Engine(STACK, {}), "make up STACK=trial")
    said = " ".join(capsys.readouterr().err.split())
    assert "an earlier run was killed while creating Service db; `make up STACK=trial` goes on" in said
    assert "import" not in record.read_text()


def test_what_another_made_stops_the_run(record: Path) -> None:
    deployed(record, pending=[{"type": "creating", "resource": resource("db")}])

    def refuse(*_: Any, **__: Any) -> None:
        raise NotItsOwn("service db is there, and has not the label of stack trial.")

    with pytest.raises(CommandError) as refused:
        take_up(Engine(STACK, {}), SimpleNamespace(take_up=refuse), None)  # type: ignore[arg-type]
    assert str(refused.value).startswith(
        "service db is there, and has not the label of stack trial.\nNothing was changed."
    )
    assert "import" not in record.read_text()
