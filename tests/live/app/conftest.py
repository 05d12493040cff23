"""Real databases on loopback, and replicas of the application that use them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.app.process import AppProcess, run_module
from tests.live.app.databases import Databases, missing_programs

StartReplica = Callable[..., AppProcess]


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Postgres without tables, Redis without keys. Skipped by name where they are not installed."""
    if missing := missing_programs():
        reason = f"not here: {', '.join(missing)} (postgresql-15, redis-server and redis-sentinel are Debian packages)"
        if os.environ.get("REQUIRE_LIVE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    databases = Databases()
    try:
        databases.start()
        yield databases
    finally:
        databases.remove()


@pytest.fixture(scope="session")
def migrated(databases: Databases) -> Databases:
    """With the application's tables."""
    ended = run_module("app.migrate", env=databases.env)
    assert ended.returncode == 0, ended.stderr
    return databases


@pytest.fixture
def start_replica(migrated: Databases) -> Iterator[StartReplica]:
    """Starts one replica."""
    with ExitStack() as stack:
        yield lambda **env: stack.enter_context(AppProcess({**migrated.env, **env}))


@pytest.fixture(scope="session")
def replica(migrated: Databases) -> Iterator[AppProcess]:
    """One that lives through all tests, and so through all faults."""
    with AppProcess(migrated.env) as app:
        yield app
