import asyncio
import json

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from drills.waiting import wait_for
from sandbox.load import in_background, run_streams
from tests.app.conftest import StartApp
from tests.app.process import AppProcess
from tests.app.serving import serve

pytestmark = pytest.mark.live


def test_complete_streams_are_counted_with_their_tokens(app: AppProcess) -> None:
    report = asyncio.run(run_streams(app.url, count=5, tokens=10, delay_ms=20, ramp_seconds=0.2))
    assert report.clean
    assert (report.started, report.complete, report.tokens, report.stored) == (5, 5, 50, 0)
    assert report.longest_gap_ms >= 20


def test_streams_of_a_killed_replica_are_broken(start_app: StartApp) -> None:
    app = start_app()
    with in_background(lambda _: run_streams(app.url, count=4, tokens=200, delay_ms=50)) as load:
        wait_for("they stream", lambda: app.metric("app_streams_in_flight") == 4, seconds=120, every=0.1)
        _serves_tokens(app)
        app.kill()
        report = load.result(120)
    assert not report.clean
    assert (report.complete, report.broken, report.failures) == (0, 4, {"connection closed": 4})
    assert 0 < report.tokens < 800
    assert report.first_failures[0].replica


def test_streams_survive_a_graceful_stop(start_app: StartApp) -> None:
    app = start_app(GRACE_SECONDS="120")
    with in_background(lambda _: run_streams(app.url, count=4, tokens=200, delay_ms=50)) as load:
        wait_for("they stream", lambda: app.metric("app_streams_in_flight") == 4, seconds=120, every=0.1)
        _serves_tokens(app)
        app.terminate()
        report = load.result(120)
    assert report.clean
    assert report.tokens == 800
    assert app.wait()[0] == 0


def _serves_tokens(app: AppProcess) -> None:
    """Returns when each stream that has begun has had some: as many as one that began after it."""
    httpx.get(f"{app.url}/chat?prompt=a&tokens=10&delay_ms=50", timeout=120, trust_env=False).raise_for_status()


@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        ([{"token": "a"}] * 3, "ended early"),
        ([], "ended early"),
        ([{"token": "a"}] * 2 + [{"done": True, "stored": True}], "tokens missing"),
    ],
)
def test_a_stream_that_ends_well_formed_but_short_is_broken(messages: list[dict[str, object]], kind: str) -> None:
    app = FastAPI()

    @app.get("/chat")
    async def chat() -> PlainTextResponse:
        return PlainTextResponse("".join(f"data: {json.dumps(message)}\n\n" for message in messages))

    with serve(app) as url:
        report = asyncio.run(run_streams(url, count=1, tokens=3, delay_ms=1))
    assert report.failures == {kind: 1}
    assert (report.complete, report.stored) == (0, 0)
