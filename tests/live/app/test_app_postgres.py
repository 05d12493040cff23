import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from sandbox.app.migrate import LOCK
from sandbox.load import WriteReport, in_background, run_streams, run_writes
from tests.app.process import SANDBOX, AppProcess, run_module
from tests.live.app.conftest import StartReplica
from tests.live.app.databases import Databases
from tests.live.app.waiting import wait_until

pytestmark = pytest.mark.live
POOL_SIZE = "database_connection_pool_size "
TIMEOUT = 8
"""Seconds: a busy machine answers in less."""


def test_before_the_migration_a_write_says_what_to_run(databases: Databases) -> None:
    with AppProcess(databases.env) as app:
        response = httpx.post(f"{app.url}/writes", json={"writer": "early", "sequence": 1}, trust_env=False, timeout=60)
    assert response.status_code == 503
    assert "app.migrate" in response.json()["error"]


def test_migrations_at_the_same_time_apply_each_step_once(databases: Databases) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "app.migrate"], cwd=SANDBOX, env=databases.env, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sorted(json.loads(output)["applied"] for output in outputs) == [0, 0, 2]


def test_a_migration_waits_for_the_lock_of_another(migrated: Databases) -> None:
    with migrated.postgres.session() as run:
        run(f"SELECT pg_advisory_lock({LOCK})")
        ended = run_module("app.migrate", env={**migrated.env, "MIGRATE_WAIT_SECONDS": "1"})
        assert ended.returncode == 1
        assert ended.stderr == "migration failed: LockNotAvailableError: canceling statement due to lock timeout\n"
    assert run_module("app.migrate", env=migrated.env).returncode == 0


def test_a_wrong_password_is_one_sentence_without_it(databases: Databases) -> None:
    url = databases.postgres.url.replace(databases.postgres.password, "hunter2")
    ended = run_module("app.migrate", env={"DATABASE_URL": url})
    assert ended.returncode == 1
    assert ended.stderr == 'migration failed: InvalidPasswordError: password authentication failed for user "chat"\n'


def test_an_exchange_is_read_back_as_it_was_streamed(replica: AppProcess) -> None:
    with httpx.Client(base_url=replica.url, trust_env=False, timeout=60) as client:
        text = client.get("/chat?prompt=hello&tokens=6&delay_ms=1").text
        *tokens, done = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
        assert (done["stored"], done["remembered"]) == (True, True)
        stored = client.get(f"/chat/{done['id']}").json()
        assert stored["answer"] == " ".join(token["token"] for token in tokens)
        assert client.get("/session/history").json() == [stored]
        assert client.get(f"/chat/{'0' * 32}").status_code == 404


def test_every_stream_is_stored(replica: AppProcess) -> None:
    report = asyncio.run(run_streams(replica.url, count=10, tokens=5, delay_ms=5))
    assert report.clean
    assert report.stored == 10


def test_an_acknowledged_write_is_counted_and_logged(start_replica: StartReplica) -> None:
    app = start_replica()
    with httpx.Client(base_url=app.url, trust_env=False, timeout=60) as client:
        for sequence in (1, 2, 2, 5):
            client.post("/writes", json={"writer": "w", "sequence": sequence}).raise_for_status()
        assert client.get("/writes/count?writer=w").json() == {"writer": "w", "count": 3, "highest": 5}
        assert client.get("/writes/missing?writer=w&upto=6").json()["missing"] == [3, 4, 6]
        assert "app_writes_acknowledged_total 4.0" in client.get("/metrics").text
    app.terminate()
    _, log = app.wait()
    logged = [json.loads(line) for line in log.splitlines()]
    assert [line["sequence"] for line in logged if line["event"] == "write_acknowledged"] == [1, 2, 2, 5]


def test_frozen_connections_cost_one_timeout_and_no_request(migrated: Databases, start_replica: StartReplica) -> None:
    app = start_replica(DATABASE_COMMAND_TIMEOUT=str(TIMEOUT))

    def has_several_connections() -> bool:
        asyncio.run(run_streams(app.url, count=5, tokens=1, delay_ms=1))
        metrics = httpx.get(f"{app.url}/metrics", trust_env=False, timeout=60).text
        return any(line.startswith(POOL_SIZE) and float(line.split()[1]) > 1 for line in metrics.splitlines())

    wait_until(has_several_connections, "streams that are stored at the same time")
    with migrated.postgres.frozen_backends() as frozen:
        assert frozen > 1, "with one connection the pool has no other frozen one to offer"
        started = time.monotonic()
        response = httpx.post(f"{app.url}/writes", json={"writer": "f", "sequence": 1}, timeout=120, trust_env=False)
        took = time.monotonic() - started
    assert response.status_code == 200, response.text
    assert TIMEOUT <= took < frozen * TIMEOUT, "one timeout, and not one of each connection"


def test_a_crash_of_postgres_loses_no_acknowledged_write(migrated: Databases, replica: AppProcess) -> None:
    def acknowledged() -> float:
        return replica.metric("app_writes_acknowledged_total")

    def refused() -> float:
        return replica.metric("http_requests_total", route="/writes", code="503")

    def goes_on(figure: Callable[[], float], what: str) -> None:
        """By two: the first of them has been heard of."""
        before = figure()
        wait_until(lambda: figure() > before + 1, what)

    def writes(stop: asyncio.Event) -> Coroutine[Any, Any, WriteReport]:
        return run_writes(replica.url, seconds=3600, interval_ms=20, timeout_seconds=60, stop=stop)

    with in_background(writes) as load:
        goes_on(acknowledged, "writes before the crash")
        migrated.postgres.crash()
        crashed = time.monotonic()
        goes_on(refused, "writes are refused")
        ready = httpx.get(f"{replica.url}/ready", trust_env=False, timeout=60)
        assert httpx.get(f"{replica.url}/health", trust_env=False, timeout=60).status_code == 200
        down_seconds = time.monotonic() - crashed
        migrated.postgres.start()
        wait_until(
            lambda: httpx.get(f"{replica.url}/ready", trust_env=False, timeout=60).status_code == 200, "ready again"
        )
        goes_on(acknowledged, "writes after the crash")
        load.stop()
        report = load.result(240)
    assert ready.status_code == 503
    assert set(ready.json()["reasons"]) == {"postgres"}
    assert report.clean
    assert report.failed > 0
    assert set(report.failures) == {"status 503"}
    assert report.longest_outage_seconds >= down_seconds
