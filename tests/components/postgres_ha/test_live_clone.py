"""A member that clones for longer than a start may take, under the checks that each platform would run."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest

from drills.waiting import wait_for
from platforms.durations import seconds_of
from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.patroni_members import Patronis, require_patroni

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
RENDERED_START_SECONDS, START_SECONDS = 900, 20.0
"""Every limit of the platforms is shortened as much."""
INTERVAL, FAILURES = 0.25, 2
"""For the rendered seconds between two looks, and for the failures in a row that end a container."""
ANSWER_SECONDS = 10
"""For the rendered limits of one answer."""
CLONE_RATE = "500k"
"""A second. A new cluster is about 23 MB."""


@dataclass
class Look:
    """What a platform made of a container: when it killed it, and what each check of it said before."""

    began: float = field(default_factory=time.monotonic)
    answers: list[tuple[str, bool]] = field(default_factory=list)
    ready: float | None = None
    killed: float | None = None

    def said(self, check: str) -> list[bool]:
        return [passed for name, passed in self.answers if name == check]

    def seconds(self) -> float:
        return time.monotonic() - self.began


Checks = Callable[[Look, threading.Event], None]


@contextmanager
def watched(checks: Checks) -> Iterator[Look]:
    """What a platform makes of a container that starts now."""
    look, stop = Look(), threading.Event()
    thread = threading.Thread(target=checks, args=(look, stop))
    thread.start()
    try:
        yield look
    finally:
        stop.set()
        thread.join()


def docker(healthcheck: dict[str, Any], script: str) -> Checks:
    """Docker's rules: a failure counts unless its run began in the start period; the first pass ends that."""
    scaled = START_SECONDS / RENDERED_START_SECONDS
    start_period = seconds_of(healthcheck["startPeriod"]) * scaled
    timeout = seconds_of(healthcheck["timeout"]) * scaled
    script = re.sub(r"-m \d+", f"-m {ANSWER_SECONDS}", script)

    def run(stop: threading.Event) -> bool:
        process = subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + timeout
        while process.poll() is None and time.monotonic() < deadline and not stop.is_set():
            time.sleep(0.02)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait() == 0

    def checks(look: Look, stop: threading.Event) -> None:
        failed = 0
        while not stop.wait(INTERVAL) and not look.killed:
            began = look.seconds()
            passed = run(stop)
            if stop.is_set():
                return
            look.answers.append(("health", passed))
            if passed:
                failed, look.ready = 0, look.ready or look.seconds()
            elif look.ready or began > start_period:
                failed += 1
                if failed == FAILURES:
                    look.killed = look.seconds()

    return checks


def kubelet(probes: dict[str, dict[str, Any]], url: Callable[[str], str]) -> Checks:
    """The kubelet's rules: `startup` alone until it has passed, then `liveness` kills and `readiness` does not."""

    def get(probe: dict[str, Any]) -> bool:
        try:
            return (
                200
                <= httpx.get(url(probe["httpGet"]["path"]), timeout=ANSWER_SECONDS, trust_env=False).status_code
                < 400
            )
        except httpx.HTTPError:
            return False

    def checks(look: Look, stop: threading.Event) -> None:
        failed, started = 0, False
        while not stop.wait(INTERVAL) and not look.killed:
            if not started:
                started = get(probes["startup"])
                look.answers.append(("startup", started))
                if not started and look.seconds() > START_SECONDS:
                    look.killed = look.seconds()
                continue
            alive = get(probes["liveness"])
            ready = alive and get(probes["readiness"])
            look.answers += [("liveness", alive), ("readiness", ready)]
            look.ready = look.ready or (look.seconds() if ready else None)
            failed = 0 if alive else failed + 1
            if failed == FAILURES:
                look.killed = look.seconds()

    return checks


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patronis]:
    """Member 0 leads."""
    require_patroni("etcd", "curl", "flock", packages="Debian packages etcd-server, curl, util-linux")
    store = Store(tmp_path_factory.mktemp("etcd"))
    patronis = Patronis(tmp_path_factory.mktemp("patroni"), store)
    try:
        store.start_all()
        patronis.start(0)
        wait_for("member 0 leads", lambda: patronis.answers(0, "/primary"), seconds=120, every=0.2)
        yield patronis
    finally:
        patronis.stop()
        store.stop()


def test_a_clone_longer_than_a_start_goes_on_and_what_hangs_is_killed(primary: Patronis) -> None:
    cloning, hanging = primary.healthcheck(1), primary.healthcheck(2)
    with (
        watched(docker(cloning, cloning["script"])) as swarm,
        watched(kubelet(primary.probes(), partial(primary.url, 1))) as kubernetes,
        watched(docker(cloning, f"curl -fs -o /dev/null {primary.url(1, '/readiness')}")) as by_readiness,
        watched(docker(hanging, hanging["script"])) as hung_on_swarm,
        watched(kubelet(primary.probes(), partial(primary.url, 2))) as hung_on_kubernetes,
    ):
        primary.start(1, clone_rate=CLONE_RATE)
        primary.start(2)
        primary.signal(2, signal.SIGSTOP)
        wait_for("it clones", lambda: primary.state(1) == "creating replica", seconds=120, every=0.1)
        wait_for("the clone is whole", lambda: swarm.ready and kubernetes.ready, seconds=120, every=0.1)
        took = min(swarm.ready or 0, kubernetes.ready or 0)
        print(f"ready after {took:.1f} s; a start may take {START_SECONDS:.0f} s, and by readiness alone it was killed "
              f"after {by_readiness.killed or 0:.1f} s")  # fmt: skip
        assert took > 1.5 * START_SECONDS, "or nothing is shown"
        assert by_readiness.killed
        assert primary.state(1) == "running"
        for look in (swarm, kubernetes):
            assert look.killed is None
        assert swarm.said("health")[-1], "the first pass is the end of the clone"
        assert len(kubernetes.said("liveness")) > 10, "asked while it cloned"
        assert all(kubernetes.said("liveness"))
        ready = kubernetes.said("readiness")
        assert ready.index(True) > 10, "not ready while it cloned"
        for look in (hung_on_swarm, hung_on_kubernetes):
            assert START_SECONDS * 0.9 < (look.killed or 0) < took, "a start that hangs has its time, and no more"
        primary.signal(1, signal.SIGSTOP)
        wait_for("a member that hangs is killed", lambda: swarm.killed and kubernetes.killed, seconds=120, every=0.1)
