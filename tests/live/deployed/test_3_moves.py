"""Members that move to other hosts, on a Swarm; and labels that choose hosts."""

import json
import shlex
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.hosts import Hosts
from cli.node_labels import check_labels
from composition.read import check
from drills.commands import Run
from drills.deployment import Change, Settings
from drills.loads import answers
from drills.stack import MEMBERS
from drills.swarm_site import STACK, SwarmSite
from drills.waiting import wait_for
from sandbox.load import in_background, run_counts, run_writes
from tests.live.deployed.watching import watched

pytestmark = [
    pytest.mark.live,
    pytest.mark.swarm,
    pytest.mark.timeout(1200, func_only=True),
    pytest.mark.parametrize("site", ["swarm"], indirect=True, scope="session"),
]
WORDS = ("main-etcd", "main-pg", "sessions-redis", "sessions-sentinel")
MEMBER_NAMES = tuple(f"{word}-{ordinal}" for word in WORDS for ordinal in range(MEMBERS))


def test_a_move_that_loses_data_is_refused_before_anything_moves(site: SwarmSite) -> None:
    one, two, three = site.host_names
    before = _containers(site)

    def every_member(settings: Settings) -> None:
        settings["databases"]["main"]["hosts"] = [two, three, one]

    def the_only_one(settings: Settings) -> None:
        settings["monitoring"]["prometheus"]["host"] = two

    for change, part in ((every_member, "databases.main"), (the_only_one, "monitoring.prometheus")):
        for run in (site.deployment.preview(change), _tried(site, change)):
            assert run.code != 0, run.text
            *_, line = (line for line in run.text.splitlines() if "no member would stay where its data is" in line)
            assert f"ha-platform:stack.{part}: " in line
            assert "abandon_data_on: [" in line
            assert "Traceback" not in run.text
    assert _containers(site) == before


def test_two_of_three_members_move_one_after_the_other_and_nothing_is_lost(site: SwarmSite, reports: Path) -> None:
    """Three hosts hold one member each, so the first two change places. Primary and master are moved where they are."""
    one, two, three = site.host_names
    before = _containers(site)

    def change_places(settings: Settings) -> None:
        settings["databases"]["main"]["hosts"] = [two, one, three]
        settings["caches"]["sessions"]["hosts"] = [two, one, three]

    said = site.deployment.preview(change_places)
    assert said.code == 0, said.text
    for word in WORDS:
        for ordinal, old, new in ((0, one, two), (1, two, one)):
            name = f"{word}-{ordinal}"
            *_, line = (line for line in said.text.splitlines() if f"{name} moves from {old} to {new}" in line)
            assert f"its volume stays behind on {old}." in line
            assert f"`docker volume rm {STACK}-{name}`" in line
        assert f"{word}-2 moves" not in said.text

    with (
        watched(site, WORDS) as fewest,
        in_background(lambda stop: run_writes(site.url, seconds=900, stop=stop)) as writer,
        in_background(lambda stop: run_counts(site.url, seconds=900, stop=stop)) as counter,
    ):
        text = site.deployment.up_ok(change_places)
        answers(site.url, "/ready")
        writer.stop()
        counter.stop()
        report, counts = writer.result(timeout_seconds=240), counter.result(timeout_seconds=60)
    (reports / "swarm-members-moved.json").write_text(json.dumps(asdict(report) | {"counts": asdict(counts)}, indent=2))
    print(
        f"members moved: {report.acknowledged} writes acknowledged, {len(report.lost)} lost, {report.failed} failed, "
        f"outage {report.longest_outage_seconds} s; counted in Redis {counts.acknowledged} times; "
        f"fewest up of {MEMBERS}: {fewest.up} in {fewest.looks} looks"
    )
    assert fewest.up == dict.fromkeys(WORDS, MEMBERS - 1), "one is replaced at a time, and that was seen"
    assert "main-pg-0 moves from" in text, "the update says it, too"
    after = wait_for("every member is ready", lambda: _all_ready(site), seconds=240)
    for word in WORDS:
        assert after[f"{word}-0"].startswith("1/")
        assert after[f"{word}-1"].startswith("0/")
        assert after[f"{word}-2"] == before[f"{word}-2"], "who does not move is not restarted"
        for host in (0, 1):
            assert {f"{STACK}-{word}-0", f"{STACK}-{word}-1"} <= site.volumes(host), "the old volumes stay"
    assert report.acknowledged > 100
    assert report.lost == (), "no acknowledged write is lost"
    assert counts.acknowledged > 100
    assert counts.lost == 0, "no acknowledged count is lost"


def test_a_worker_goes_to_the_host_with_the_label(site: SwarmSite) -> None:
    def on_fast_disks(settings: Settings) -> None:
        settings["apps"]["worker"]["placement"] = {"labels": {"disk": "fast"}}

    hosts = Hosts(environment={}, address="", description="three hosts", docker_host=site.docker_host)
    with site.deployment.trial(on_fast_disks):
        stack = check(site.deployment.settings, source="live", secret_names=frozenset({"model_api_key"}))
    with pytest.raises(CommandError) as refused:
        check_labels(stack, hosts)
    problem, _, command = str(refused.value).splitlines()
    assert problem.startswith("apps.worker.placement.labels: no node has disk=fast")
    line = shlex.split(command.replace("NODE", site.host_names[2]))
    subprocess.run([line[0], "-H", site.docker_host, *line[1:]], check=True, capture_output=True, timeout=60)
    check_labels(stack, hosts)
    site.deployment.up_ok(on_fast_disks)
    (worker,) = wait_for("the worker runs there", lambda: site.replicas("worker"), seconds=60)
    assert worker.startswith("2/")


def _tried(site: SwarmSite, change: Change) -> Run:
    with site.deployment.trial(change):
        return site.deployment.up()


def _containers(site: SwarmSite) -> dict[str, str]:
    """Member -> `<host index>/<container>`."""
    return {name: ",".join(site.replicas(name)) for name in MEMBER_NAMES}


def _all_ready(site: SwarmSite) -> dict[str, str]:
    """The members' containers when each of them is ready; else nothing."""
    ready = sum(len(site.ready_members(word)) for word in WORDS)
    return _containers(site) if ready == len(MEMBER_NAMES) else {}
