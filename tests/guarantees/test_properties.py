"""Longer timers never give a shorter outage or a smaller loss."""

from dataclasses import replace
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from guarantees.patroni import Cluster
from guarantees.promise import Promise
from guarantees.proxy import Following
from guarantees.sentinel import Group
from guarantees.timer import Timer

T = TypeVar("T", Cluster, Group)
MILLIS = st.integers(min_value=0, max_value=100_000)


def _timer(millis: int) -> Timer:
    return Timer(name="-", millis=millis, source="-")


def _timers(*names: str) -> st.SearchStrategy[dict[str, Timer]]:
    return st.fixed_dictionaries({name: MILLIS.map(_timer) for name in names})


PATRONI = ("ttl", "loop_wait", "retry_timeout", "primary_start", "restart", "start", "connect", "look_up")
SENTINEL = ("down_after", "failover_timeout", "restart", "start", "answer", "look_up", "hung", "looks")
PROXY = _timers("check", "name").map(lambda timers: Following(**timers))
CLUSTERS = st.builds(
    lambda timers, **others: Cluster(**timers, **others),
    _timers(*PATRONI),
    sender=st.integers(min_value=1, max_value=100_000).map(_timer),  # 0 is for ever
    members=st.sampled_from([1, 2, 3, 5]),
    store_members=st.sampled_from([1, 3, 5]),
    synchronous=st.booleans(),
    strict=st.booleans(),
    lag_bytes=st.integers(min_value=0, max_value=2**30),
    proxy=PROXY,
    together=st.booleans(),
)
GROUPS = st.builds(
    lambda timers, **others: Group(**timers, **others),
    _timers(*SENTINEL),
    members=st.sampled_from([1, 3]),
    needed=st.integers(min_value=0, max_value=2),
    lag=MILLIS.map(_timer),
    endpoint=st.none() | PROXY,
    persisted=st.booleans(),
    synced=st.booleans(),
    stable=st.booleans(),
    together=st.booleans(),
)


@given(CLUSTERS, st.sampled_from((*PATRONI, "sender")), MILLIS)
def test_patroni(cluster: Cluster, name: str, more: int) -> None:
    _not_better([*cluster.promises()], [*_longer(cluster, name, more).promises()])


@given(GROUPS, st.sampled_from(("down_after", "failover_timeout", "answer", "look_up")), MILLIS)
def test_sentinel(group: Group, name: str, more: int) -> None:
    _not_better([*group.promises()], [*_longer(group, name, more).promises()])


@given(GROUPS, MILLIS)
def test_a_longer_lag_loses_no_less(group: Group, more: int) -> None:
    _not_better([*group.promises()], [*_longer(group, "lag", more).promises()])


@given(CLUSTERS)
def test_a_synchronous_cluster_loses_nothing(cluster: Cluster) -> None:
    assert all(one.loss.bound == 0 for one in replace(cluster, synchronous=True).promises())


def _longer(inputs: T, name: str, more: int) -> T:
    timer = getattr(inputs, name)
    return replace(inputs, **{name: replace(timer, millis=timer.millis + more)})


def _not_better(before: list[Promise], after: list[Promise]) -> None:
    assert [one.fault for one in before] == [one.fault for one in after]
    for old, new in zip(before, after, strict=True):
        assert (old.outage_millis is None) == (new.outage_millis is None)
        assert (new.outage_millis or 0) >= (old.outage_millis or 0)
        assert new.loss.cut_off_millis >= old.loss.cut_off_millis
        assert (new.loss.millis or 0) >= (old.loss.millis or 0)
