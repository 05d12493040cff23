"""What `make backups` shows of logical dumps, and where it asks."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli import commands, dumps
from cli.backups import show
from cli.errors import CommandError
from cli.operations import Operations
from cli.stack_file import StackFile
from cli.workloads import Workload
from components.postgres_ha.settings import PostgresSettings

FILES = {"app": {"bytes": 3 * 2**20, "sha256": "0"}, "audit": {"bytes": 2**20, "sha256": "0"}}
TOLD: dict[str, Any] = {
    "now": 10_000.0, "keep": 7, "unfinished": [],
    "dumps": [{"label": "20260131-020000Z", "ended": 6_400.0, "files": FILES, "source": "main-pg-1"}],
}  # fmt: skip


def workload(word: str) -> Workload:
    return Workload(urn=word, id=f"ns/{word}", component="PostgresHA main", word=word, name=f"dev-{word}")


class Ran:
    """Operations of a platform with these words, which keep what was run."""

    def __init__(self, told: dict[str, Any] | str, *words: str, code: int = 0) -> None:
        self._answer = (code, told if isinstance(told, str) else f"pgbackrest: hello\n{json.dumps(told)}\n")
        self._words = words
        self.ran: list[Any] = []

    def workloads(self, _: Any) -> list[Workload]:
        return [workload(word) for word in self._words]

    def run_beside(self, *asked: Any) -> tuple[int, str]:
        self.ran.append(asked)
        return self._answer


@pytest.fixture
def stack() -> StackFile:
    main = PostgresSettings.model_validate({"dumps": {"repository": "offsite"}, "databases": {"before": {}}})
    databases = {"main": main, "plain": PostgresSettings()}
    made = StackFile(name="dev", path=Path("Pulumi.dev.yaml"))
    made.__dict__["loaded"] = SimpleNamespace(sound=SimpleNamespace(databases=databases))
    return made


@pytest.mark.parametrize(("words", "asked"), [(("main-dumps", "main-dumps-clock"), "main-dumps"),
                                              (("main-dumps-clock",), "main-dumps-clock")])  # fmt: skip
def test_they_are_shown_beside_the_schedule(
    words: tuple[str, ...], asked: str, stack: StackFile, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(TOLD, "main-rw", *words)
    assert show(cast(Operations, ran), [], stack, "")
    ((job, verb, command, _),) = ran.ran
    assert (job.word, verb) == (asked, "dumps")
    assert command == ("python3", "-m", "scripts.dump", "/etc/ha-dumps", "list")
    said = capsys.readouterr().out
    assert "main of stack dev: 1 of 7 that are kept" in said
    assert "20260131-020000Z" in said
    assert "4Mi  1h old, read again as a whole" in said


def test_none_is_not_well(stack: StackFile, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(TOLD | {"dumps": [], "unfinished": ["20260131-020000Z"]}, "main-dumps-clock")
    assert not show(cast(Operations, ran), [], stack, "main")
    said = capsys.readouterr().out
    assert "there is no complete dump" in said
    assert "20260131-020000Z    was begun, and is not complete" in said


def test_what_cannot_be_asked_is_said(stack: StackFile) -> None:
    with pytest.raises(CommandError, match="the dumps of main are not deployed yet"):
        show(cast(Operations, Ran(TOLD, "main-rw")), [], stack, "main")
    ran = Ran("dumps: the repository: no answer\n", "main-dumps-clock", code=1)
    with pytest.raises(CommandError, match="main: dumps: the repository: no answer"):
        show(cast(Operations, ran), [], stack, "main")


def restored(ran: Ran, stack: StackFile, database: str, dump: str, of: str, into: str) -> str:
    return dumps.restore(cast(Operations, ran), [], stack, database, dump, of, into)


def test_a_dump_goes_into_a_database_beside(stack: StackFile) -> None:
    ran = Ran("pgbackrest: hello\napp of 20260131-020000Z is restored into before\n", "main-dumps-clock")
    said = restored(ran, stack, "main", "latest", "", "before")
    assert said == "main of stack dev: app of 20260131-020000Z is restored into before"
    ((job, verb, command, _),) = ran.ran
    assert (job.word, verb) == ("main-dumps-clock", "restore")
    assert command[-4:] == ("restore", "latest", "app", "before")


@pytest.mark.parametrize(
    ("database", "of", "into", "said"),
    [
        ("plain", "app", "before", "DB=plain is no database with `dumps` in Pulumi.dev.yaml; there are: main"),
        ("main", "app", "after", "INTO=after is no database of main; there are: app, before"),
        ("main", "", "", "INTO= is no database of main"),
    ],
)
def test_where_it_cannot_go(database: str, of: str, into: str, said: str, stack: StackFile) -> None:
    ran = Ran("", "main-dumps-clock")
    with pytest.raises(CommandError, match=said):
        restored(ran, stack, database, "latest", of, into)
    assert ran.ran == []


def test_which_of_several_is_asked_for(stack: StackFile) -> None:
    main = {"dumps": {"repository": "offsite"}, "databases": {"before": {}, "audit": {}}}
    stack.loaded.sound.databases["main"] = PostgresSettings.model_validate(main)
    with pytest.raises(CommandError, match="say which database of the dump: FROM= one of app, audit, before"):
        restored(Ran("", "main-dumps"), stack, "main", "latest", "", "before")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"dump": "latest", "to": "latest"}, "DUMP is of a database, and goes into an empty one"),
        ({"dump": "latest", "overwrite": "main"}, "DUMP is of a database, and goes into an empty one"),
        ({"into": "before"}, "FROM and INTO are for a dump"),
    ],
)
def test_words_of_two_ways_are_not_mixed(words: dict[str, str], said: str, stack: StackFile) -> None:
    with pytest.raises(CommandError, match=said):
        commands.restore(stack, "main", **({"to": ""} | words))
