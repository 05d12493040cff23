import asyncio
import time

from sandbox.load import in_background, run_streams
from tests.app.conftest import StartApp
from tests.app.process import AppProcess


def test_complete_streams_are_counted_with_their_tokens(app: AppProcess) -> None:
    report = asyncio.run(run_streams(app.url, count=5, tokens=10, delay_ms=20, ramp_seconds=0.2))
    assert report.clean
    assert (report.started, report.complete, report.tokens, report.stored) == (5, 5, 50, 0)
    assert report.longest_gap_ms >= 20


def test_streams_of_a_killed_replica_are_broken(start_app: StartApp) -> None:
    app = start_app()
    with in_background(lambda _: run_streams(app.url, count=4, tokens=200, delay_ms=50)) as load:
        time.sleep(0.5)
        app.kill()
        report = load.result(30)
    assert not report.clean
    assert (report.complete, report.broken, report.failures) == (0, 4, {"connection closed": 4})
    assert 0 < report.tokens < 800
    assert report.first_failures[0].replica


def test_streams_survive_a_graceful_stop(start_app: StartApp) -> None:
    app = start_app(GRACE_SECONDS="10")
    with in_background(lambda _: run_streams(app.url, count=4, tokens=30, delay_ms=50)) as load:
        time.sleep(0.5)
        app.terminate()
        report = load.result(30)
    assert report.clean
    assert report.tokens == 120
    assert app.wait()[0] == 0
