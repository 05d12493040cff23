"""The load driver against a real process: it must see what goes wrong, and name it."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from drills.waiting import wait_for
from sandbox.load import in_background, run_http
from sandbox.load.__main__ import main
from sandbox.load.client import make_client
from sandbox.load.report import latency
from tests.app.conftest import StartApp
from tests.app.process import AppProcess
from tests.loopback import free_port

pytestmark = pytest.mark.live


def test_percentiles_are_nearest_rank() -> None:
    of_hundred = latency([float(value) for value in range(100, 0, -1)])
    assert (of_hundred.p50_ms, of_hundred.p99_ms, of_hundred.max_ms) == (50.0, 99.0, 100.0)
    assert latency([3.0]).p99_ms == 3.0
    assert latency([]).max_ms == 0.0


def test_a_healthy_replica_fails_nothing_and_the_rate_is_kept(app: AppProcess) -> None:
    report = asyncio.run(run_http(f"{app.url}/work?ms=200", rate=50, total=100))
    assert report.clean
    assert (report.sent, report.ok, report.failures) == (100, 100, {})
    assert report.versions == {"8": 100}
    assert sum(report.replicas.values()) == 100
    assert report.seconds > 1.9, "no more than 50 requests a second"
    assert report.latency.p50_ms >= 200
    one_by_one = report.sent * report.latency.p50_ms / 1000
    assert report.seconds < one_by_one / 2, "open loop: no request waits for the answer of another"


def test_each_kind_of_failure_has_its_name(app: AppProcess) -> None:
    urls = {
        f"{app.url}/status/503": "status 503",
        f"{app.url}/work?ms=20000": "timeout",
        f"http://127.0.0.1:{free_port()}/": "connection refused",
    }
    for url, kind in urls.items():
        report = asyncio.run(run_http(url, rate=50, total=5, timeout_seconds=2 if kind == "timeout" else 60))
        assert not report.clean
        assert report.failures == {kind: 5}
        assert report.first_failures[0].kind == kind


def test_a_killed_replica_shows_in_the_counts(start_app: StartApp) -> None:
    app = start_app()
    run = in_background(lambda stop: run_http(f"{app.url}/work?ms=1000", rate=50, total=10_000, stop=stop))
    with run as load:
        wait_for("requests end", lambda: app.metric("http_requests_total", route="/work") > 20, seconds=120, every=0.1)
        app.kill()  # dozens of requests are in flight, on a busy machine too
        time.sleep(2)  # of requests that are refused
        load.stop()
        report = load.result(120)
    assert report.ok > 0
    seen = {"connection closed", "connection refused"}
    # A kill in the middle of a connect shows as neither.
    assert seen <= set(report.failures) <= {*seen, "connect failed"}
    assert report.ok + report.failed == report.sent < 10_000
    assert report.first_failures[0].at_seconds > 0.3


def test_cookies_are_kept_only_when_asked(app: AppProcess) -> None:
    async def sessions(keep_cookies: bool) -> set[str]:
        async with make_client(timeout_seconds=60, keep_cookies=keep_cookies) as client:
            url = f"{app.url}/chat?prompt=a&tokens=1&delay_ms=0"
            return {(await client.get(url)).headers["set-cookie"].split(";")[0] for _ in range(3)}

    assert len(asyncio.run(sessions(True))) == 1
    assert len(asyncio.run(sessions(False))) == 3


def test_the_command_prints_the_report_and_its_exit_code_is_the_verdict(
    app: AppProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    assert main(["http", "--url", f"{app.url}/work?ms=1", "--rate", "50", "--total", "10", "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(out.read_text())
    assert (printed["clean"], printed["ok"]) == (True, 10)
    assert main(["http", "--url", f"{app.url}/status/500", "--total", "5"]) == 1


@pytest.mark.parametrize(
    "arguments", [["--url", "app:8000"], ["--url", "http://x/", "--rate", "0"], ["--url", "http://x/", "--total", "0"]]
)
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["http", *arguments])
    assert raised.value.code == 2
    assert "write " in capsys.readouterr().err
