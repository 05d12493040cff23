"""The write counter against a store that loses what it acknowledged: it must say which."""

import asyncio

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from sandbox.load import run_writes, writes
from sandbox.load.writes import NotVerified
from tests.app.process import AppProcess
from tests.app.serving import serve

pytestmark = pytest.mark.live


def _forgetful(*, forgets: set[int], refuses: set[int], pause_at: int) -> FastAPI:
    """Acknowledges all but `refuses`, stores all but `forgets`, and takes 0.7 s for `pause_at`."""
    app, stored = FastAPI(), set[int]()

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
    with serve(_forgetful(forgets={3, 5}, refuses={5, 6}, pause_at=8)) as url:
        report = asyncio.run(run_writes(url, seconds=3, interval_ms=20))
    assert not report.clean
    assert report.lost == (3,)
    assert report.failures == {"status 503": 2}
    assert report.stored_unacknowledged == 1
    assert report.acknowledged == report.sent - 2
    assert 0.7 <= report.longest_outage_seconds < 2.5


def test_a_store_that_keeps_everything_is_clean() -> None:
    with serve(_forgetful(forgets=set(), refuses={2}, pause_at=0)) as url:
        report = asyncio.run(run_writes(url, seconds=1.5, interval_ms=20))
    assert report.clean
    assert report.failed == 1


def test_without_an_answer_nothing_is_claimed(app: AppProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "_VERIFY_SECONDS", 0.5)
    with pytest.raises(NotVerified, match="status 503"):
        asyncio.run(run_writes(app.url, seconds=0.2))
