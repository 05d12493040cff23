"""The counter of visits against a cache that goes back to an older state: it must say how far."""

import asyncio

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from sandbox.load import run_counts
from sandbox.load.counts import lost_counts
from tests.app.serving import serve

pytestmark = pytest.mark.live


def _cache(*, back_at: int = 0, by: int = 0, refuses: int = 0, pause_at: int = 0) -> FastAPI:
    """Counts the visits of the one session; the visit `back_at` finds a cache that has forgotten the last `by`."""
    app, state = FastAPI(), {"visits": 0, "count": 0}

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
    with serve(_cache(back_at=10, by=3, refuses=4, pause_at=6)) as url:
        report = asyncio.run(run_counts(url, seconds=3, interval_ms=20))
    assert report.lost == 3
    assert report.failures == {"status 503": 1}
    assert report.acknowledged > 10
    assert 0.7 <= report.longest_outage_seconds < 2.5


def test_a_cache_that_keeps_everything_loses_nothing() -> None:
    with serve(_cache(refuses=2)) as url:
        report = asyncio.run(run_counts(url, seconds=1, interval_ms=20))
    assert report.lost == 0
    assert report.failed == 1


@pytest.mark.parametrize(
    ("counts", "lost"),
    [([], 0), ([1, 2, 3], 0), ([1, 2, 4, 5], 0), ([7, 8, 7], 2), ([7, 8, 8], 1), ([5, 1, 2, 2], 6)],
)
def test_by_hand(counts: list[int], lost: int) -> None:
    assert lost_counts(counts) == lost
