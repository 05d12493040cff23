"""The branch of a log is made known to an archive that began later."""

import json
from pathlib import Path

import pytest

from components.postgres_ha.files.backup_log import Log
from components.postgres_ha.files.backup_repository import Repositories, history
from components.postgres_ha.files.sql import Server

INFO = [{"archive": [{"database": {"repo-key": key}, "id": "15-1"} for key in (1, 2)]}]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    (tmp_path / "pg_wal/archive_status").mkdir(parents=True)
    return Log(tmp_path, tmp_path, Server("test", "/nowhere", "psql", "postgres"))


def test_a_history_that_was_taken_for_archived_waits_again(log: Log, tmp_path: Path) -> None:
    status = tmp_path / "pg_wal/archive_status"
    (tmp_path / "pg_wal" / history(2)).touch()
    (status / "00000002.history.done").touch()
    log.hand_over(history(2))
    assert [path.name for path in status.iterdir()] == ["00000002.history.ready"]


def test_a_history_that_is_not_there_is_not_promised(log: Log, tmp_path: Path) -> None:
    log.hand_over(history(3))
    assert not [*(tmp_path / "pg_wal/archive_status").iterdir()], "the archiver would fail over it for ever"


@pytest.mark.parametrize(("has", "known"), [((1, 2), True), ((1,), False), ((), False)])
def test_it_is_known_where_every_repository_has_it(
    has: tuple[int, ...], known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in has:
        (tmp_path / f"repo={key}").write_text("0000000A.history\n")
    (tmp_path / "info").write_text(json.dumps(INFO))
    program = tmp_path / "pgbackrest"
    program.write_text(
        "#!/bin/sh\n"
        f"cd {tmp_path}\n"
        'case "$*" in\n'
        "  *' info '*) cat info ;;\n"
        "  *'repo-ls archive/main/15-1 --filter=^0000000A.history$') cat \"${2#--}\" 2>/dev/null || : ;;\n"
        "  *) exit 1 ;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert Repositories("main", ["offsite", "second"]).know(10) is known
