"""`make restart` of members."""

import time

import pytest

from drills.loads import answers
from drills.site import Site
from drills.stack import MEMBERS
from drills.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]
WORD = "sessions-sentinel"


def test_members_restart_one_at_a_time(site: Site) -> None:
    before = wait_for("all members are ready", lambda: _all(site), seconds=120)
    fewest = MEMBERS
    with site.deployment.following("restart", WORD) as restarting:
        while restarting.runs():
            fewest = min(fewest, len(site.ready_members(WORD)))
            time.sleep(0.2)
    assert restarting.code() == 0, restarting.text()
    after = wait_for("all members are ready again", lambda: _all(site), seconds=60)
    assert not set(before.values()) & set(after.values()), "each is a new container"
    assert fewest >= MEMBERS - 1
    answers(site.url, "/ready")


def _all(site: Site) -> dict[str, str]:
    ready = site.ready_members(WORD)
    return ready if len(ready) == MEMBERS else {}
