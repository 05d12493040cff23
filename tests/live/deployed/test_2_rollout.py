"""Updates: no request fails, streams in flight finish, a bad version never takes over."""

import asyncio
from pathlib import Path

import pytest

from drills.deployment import Settings
from drills.faults.apps import BadImage, RollingUpdate
from drills.loads import SAFE_PATH, answers
from drills.site import Site
from drills.stack import OWN_DIRECTORY, OWN_FILE, OWN_TEXT
from drills.waiting import wait_for
from sandbox.load import in_background, run_http, run_streams
from tests.live.deployed.drilled import TOTAL, drilled
from tests.live.deployed.loads import RATE

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]
_KEPT = f"{OWN_DIRECTORY}/value"


def test_the_preview_names_just_what_a_change_touches(site: Site) -> None:
    def more_replicas(settings: Settings) -> None:
        settings["apps"]["web"]["replicas"] = 4

    def other_route(settings: Settings) -> None:
        settings["balancers"]["edge"]["routes"][0]["max_body"] = "1Mi"

    assert site.deployment.previewed(lambda _: None) == {}, "nothing was changed"
    assert site.deployment.previewed(more_replicas) == {"web": "update"}, "the balancer has room for one more"
    route = site.deployment.previewed(other_route)
    assert {name.split("-")[0] for name in route} == {"edge"}, route


def test_an_application_has_its_file_byte_by_byte_and_writes_to_its_volume(site: Site) -> None:
    assert _read(site, OWN_FILE) == OWN_TEXT.encode()
    site.run_in(site.member("alerts", 0), ["python3", "-c", f"open('{_KEPT}', 'w').write('kept')"])
    assert _read(site, _KEPT) == b"kept"


def test_a_rollout_under_load_fails_no_request_and_cuts_no_stream(site: Site, reports: Path) -> None:
    url = site.url

    def new_version(settings: Settings) -> None:
        settings["apps"]["web"]["env"]["APP_VERSION"] = "2"
        settings["apps"]["alerts"]["files"][OWN_FILE] = OWN_TEXT * 2

    with in_background(lambda _: run_streams(url, count=16, tokens=200, delay_ms=50, ramp_seconds=16)) as streams:
        report = drilled(RollingUpdate(site, new_version), reports, rate=RATE, least=TOTAL).requests
        stream_report = streams.result(timeout_seconds=120)
    rest = asyncio.run(run_http(f"{url}{SAFE_PATH}", rate=1, total=1))
    assert rest.failed == 0
    assert report.sent >= TOTAL
    assert report.failed == 0, f"{report.failures}: {report.first_failures}"
    assert set(report.versions) == {"1", "2"}, f"the load saw the rollout: {report.versions}"
    assert (stream_report.broken, stream_report.complete) == (0, 16), stream_report


def test_the_rollout_brought_the_new_file_and_kept_the_volume(site: Site) -> None:
    assert _read(site, OWN_FILE) == (OWN_TEXT * 2).encode()
    assert _read(site, _KEPT) == b"kept"


def _read(site: Site, path: str) -> bytes:
    """A file of the application with a volume; in hex, for whatever carries the output may change its end."""
    command = ["python3", "-c", f"print(open('{path}', 'rb').read().hex())"]
    # A busy host once ended the connection before it had the output.
    said = wait_for(f"{path} is read", lambda: site.run_in(site.member("alerts", 0), command).strip(), seconds=30)
    return bytes.fromhex(said)


@pytest.mark.slow
def test_a_bad_image_never_takes_over(site: Site, reports: Path, request: pytest.FixtureRequest) -> None:
    fault = BadImage(site)
    report, run = drilled(fault, reports, rate=RATE).requests, fault.said
    (reports / f"{request.node.callspec.id}-bad-image.txt").write_text(run.text)
    assert run.code == 1, "up must fail"
    assert "exit" in run.text.lower(), f"up says why:\n{run.text[-2000:]}"
    assert report.failed == 0, f"{report.failures}: {report.first_failures}"
    assert site.deployment.previewed(lambda _: None) == {}, "the next up has ended it"


@pytest.mark.once
def test_a_failing_migration_stops_the_rollout(site: Site) -> None:
    good = site.image_of("web")

    def failing(settings: Settings) -> None:
        settings["apps"]["web"]["env"]["MIGRATE_FAIL"] = "1"
        settings["apps"]["web"]["env"]["APP_VERSION"] = "3"

    with site.deployment.trial(failing):
        run = site.deployment.up()
    assert run.code == 1, "up must fail"
    assert "migrat" in run.text.lower(), run.text[-2000:]
    report = asyncio.run(run_http(f"{site.url}/replica", rate=20, total=20))
    assert set(report.versions) == {"2"}, "no replica of the new version was started"
    wait_for("only the old version runs", lambda: site.image_of("web") == good, seconds=60)
    site.deployment.up_ok()
    answers(site.url, "/ready")
