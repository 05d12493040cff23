"""Drills one after the other: what has a result, what is printed, and what ends them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drills import __main__ as program
from drills import runner
from drills.errors import DrillError
from drills.results import Results
from tests.drills.fake_site import FakeSite, fake_site
from tests.drills.test_runner import Toy

pytestmark = pytest.mark.live


class _Ill(Toy):
    name = "ill"

    def well(self) -> bool:
        raise LookupError("a member is away")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSite]:
    monkeypatch.setattr(runner, "STEADY_SECONDS", 0.2)
    monkeypatch.setattr(runner, "WELL_SECONDS", 0.5)
    monkeypatch.setattr(program, "FAULTS", {"toy": Toy, "ill": _Ill})
    with fake_site(tmp_path) as made:
        yield made


def test_what_has_no_result_fails_the_command_and_the_next_is_tried(
    site: FakeSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Results("swarm", tmp_path)
    with pytest.raises(DrillError, match=r"^ill run 1 has no result: ill: all is well before it: .*a member is away"):
        program.run_all(site, [("ill", 1), ("toy", 1)], results)
    assert [(one.fault, one.run) for one in Results("swarm", tmp_path).all] == [("toy", 1)]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "drill: ill run 1: the server is down"
    assert said[1].startswith("drill: ill run 1 has no result: ")
    assert said[2] == "drill: toy run 1: the server is down"
    assert said[3].startswith("drill: swarm toy run 1: no writes for ")


def test_two_in_a_row_end_it(site: FakeSite, tmp_path: Path) -> None:
    results = Results("swarm", tmp_path)
    with pytest.raises(DrillError) as error:
        program.run_all(site, [("ill", 1), ("ill", 2), ("toy", 1)], results)
    assert len(str(error.value).splitlines()) == 2
    assert not results.all
