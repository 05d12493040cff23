"""When the clock runs a command, and what it does with its processes."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from platforms.scheduled.keep import Keeper
from platforms.scheduled.run import Runner

MINUTE = 60.0


def runner(*command: str, deadline: float = 5.0, grace: float = 0.5) -> Runner:
    return Runner(command, deadline=deadline, grace=grace, stop_signal="SIGTERM")


def keeper(place: Path, **told: Any) -> Keeper:
    """A clock with a history since the hour before."""
    before = {"at": "* * * * *", "zone": "UTC", "start_within": 90, "deadline": 5, "history": 3}
    if not (place / "state.json").exists():
        (place / "state.json").write_text(f'{{"since": {time.time() - 3600}}}')
    return Keeper({**before, "state": str(place / "state.json"), **told}, runner("true"))


def gone(pid: int) -> bool:
    """Within some seconds: a busy host takes its time with what was killed."""
    for _ in range(50):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].startswith(" Z"):
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


def test_what_a_command_ends_with() -> None:
    assert runner("true").run()[:2] == ("succeeded", 0)
    assert runner("sh", "-c", "exit 3").run()[:2] == ("failed", 3)
    assert runner("no-such-program").run()[:2] == ("failed", 127)


def test_a_run_is_ended_at_its_deadline_with_all_its_processes(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $! $$ > {pids}; wait; wait"
    ended = runner("sh", "-c", script, deadline=0.4, grace=0.3).run()
    assert ended.result == "over_deadline"
    assert 0.7 <= ended.seconds < 5
    assert all(gone(int(pid)) for pid in pids.read_text().split())


def test_what_a_run_leaves_behind_goes_with_it(tmp_path: Path) -> None:
    left = tmp_path / "left"
    script = f"sleep 60 & echo $! > {left}; echo $TMPDIR >> {left}; touch $TMPDIR/file"
    assert runner("sh", "-c", script).run().result == "succeeded"
    pid, directory = left.read_text().split()
    assert gone(int(pid))
    assert not Path(directory).exists()


def test_a_command_that_is_told_to_end_may_end_well() -> None:
    ended = runner("sh", "-c", "trap 'exit 0' TERM; sleep 60 & wait", deadline=0.3).run()
    assert (ended.result, ended.code) == ("over_deadline", 0), "it did not do its work"


def test_a_time_that_was_just_due_is_made_up_for_and_not_twice(tmp_path: Path) -> None:
    clock, now = keeper(tmp_path), time.time() // MINUTE * MINUTE + 30
    assert clock.next(now) == now - 30
    clock.history.begin("a", now)
    assert clock.next(now + 1) == now + 30
    assert clock.next(now + 40) == now + 30, "it came meanwhile, and has not been used"


def test_a_time_that_came_too_long_ago_is_left_out(tmp_path: Path) -> None:
    hour = time.time() // 3600 * 3600
    (tmp_path / "state.json").write_text(f'{{"since": {hour - 3600}}}')
    clock = keeper(tmp_path, at="0 * * * *")
    assert clock.next(hour + 89) == hour
    assert clock.next(hour + 91) == hour + 3600


def test_nothing_is_made_up_for_by_a_clock_that_is_new(tmp_path: Path) -> None:
    minute = time.time() // MINUTE * MINUTE
    (tmp_path / "state.json").write_text(f'{{"since": {minute + 10}}}')
    assert keeper(tmp_path).next(minute + 20) == minute + MINUTE


def test_a_host_whose_time_is_set_back_runs_nothing_twice(tmp_path: Path) -> None:
    clock, now = keeper(tmp_path), time.time() // MINUTE * MINUTE + 30
    clock.history.begin("a", now)
    assert clock.next(now - 10 * MINUTE) == now + 30


def test_a_run_that_was_cut_with_the_container_is_lost_and_not_begun_again(tmp_path: Path) -> None:
    before, now = keeper(tmp_path), time.time()
    before.history.begin("a", now)
    after = keeper(tmp_path)
    (run,) = after.history.told()["runs"]
    assert (run["run"], run["result"]) == ("a", "lost")
    following = after.next(now)
    assert following is not None
    assert following > now


def test_it_does_not_begin_with_a_zone_that_the_image_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the time zone Mars/Phobos is not known here"):
        keeper(tmp_path, zone="Mars/Phobos")


def test_nor_where_it_could_not_remember_anything(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        with pytest.raises(OSError):
            keeper(tmp_path, state="/proc/state.json")
        return
    tmp_path.chmod(0o500)
    with pytest.raises(OSError):
        keeper(tmp_path)
