"""What `make drill` is asked for."""

import pytest

from drills.__main__ import main
from drills.errors import DrillError
from drills.faults import FAULTS
from drills.plan import chosen, platform_of, runs_of


def test_all_that_the_platform_can_show() -> None:
    assert chosen("", "swarm", FAULTS) == [*FAULTS]
    assert set(FAULTS) - set(chosen("", "kubernetes", FAULTS)) == {
        "disk-full",
        "host-lost-with-swarm-leader",
    }


@pytest.mark.parametrize(
    "only", ["redis-killed,proxy-killed", " proxy-killed  redis-killed ", "redis-killed, proxy-killed"]
)
def test_only_some_in_their_order(only: str) -> None:
    assert chosen(only, "swarm", FAULTS) == ["proxy-killed", "redis-killed"]


def test_every_wrong_name_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "kubernetes", "--only", "redis-kiled,nonsense,disk-full,host-lost-with-swarm-leader"]) == 1
    said = capsys.readouterr().err
    assert "there is no fault redis-kiled; did you mean redis-killed?" in said
    assert "there is no fault nonsense." in said
    assert "kubernetes cannot show disk-full: its volumes are directories of a node" in said
    assert "kubernetes cannot show host-lost-with-swarm-leader: no node leads the others" in said
    assert "On kubernetes there are: app-replica-killed, proxy-killed, rolling-update, bad-image," in said


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "101", "²"])
def test_runs_that_are_no_number_are_refused(text: str) -> None:
    with pytest.raises(DrillError, match=r"is not a number of runs\. Write one from 1 to 100"):
        runs_of(text)


def test_runs() -> None:
    assert (runs_of(""), runs_of(" 7 ")) == (3, 7)


def test_another_platform_is_refused() -> None:
    assert platform_of("swarm") == "swarm"
    with pytest.raises(DrillError, match="PLATFORM=nomad is not a platform"):
        platform_of("nomad")


def test_the_list_says_what_each_fault_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: {fault.does}; {fault.healed_by}" in said for name, fault in FAULTS.items())
