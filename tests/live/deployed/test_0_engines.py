"""What was just deployed is left alone: by the same engine, by a refresh, and by the engine that takes it over."""

import pytest

from drills.site import Site
from drills.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]


def test_nothing_is_to_be_done_after_the_first_up(site: Site) -> None:
    site.deployment.expect_no_changes()


def test_the_next_up_restarts_nothing(site: Site) -> None:
    ran = wait_for("everything runs", site.running, seconds=120)
    site.deployment.up_changes_nothing()
    site.deployment.refresh()
    site.deployment.expect_no_changes()
    assert site.running() == ran


@pytest.mark.once
def test_each_engine_takes_the_stack_over_without_a_change(site: Site) -> None:
    deployment = site.deployment
    ran, first = site.running(), deployment.engine
    others = [engine for engine in deployment.engines.values() if engine is not first]
    if not others:
        pytest.skip("NO PULUMI CLI: there is one engine")
    for engine in (*others, first):
        deployment.hand_over(engine)
        deployment.expect_no_changes()
    assert site.running() == ran
