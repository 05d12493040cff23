"""Changed settings of a database that runs: the stack file is what is in force."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from components.postgres_ha.parameters import TABLES
from drills.deployment import Settings
from drills.loads import answers
from drills.site import Site
from drills.waiting import wait_for
from sandbox.load import in_background, run_writes
from settings.images import pins
from tests.rendered.parameter_table import QUERY

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
MAX_CONNECTIONS = "SHOW max_connections"
OFFERED = "SELECT string_agg(name, ' ' ORDER BY name COLLATE \"C\") FROM pg_available_extensions"
STARTED = "SELECT pg_postmaster_start_time()"


@pytest.mark.once
def test_changed_database_settings_are_in_force(site: Site, reports: Path, request: pytest.FixtureRequest) -> None:
    """More connections, parameters and another timer: PostgreSQL restarts once in each member, no container does."""
    answers(site.url, "/ready")
    expected: int = site.deployment.settings["databases"]["main"]["members"]
    wait_for("every member is ready", lambda: len(site.ready_members("main-pg")) == expected, seconds=120)
    containers, before = site.ready_members("main-pg"), _asked(site, STARTED)

    def other_settings(settings: Settings) -> None:
        parameters = {"work_mem": "9MB", "max_worker_processes": 9}
        settings["databases"]["main"] |= {
            "max_connections": 130,
            "failover": {"ttl": "33s", "release_after": "5s"},
            "parameters": parameters,
            "extensions": ["vector", "pg_trgm"],
        }

    with in_background(lambda stop: run_writes(site.url, seconds=600, stop=stop)) as writer:
        text = site.deployment.up_ok(other_settings)
        writer.stop()
        report = writer.result(timeout_seconds=240)
    (reports / f"{request.node.callspec.id}-database-settings.json").write_text(json.dumps(asdict(report), indent=2))
    print(
        f"database settings changed: {report.acknowledged} acknowledged, {len(report.lost)} lost, {report.failed} "
        f"failed, outage {report.longest_outage_seconds} s\n{text}"
    )
    assert _asked(site, MAX_CONNECTIONS) == dict.fromkeys(before, "130")
    assert _asked(site, "SHOW work_mem") == dict.fromkeys(before, "9MB")
    assert _asked(site, "SHOW max_worker_processes") == dict.fromkeys(before, "9")
    database = site.deployment.settings["databases"]["main"].get("database", "app")
    trigrams = _asked(site, "SELECT similarity('word', 'words') > 0", database=database)
    assert trigrams == dict.fromkeys(before, "t")
    pin = pins("sandbox")["postgres"]
    assert _asked(site, OFFERED) == dict.fromkeys(before, " ".join(pin.extensions)), "what the pin says"
    assert _asked(site, QUERY) == dict.fromkeys(before, (TABLES / f"{pin.major}.tsv").read_text().strip())
    stored = _stored(site)
    assert (stored["ttl"], stored["postgresql"]["parameters"]["max_connections"]) == (33, 130)
    after = _asked(site, STARTED)
    assert all(after[member] != before[member] for member in before), "PostgreSQL was restarted in each member"
    assert site.ready_members("main-pg") == containers, "and no container was"
    assert report.acknowledged > 100
    assert report.lost == (), "no acknowledged write is lost"
    site.deployment.up_changes_nothing()
    assert _asked(site, STARTED) == after, "what fits is left alone"


@pytest.mark.once
def test_settings_that_cannot_be_applied_fail_the_update(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    """Somebody works on the cluster: it is left as it is, and `up` says so. The next `up` goes on from there."""
    patronictl = ["patronictl", "-c", "/etc/ha-patroni/config"]
    member = _members(site)[0]
    before = _stored(site)

    def other_timer(settings: Settings) -> None:
        settings["databases"]["main"]["failover"] |= {"ttl": "34s"}

    other_timer(site.deployment.settings)
    site.run_in(member, [*patronictl, "pause", "--wait"])
    try:
        # Not the engine alone: the official provider of Docker says no more than that a task ended.
        run = site.deployment.command("up")
        meanwhile = _stored(site)
    finally:
        site.run_in(member, [*patronictl, "resume", "--wait"])
    (reports / f"{request.node.callspec.id}-database-settings-refused.txt").write_text(run.text)
    assert run.code == 1, "up must fail"
    assert "the cluster is paused" in run.text, run.text[-2000:]
    assert meanwhile == {**before, "pause": True}, "nothing was changed"
    # Also where the job's second try has failed, too: a Swarm starts no third by itself. (One that comes after the
    # resume applies the settings.)
    again = site.deployment.command("up")
    assert again.code == 0, again.text
    assert _stored(site)["ttl"] == 34
    assert site.deployment.previewed(lambda _: None) == {}


def _stored(site: Site) -> dict[str, Any]:
    """Patroni's dynamic configuration."""
    text = site.run_in(_members(site)[0], ["curl", "-s", "http://127.0.0.1:8008/config"])
    stored: dict[str, Any] = json.loads(text)
    return stored


def _asked(site: Site, query: str, *, database: str = "postgres") -> dict[str, str]:
    """What each member answers."""
    command = ["psql", "-XAtq", "-h", "/tmp", "-U", "postgres", "-d", database, "-c", query]
    return {member: site.run_in(member, command).strip() for member in _members(site)}


def _members(site: Site) -> list[str]:
    """Swarm runs a service for each member; Kubernetes one StatefulSet."""
    count: int = site.deployment.settings["databases"]["main"]["members"]
    found = site.replicas("main-pg") or [
        replica for ordinal in range(count) for replica in site.replicas(f"main-pg-{ordinal}")
    ]
    assert len(found) == count
    return found
