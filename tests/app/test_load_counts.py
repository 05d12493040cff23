"""The counter of visits against a cache that goes back to an older state: it must say how far."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from drills.waiting import wait_for
from sandbox.load import CountReport, in_background, run_counts
from sandbox.load.counts import lost_counts
from tests.app.serving import serve

pytestmark = pytest.mark.live
TOLD: dict[str, Any] = {"seconds": 3600, "interval_ms": 20, "timeout_seconds": 60}
"""A run that ends when it is told to."""


def _cache(state: dict[str, int], *, back_at: int = 0, by: int = 0, refuses: int = 0, pause_at: int = 0) -> FastAPI:
    """Counts the visits of the one session in `state`; the visit `back_at` finds a cache that has forgotten the last
    `by`, and `pause_at` takes 0.7 s."""
    app = FastAPI()
    state |= {"visits": 0, "count": 0}

    @app.get("/session")
    async def visit() -> JSONResponse:
        state["visits"] += 1
        if state["visits"] == pause_at:
            await asyncio.sleep(0.7)
        if state["visits"] == back_at:
            state["count"] -= by
        state["count"] += 1
        return JSONResponse({"count": state["count"]}, status_code=503 if state["visits"] == refuses else 200)

    return app


def test_counts_that_come_again_were_lost() -> None:
    report = _visited(back_at=10, by=3, refuses=4, pause_at=6)
    assert report.lost == 3
    assert report.failures == {"status 503": 1}
    assert report.acknowledged > 10
    assert 0.7 <= report.longest_outage_seconds < report.seconds


def test_a_cache_that_keeps_everything_loses_nothing() -> None:
    report = _visited(refuses=2)
    assert report.lost == 0
    assert report.failed == 1


def _visited(**told: int) -> CountReport:
    """By so many visits to such a cache, however long they take."""
    state: dict[str, int] = {}
    with serve(_cache(state, **told)) as url, in_background(lambda stop: run_counts(url, stop=stop, **TOLD)) as load:
        wait_for("visits", lambda: state["visits"] > 20, seconds=120, every=0.05)
        load.stop()
        return load.result(120)


@pytest.mark.parametrize(
    ("counts", "lost"),
    [([], 0), ([1, 2, 3], 0), ([1, 2, 4, 5], 0), ([7, 8, 7], 2), ([7, 8, 8], 1), ([5, 1, 2, 2], 6)],
)
def test_by_hand(counts: list[int], lost: int) -> None:
    assert lost_counts(counts) == lost
