"""Hosts that run for somebody else are not a drill's."""

from pathlib import Path

import pytest

from drills import sites
from drills.errors import DrillError
from tests.drills.fake_site import FakeSite


def test_hosts_that_run_for_somebody_else_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Running(FakeSite):
        profile = "swarm3"

        @staticmethod
        def clear() -> None:
            pytest.fail("they are left alone")

    monkeypatch.setenv("HA_SANDBOX", str(tmp_path))
    monkeypatch.setitem(sites.SITES, "swarm", Running)
    with (
        pytest.raises(DrillError, match=r"the sandbox hosts `swarm3` run, and not for a drill.*hosts down swarm3"),
        sites.deployed("swarm", print),
    ):
        pytest.fail("nothing is deployed there")
