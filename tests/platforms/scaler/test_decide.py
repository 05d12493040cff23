"""What the scaler decides, beside what was computed by hand from the rules of Kubernetes' autoscaler."""

from dataclasses import dataclass, field

import pytest

from platforms.scaler.decide import History, Policy, Reading, Step, Total, decide, need

UP = Step(stabilization=0, percent=100, replicas=4, period=15, choose="max")
DOWN = Step(stabilization=300, percent=50, replicas=2, period=60, choose="min")
POLICY = Policy(least=3, most=10, up=UP, down=DOWN)
FULL = 1 / 0.7
"""All that is requested, where the target is 70 % of it."""


def each(*values: float, of: int = 0, metric: str = "cpu") -> Reading:
    return Reading(metric, values, of or len(values), missing=FULL)


def memory(*values: float) -> Reading:
    return each(*values, metric="memory")


@pytest.mark.parametrize(
    ("reading", "current", "expected"),
    [
        pytest.param(each(1.5, 1.5, 1.5), 3, 5, id="4.5 is rounded up"),
        pytest.param(each(2.0, 1.0, 0.0), 3, 3, id="the mean counts"),
        pytest.param(each(1.1, 1.1, 1.1), 3, 3, id="10 % above is near enough"),
        pytest.param(each(1.11, 1.11, 1.11), 3, 4, id="11 % is not"),
        pytest.param(each(0.9, 0.9, 0.9, 0.9), 4, 4, id="10 % below is near enough"),
        pytest.param(each(0.5, 0.5, 0.5, 0.5), 4, 2, id="half"),
        pytest.param(each(0.1 + 0.2, 0.3, 0.3, 0.1, 0.2), 5, 2, id="1.2000000000000002 is 1.2, rounded up"),
        pytest.param(each(*[0.6] * 5), 5, 3, id="3.0000000000000004 is 3"),
        pytest.param(each(0.5, 0.5, 0.5, of=4), 4, 3, id="shrinking, a silent one uses all: 2.93"),
        pytest.param(each(0.5, 0.5, of=4), 4, 4, id="two silent ones: 0.96 is near"),
        pytest.param(each(0.5, of=4), 4, 4, id="three silent ones would ask for more, and are no reason to grow"),
        pytest.param(each(2.0, 2.0, 2.0, of=4), 4, 6, id="growing, a silent one uses nothing: 6 of 4"),
        pytest.param(each(1.5, 1.5, of=4), 4, 4, id="growing, they would ask for less: no reason to shrink"),
        pytest.param(each(3.0, 3.0, 3.0, of=7), 7, 9, id="growing from what runs, 9 of 7"),
        pytest.param(each(0.0, 0.0, 0.0, 0.0), 4, 0, id="no load at all"),
    ],
)
def test_what_one_metric_asks_for(reading: Reading, current: int, expected: int) -> None:
    assert need(reading, current) == expected


def queue(value: float | None) -> Total:
    return Total("queue_length", value)


@pytest.mark.parametrize(
    ("value", "current", "expected"),
    [
        pytest.param(4.0, 4, 4, id="each has what it is to have"),
        pytest.param(4.4, 4, 4, id="10 % above is near enough"),
        pytest.param(4.41, 4, 5, id="more is not"),
        pytest.param(3.6, 4, 4, id="10 % below is near enough"),
        pytest.param(3.5, 4, 4, id="12 % below, and rounded up it is as many"),
        pytest.param(2.1, 4, 3, id="rounded up"),
        pytest.param(12.5, 4, 13, id="shared by all that there will be"),
        pytest.param(0.1 + 0.2, 4, 1, id="a little of one"),
        pytest.param(0.0, 4, 0, id="nothing waits"),
        pytest.param(3.0000000000000004, 5, 3, id="3.0000000000000004 is 3"),
        pytest.param(21.9, 20, 20, id="the tolerance is of the count"),
        pytest.param(-5.0, 4, -5, id="less than nothing asks for no more than the least"),
    ],
)
def test_what_a_metric_of_all_asks_for(value: float, current: int, expected: int) -> None:
    assert need(queue(value), current) == expected


@dataclass
class Run:
    """A service under the scaler, round after round."""

    count: int
    policy: Policy = POLICY
    history: History = field(default_factory=History)
    why: str = ""

    def at(self, now: float, *readings: Reading | Total) -> int:
        made = decide(self.policy, now, self.count, readings, self.history)
        self.history, self.why = made.history, made.why
        if made.replicas != self.count:
            self.history = made.history.changed(now, self.count, made.replicas)
            self.count = made.replicas
        return self.count

    def wants(self, now: float, replicas: int) -> int:
        """With a load that so many replicas take as it is wanted, in equal parts."""
        return self.at(now, each(*[replicas / max(1, self.count)] * self.count))


def test_growth_is_the_larger_of_double_and_four_more_in_15_s() -> None:
    run = Run(3)
    assert run.wants(0, 30) == 7, "3 + 4 is more than 6"
    assert run.why == "cpu wants 30; 7 is as far as 15 s allow"
    assert run.wants(10, 30) == 7, "the period began with 3"
    assert run.wants(15, 30) == 10, "7 doubled is 14; the most is 10"
    assert run.why == "cpu wants 30; the most is 10"
    assert run.wants(30, 30) == 10


def test_from_six_on_double_is_more() -> None:
    run = Run(6, Policy(least=3, most=100, up=UP, down=DOWN))
    assert [run.wants(now, 99) for now in (0, 15, 30, 45)] == [12, 24, 48, 96]


def test_shrinking_waits_and_is_the_smaller_of_half_and_two_in_60_s() -> None:
    run = Run(10)
    assert {run.wants(now, 1) for now in range(0, 300, 15)} == {10}
    assert run.wants(300, 1) == 8, "10 - 2 is less of a step than 5"
    assert run.wants(345, 1) == 8
    assert run.wants(360, 1) == 6
    assert run.wants(420, 1) == 4, "6 - 2, and half of 6 is 3"
    assert run.wants(480, 1) == 3, "half of 4 is 2, and the least is 3"
    assert run.wants(600, 1) == 3


def test_the_most_of_the_window_is_kept() -> None:
    run = Run(10)
    for now in range(0, 300, 15):
        run.wants(now, 7 if now == 120 else 1)
    assert [run.wants(now, 1) for now in (300, 360, 419)] == [8, 7, 7], "7 was needed at 120"
    assert run.wants(420, 1) == 5, "for 300 s nobody has needed 7; by two, 60 s after the last step"


def test_when_a_busy_hour_ends_shrinking_begins_as_after_load() -> None:
    run = Run(3, POLICY._replace(least=6))
    assert [run.wants(now, 1) for now in (0, 15, 300)] == [6, 6, 6]
    run.policy = POLICY
    assert {run.wants(now, 1) for now in range(315, 600, 15)} == {6}, "6 were needed less than 300 s ago"
    assert [run.wants(now, 1) for now in (600, 660)] == [4, 3]


def test_growth_that_must_last_takes_the_least_of_its_window() -> None:
    run = Run(3, POLICY._replace(up=UP._replace(stabilization=60)))
    assert [run.wants(now, 6) for now in (0, 15, 30, 45)] == [3, 3, 3, 3]
    assert run.wants(60, 6) == 6


def test_the_smaller_step_where_the_policy_says_so() -> None:
    assert Run(3, POLICY._replace(up=UP._replace(choose="min"))).wants(0, 30) == 6
    run = Run(10, POLICY._replace(down=DOWN._replace(choose="max", stabilization=0)))
    assert run.wants(1, 1) == 5


def test_the_metric_that_asks_for_most_counts() -> None:
    run = Run(3)
    assert run.at(0, each(0.5, 0.5, 0.5), memory(1.5, 1.5, 1.5)) == 5
    assert "memory wants 5" in run.why


@pytest.mark.parametrize("readings", [(), (each(of=3),), (each(of=3), memory())])
def test_without_figures_nothing_changes(readings: tuple[Reading, ...]) -> None:
    run = Run(6)
    assert {run.at(now, *readings) for now in range(0, 3600, 15)} == {6}
    assert "nothing changes" in run.why


def test_one_metric_that_is_silent_keeps_the_count_from_shrinking_and_not_from_growing() -> None:
    silent = each(of=6)
    run = Run(6)
    assert {run.at(now, silent, memory(*[0.1] * 6)) for now in range(0, 900, 15)} == {6}
    assert run.why == "no fresh figures of cpu: nothing changes"
    assert run.at(900, silent, memory(*[1.5] * 6)) == 9


def test_a_metric_of_all_grows_and_shrinks_by_the_same_steps() -> None:
    run = Run(3)
    assert run.at(0, queue(40.0)) == 7
    assert run.why == "queue_length wants 40; 7 is as far as 15 s allow"
    assert run.at(15, queue(40.0)) == 10
    assert {run.at(now, queue(0.0)) for now in range(30, 315, 15)} == {10}, "40 were wanted less than 300 s ago"
    assert [run.at(now, queue(-1.0)) for now in (315, 375, 435, 495)] == [8, 6, 4, 3]


def test_a_metric_of_all_and_one_of_each() -> None:
    run = Run(4)
    assert run.at(0, each(0.5, 0.5, 0.5, 0.5), queue(6.0)) == 6
    assert run.why == "queue_length wants 6"
    assert run.at(15, each(*[1.5] * 6), queue(1.0)) == 9
    assert run.why == "cpu wants 9"


def test_a_metric_of_all_that_says_nothing_keeps_the_count_from_shrinking_and_not_from_growing() -> None:
    run = Run(6)
    assert {run.at(now, queue(None), each(*[0.1] * 6)) for now in range(0, 900, 15)} == {6}
    assert run.why == "no fresh figures of queue_length: nothing changes"
    assert run.at(900, queue(None), each(*[1.5] * 6)) == 9
    assert {Run(6).at(now, queue(None)) for now in range(0, 900, 15)} == {6}


def test_a_need_to_shrink_does_not_last_while_nobody_knows_of_it() -> None:
    run = Run(6)
    for now in range(0, 600, 15):
        run.at(now, each(of=6))
    assert run.wants(600, 1) == 6
    assert run.wants(884, 1) == 6
    assert run.wants(885, 1) == 4, "300 s after the last round without figures; then by two"


def test_a_scaler_that_was_just_started_waits_as_long_as_one_that_ran() -> None:
    run = Run(10)
    assert run.wants(5000, 1) == 10
    assert run.wants(5299, 1) == 10
    assert run.wants(5300, 1) == 8


@pytest.mark.parametrize("readings", [(), (each(of=3),), (each(3.0),)])
def test_the_bounds_need_no_figures(readings: tuple[Reading, ...]) -> None:
    assert Run(1).at(0, *readings) == 3
    assert Run(12).at(0, *readings) == 10


def test_what_somebody_stopped_stays_stopped() -> None:
    run = Run(0)
    assert run.wants(0, 30) == 0
    assert run.why == "stopped by hand: the count is 0"


def test_never_below_the_least_and_never_above_the_most() -> None:
    run = Run(5)
    counts = [run.wants(now, (now // 15 * 7919) % 40) for now in range(0, 7200, 15)]
    assert min(counts) >= 3
    assert max(counts) == 10


def test_what_is_remembered_does_not_grow() -> None:
    run = Run(5)
    for now in range(0, 36000, 15):
        run.wants(now, now % 11)
    assert len(run.history.wanted) <= 300 / 15 + 1
    assert len(run.history.added) + len(run.history.removed) <= 2 * (60 / 15 + 1)
