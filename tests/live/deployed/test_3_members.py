"""Changes of members: one at a time, and nothing that was acknowledged is lost."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from drills.deployment import Settings
from drills.site import Site
from drills.stack import MEMBERS
from drills.waiting import wait_for
from sandbox.load import in_background, run_writes
from tests.live.deployed.watching import watched

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]
WORDS = ("main-pg", "sessions-redis", "sessions-sentinel")


@pytest.mark.parametrize("site", [pytest.param("kubernetes", marks=pytest.mark.kubernetes)], indirect=True)
def test_a_change_never_has_two_members_down(site: Site, reports: Path, request: pytest.FixtureRequest) -> None:
    """Other memory limits, and other timers of the Sentinels: each member is replaced. On Swarm, moves show it."""
    members = dict.fromkeys(WORDS, MEMBERS)
    wait_for("every member is ready", lambda: _ready(site) == members, seconds=120)
    before = {word: site.ready_members(word) for word in WORDS}

    def other_limits(settings: Settings) -> None:
        for one in (settings["databases"]["main"], settings["caches"]["sessions"]):
            one["resources"] = {**one["resources"], "memory_limit": "520Mi"}
        settings["caches"]["sessions"]["failover"] = "standard"

    with (
        watched(site, WORDS) as fewest,
        in_background(lambda stop: run_writes(site.url, seconds=600, stop=stop)) as writer,
    ):
        site.deployment.up_ok(other_limits)
        writer.stop()
        report = writer.result(timeout_seconds=240)
    (reports / f"{request.node.callspec.id}-members-changed.json").write_text(json.dumps(asdict(report), indent=2))
    print(
        f"members changed: {report.acknowledged} acknowledged, {len(report.lost)} lost, {report.failed} failed, "
        f"outage {report.longest_outage_seconds} s; fewest up of {MEMBERS}: {fewest.up} in {fewest.looks} looks"
    )
    assert fewest.up == dict.fromkeys(WORDS, MEMBERS - 1), "one is replaced at a time, and that was seen"
    wait_for("every member is ready again", lambda: _ready(site) == members, seconds=120)
    for word in WORDS:
        assert not set(before[word].values()) & set(site.ready_members(word).values()), (
            f"each member of {word} was replaced"
        )
    assert report.lost == (), "no acknowledged write is lost"


def _ready(site: Site) -> dict[str, int]:
    return {word: len(site.ready_members(word)) for word in WORDS}
