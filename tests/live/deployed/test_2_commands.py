"""`make logs` and `make restart` on hosts of a person's own."""

import re
from pathlib import Path

import httpx
import pytest

from drills.faults.databases import Switchover
from drills.loads import SAFE_PATH
from drills.site import Site
from drills.stack import MEMBERS
from drills.waiting import wait_for
from sandbox.load import in_background, run_http
from tests.live.deployed.drilled import drilled
from tests.live.deployed.loads import RATE, keep

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]
LONGEST = 100_000
"""More requests than a restart can take; the load is stopped when it has ended."""
STAMP = r"\d\d:\d\d:\d\d"


def test_logs_are_of_every_member(site: Site) -> None:
    run = site.deployment.command("logs", "sessions")
    assert run.code == 0, run.text
    found = set(re.findall(rf"^{STAMP} (?:live-)?(sessions-(?:redis|sentinel)-\d)\S* \|", run.text, re.M))
    wanted = {f"sessions-{word}-{ordinal}" for word in ("redis", "sentinel") for ordinal in range(MEMBERS)}
    assert found == wanted, run.text[-2000:]
    times = re.findall(rf"^({STAMP}) ", run.text, re.M)
    assert len(set(times)) > 1
    assert times == sorted(times) or max(times) > "23:5", "one text, by time"
    wrong = site.deployment.command("logs", "sesions")
    assert wrong.code == 1
    assert "did you mean sessions" in wrong.text


def test_logs_show_what_was_just_written_and_go_on(site: Site) -> None:
    def asked(mark: str) -> None:
        httpx.get(f"{site.url}/health?{mark}", timeout=10)

    asked("mark=one")
    wait_for("the proxy's line", lambda: "mark=one" in site.deployment.command("logs", "edge").text, seconds=30)
    wait_for(
        "it is older than a second",
        lambda: "mark=one" not in site.deployment.command("logs", "edge", "--since", "1s").text,
        seconds=30,
    )
    assert "mark=one" in site.deployment.command("logs", "edge", "--since", "10m").text
    with site.deployment.following("logs", "edge", "--follow") as follower:
        wait_for("the past", lambda: "mark=one" in follower.text(), seconds=60)
        asked("mark=two")
        wait_for("what comes", lambda: "mark=two" in follower.text(), seconds=30)


@pytest.mark.once
def test_a_database_changes_its_primary_on_a_persons_word(site: Site, reports: Path) -> None:
    fault = Switchover(site)
    report, run = drilled(fault, reports).writes, fault.said
    print(run.text)
    found = re.search(r"(main-pg-\d) leads in place of (main-pg-\d); writes were away for [0-9.]+ s", run.text)
    assert found, run.text
    assert report.lost == (), "no acknowledged write is lost"
    again = site.deployment.command("switchover", "main", found[1])
    assert again.code == 1
    assert f"{found[1]} is the primary already" in again.text
    assert site.deployment.previewed(lambda _: None) == {}, "it is no change of the stack"


def test_an_application_restarts_without_a_failed_request(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    before = set(site.replicas("web"))
    url = f"{site.url}{SAFE_PATH}"
    with (
        site.deployment.following("logs", "web", "--follow") as follower,
        in_background(lambda stop: run_http(url, rate=RATE, total=LONGEST, stop=stop)) as load,
    ):
        run = site.deployment.command("restart", "web")
        load.stop()
        report = load.result(timeout_seconds=120)
        wait_for("each one's last words", lambda: follower.text().count('"draining"') >= MEMBERS, seconds=60)
    keep(reports, f"{request.node.callspec.id}-restart", report)
    assert run.code == 0, run.text
    wait_for("no old replica runs", lambda: not before & set(site.replicas("web")), seconds=60)
    assert report.failed == 0, f"{report.failures}: {report.first_failures}"
    assert report.sent > RATE
    assert site.deployment.previewed(lambda _: None) == {}, "a restart is no change of the stack"
