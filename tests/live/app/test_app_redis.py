import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.app.process import SANDBOX, AppProcess, run_module
from tests.live.app.conftest import StartReplica
from tests.live.app.databases import Databases
from tests.live.app.waiting import wait_until

pytestmark = pytest.mark.live


@contextmanager
def _worker(databases: Databases) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app.worker"], cwd=SANDBOX, env=databases.env, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _jobs(app: AppProcess) -> dict[str, int]:
    counts: dict[str, int] = httpx.get(f"{app.url}/jobs", trust_env=False, timeout=60).json()
    return counts


def _put(app: AppProcess, *, count: int, ms: int) -> None:
    for _ in range(count):
        httpx.post(f"{app.url}/jobs?ms={ms}", trust_env=False, timeout=60).raise_for_status()


def test_a_session_is_the_same_at_every_replica(replica: AppProcess, start_replica: StartReplica) -> None:
    other = start_replica()
    with httpx.Client(trust_env=False, timeout=60) as client:
        counts = [client.get(f"{app.url}/session").json()["count"] for app in (replica, other, replica, other)]
    assert counts == [1, 2, 3, 4]


def test_a_worker_does_every_job_and_its_probe_succeeds(migrated: Databases, replica: AppProcess) -> None:
    before = _jobs(replica)["done"]
    _put(replica, count=5, ms=20)
    with _worker(migrated) as worker:
        wait_until(lambda: _jobs(replica) == {"queued": 0, "taken": 0, "done": before + 5}, "five jobs done")
        assert run_module("app.worker", "--check", env=migrated.env).returncode == 0
        worker.terminate()
        assert worker.wait(120) == 0


def test_the_job_of_a_killed_worker_is_done_by_the_next(migrated: Databases, replica: AppProcess) -> None:
    before = _jobs(replica)["done"]
    _put(replica, count=1, ms=10_000)  # far from done when its worker is killed
    with _worker(migrated) as worker:
        wait_until(lambda: _jobs(replica)["taken"] == 1, "the job is taken")
        worker.kill()
    assert _jobs(replica) == {"queued": 0, "taken": 1, "done": before}
    with _worker(migrated):
        wait_until(lambda: _jobs(replica) == {"queued": 0, "taken": 0, "done": before + 1}, "the job is done")


def test_sessions_and_workers_follow_a_failover(migrated: Databases, replica: AppProcess) -> None:
    before = _jobs(replica)["done"]
    with httpx.Client(base_url=replica.url, trust_env=False, timeout=120) as client, _worker(migrated):
        counts = [client.get("/session").json()["count"] for _ in range(3)]
        killed = migrated.redis.master()
        migrated.redis.wait_replicated()
        migrated.redis.kill_master()
        wait_until(lambda: client.get("/session").status_code == 200, "sessions at the new master")
        assert migrated.redis.master() != killed
        counts.append(client.get("/session").json()["count"])
        assert counts[:3] == [1, 2, 3]
        assert counts[3] >= 5, "the new master has what the old one acknowledged"
        wait_until(lambda: client.get("/ready").status_code == 200, "ready at the new master")
        _put(replica, count=2, ms=10)
        wait_until(lambda: _jobs(replica)["done"] == before + 2, "jobs from the new master")
