"""The write counter against a store that loses what it acknowledged: it must say which."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from drills.waiting import wait_for
from sandbox.load import WriteReport, in_background, run_writes, writes
from sandbox.load.writes import NotVerified
from tests.app.process import AppProcess
from tests.app.serving import serve

pytestmark = pytest.mark.live
TOLD: dict[str, Any] = {"seconds": 3600, "interval_ms": 20, "timeout_seconds": 60}
"""A run that ends when it is told to."""


def _forgetful(stored: set[int], *, forgets: set[int], refuses: set[int], pause_at: int) -> FastAPI:
    """Acknowledges all but `refuses`, stores all but `forgets`, and takes 0.7 s for `pause_at`."""
    app = FastAPI()

    @app.post("/writes")
    async def write(body: dict[str, str | int]) -> JSONResponse:
        sequence = int(body["sequence"])
        if sequence == pause_at:
            await asyncio.sleep(0.7)
        if sequence not in forgets:
            stored.add(sequence)
        return JSONResponse({}, status_code=503 if sequence in refuses else 200, headers={"x-replica": "r"})

    @app.get("/writes/missing")
    async def missing(writer: str, upto: int) -> dict[str, object]:
        return {"writer": writer, "missing": [n for n in range(1, upto + 1) if n not in stored]}

    return app


def test_lost_refused_and_unknown_writes_are_told_apart() -> None:
    report = _written(forgets={3, 5}, refuses={5, 6}, pause_at=8)
    assert not report.clean
    assert report.lost == (3,)
    assert report.failures == {"status 503": 2}
    assert report.stored_unacknowledged == 1
    assert report.acknowledged == report.sent - 2
    assert 0.7 <= report.longest_outage_seconds < report.seconds


def test_a_store_that_keeps_everything_is_clean() -> None:
    report = _written(forgets=set(), refuses={2}, pause_at=0)
    assert report.clean
    assert report.failed == 1


def _written(*, forgets: set[int], refuses: set[int], pause_at: int) -> WriteReport:
    """By so many writes to such a store, however long they take."""
    stored: set[int] = set()
    store = _forgetful(stored, forgets=forgets, refuses=refuses, pause_at=pause_at)
    with serve(store) as url, in_background(lambda stop: run_writes(url, stop=stop, **TOLD)) as load:
        wait_for("writes", lambda: len(stored) > 20, seconds=120, every=0.05)
        load.stop()
        return load.result(120)


def test_without_an_answer_nothing_is_claimed(app: AppProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "_VERIFY_SECONDS", 2.0)
    with pytest.raises(NotVerified, match="status 503"):
        asyncio.run(run_writes(app.url, seconds=0.2))
