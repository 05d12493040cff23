"""What somebody changes by hand is said by `status` and put right by `up`, on hosts of a person's own."""

import re

import pytest

from drills.loads import answers
from drills.site import Site
from drills.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.once, pytest.mark.timeout(1200, func_only=True)]

_FOUND = {"sandbox": r"replicas: 3 => 0", "pulumi": r"\bweb (updated|refreshed?).*\[diff: [^]]*\b(mode|spec)\b"}
"""How an engine says what it found."""


def test_an_application_scaled_to_nothing_by_hand_is_put_right(site: Site) -> None:
    wait_for("the stack is as it should be", lambda: site.deployment.command("status").code == 0, seconds=120)
    site.scale("web", 0)
    wait_for("no replica runs", lambda: not site.replicas("web"), seconds=120)
    status = site.deployment.command("status")
    assert status.code == 1, status.text
    (line,) = (line for line in status.text.splitlines() if "is scaled to" in line)
    assert re.search(r"\bweb\b.* 0/3 .*the stack wants 3, but it is scaled to 0", line), line
    up = site.deployment.command("up")
    assert up.code == 0, up.text
    assert "web: the stack wants 3, but it is scaled to 0; this sets it again" in up.text
    assert re.search(_FOUND[site.deployment.engine.name], up.text), up.text
    assert re.search(r"GET /chat\S* -> 200", up.text), "and it answers"
    status = site.deployment.command("status")
    assert status.code == 0, status.text
    site.deployment.up_changes_nothing()
    answers(site.url, "/ready")
