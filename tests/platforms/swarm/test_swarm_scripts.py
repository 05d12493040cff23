"""The shell parts of the rendering, run by a real shell: the launcher of `secret_env` and the gate of a job."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from model import Container, ExecCheck, Job, Origin, Probe, Probes, Stop, Tier
from tests.platforms.swarm.rendering import refusals, services
from tests.platforms.swarm.test_swarm_workload import app


def job(container: Container, command: tuple[str, ...], retries: int = 0, stop_signal: str = "SIGTERM") -> Job:
    return Job(
        name="migrate",
        origin=Origin(root="stack", key="apps", name="web", below=("migrations",)),
        tier=Tier.APP,
        container=replace(container, command=command, args=(), stop=Stop(signal=stop_signal)),
        retries=retries,
    )


def gate(tmp_path: Path, command: tuple[str, ...], retries: int = 0, stop_signal: str = "SIGTERM") -> list[str]:
    """The command line of a rendered job's container."""
    rendered = services(lambda c: [job(c, command, retries, stop_signal)])
    spec = rendered["shop-migrate"]["taskSpec"]["containerSpec"]
    done = spec["healthcheck"]["tests"][-1]
    return [str(word).replace(done, str(tmp_path / "done")) for word in spec["commands"]]


def started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen within 60 s"
        time.sleep(0.02)


@pytest.mark.live
def test_a_job_that_succeeded_stays_and_stops_at_once(tmp_path: Path) -> None:
    process = started(gate(tmp_path, ("sh", "-c", "echo worked")))
    wait_until((tmp_path / "done").exists)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == "worked\n"
    assert process.returncode == 143, "0 would count as a task that is complete and need not come back"


@pytest.mark.live
def test_a_job_that_fails_is_tried_again_and_then_ends_with_its_code(tmp_path: Path) -> None:
    process = started(gate(tmp_path, ("sh", "-c", "echo tried; exit 3"), retries=1))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "tried\ntried\n")
    assert "the job ended with 3, 0 tries left" in err
    assert not (tmp_path / "done").exists()


@pytest.mark.live
def test_a_job_whose_second_try_works_is_done(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    process = started(gate(tmp_path, ("sh", "-c", f"test -e {flag} || {{ : > {flag}; exit 1; }}"), retries=1))
    wait_until((tmp_path / "done").exists)
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_a_running_job_gets_the_stop_signal_of_its_container(tmp_path: Path, name: str) -> None:
    heard = tmp_path / "heard"
    ready = tmp_path / "ready"
    script = f"trap 'echo {name} > {heard}; exit 0' {name[3:]}; : > {ready}; while :; do sleep 0.05; done"
    process = started(gate(tmp_path, ("sh", "-c", script), stop_signal=name))
    wait_until(ready.exists)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60)
    assert heard.read_text().strip() == name
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT"])
def test_a_signal_that_the_command_would_not_hear_is_refused(name: str) -> None:
    refused = refusals(lambda c: [job(c, ("true",), stop_signal=name)])
    assert [one.path for one in refused] == ["stack.apps.web.migrations.container.stop.signal"]


def test_the_launcher_exports_the_files_and_runs_the_command(tmp_path: Path) -> None:
    command = ("sh", "-c", 'printf "%s|%s" "$API_KEY" "$1"', "sh", "two words")
    spec = services(lambda c: [replace(app(c), container=replace(c, command=command, args=()))], objects_too=True)
    container = spec["shop-web"]["taskSpec"]["containerSpec"]
    mounted = next(one for one in container["secrets"] if one["fileName"].endswith("/API_KEY"))
    assert mounted["fileMode"] == 0o440
    (tmp_path / "API_KEY").write_text("it's a $ecret")
    launcher = [word.replace(os.path.dirname(mounted["fileName"]), str(tmp_path)) for word in container["commands"]]
    assert subprocess.check_output(launcher, text=True, timeout=60) == "it's a $ecret|two words"
    (tmp_path / "API_KEY").unlink()
    assert subprocess.run(launcher, check=False, capture_output=True, timeout=60).returncode != 0


def has_key(seconds: int) -> Probe:
    """A check that passes where the variable holds the secret."""
    command = ("sh", "-c", r"""test "$API_KEY" = "it's a \$ecret" """, "sh", "two words")
    return Probe(check=ExecCheck(command=command), timeout_seconds=seconds)


@pytest.mark.parametrize(("live_seconds", "kind"), [(3, "CMD"), (4, "CMD-SHELL")])
def test_a_check_that_is_a_command_has_the_variables_too(tmp_path: Path, live_seconds: int, kind: str) -> None:
    probes = Probes(ready=has_key(3), live=has_key(live_seconds))
    spec = services(lambda c: [replace(app(c), probes=probes)], objects_too=True)
    tests = spec["shop-web"]["taskSpec"]["containerSpec"]["healthcheck"]["tests"]
    assert tests[0] == kind
    command = [
        word.replace("/run/secret-env", str(tmp_path)).replace("/tmp/.ha-platform-ready", str(tmp_path / "ready"))
        for word in (["sh", "-c"] if kind == "CMD-SHELL" else []) + tests[1:]
    ]

    def passes() -> bool:
        return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0

    assert not passes(), "the secret is not there"
    (tmp_path / "API_KEY").write_text("another")
    assert not passes()
    (tmp_path / "API_KEY").write_text("it's a $ecret")
    assert passes()
    assert passes(), "the live check, where it is another one"


def test_a_check_without_secrets_to_export_runs_as_it_is() -> None:
    spec = services(lambda c: [replace(app(c), probes=Probes(ready=has_key(3), live=has_key(3)))])
    check = has_key(3).check
    assert isinstance(check, ExecCheck)
    assert spec["shop-web"]["taskSpec"]["containerSpec"]["healthcheck"]["tests"] == ["CMD", *check.command]
