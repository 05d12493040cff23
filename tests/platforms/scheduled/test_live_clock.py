"""The clock as a container runs it: its files as they are mounted, its process, what Prometheus and others ask it."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from model import Schedule
from platforms.schedules import DIRECTORY, files
from tests.components.recorder import Recorder
from tests.loopback import free_port
from tests.mock_engine import render
from tests.platforms.words import Objects, words

pytestmark = pytest.mark.live


def mounted(place: Path, **told: Any) -> Path:
    """The word's files below `place`, with what the configuration says of the container changed."""

    def write(parent: Any) -> None:
        platform = Recorder()
        word = words(Objects.make(platform, parent))["schedule"]
        assert isinstance(word, Schedule)
        for file in files(platform, word, parent=parent):
            path = place / Path(file.path).relative_to(DIRECTORY)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(platform.text(file.source.name))

    render(write)
    config = place / "schedule.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | told))
    return place


def just_now() -> str:
    """A time that was due up to a minute ago, and then not before tomorrow."""
    at = datetime.now(UTC) - timedelta(seconds=1)
    return f"{at.minute} {at.hour} * * *"


class Clock:
    """One on loopback, with a history since yesterday."""

    def __init__(self, place: Path, *command: str, **told: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"state": str(place / "state.json"), "listen": "127.0.0.1", "port": self.port, "clock": self.url}
        self.files = mounted(place / "files", **{"at": just_now(), "grace": 1, "deadline": 120, **own, **told})
        self.command = command
        if not (place / "state.json").exists():
            (place / "state.json").write_text(json.dumps({"since": time.time() - 86400}))

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        argv = [sys.executable, str(self.files), "keep", *self.command]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                self.until(lambda: self.get("/health") == "ok\n")
                yield process
            finally:
                process.kill()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return str(answer.read().decode())

    def runs(self) -> list[tuple[str, str]]:
        return [(run["run"], run["result"]) for run in json.loads(self.get("/runs"))["runs"]]

    def until(self, what: Any) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if what():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        pytest.fail("this did not come about in 120 s")


def test_it_runs_what_is_due_once_and_tells_how_it_was(tmp_path: Path) -> None:
    done = tmp_path / "done"
    clock = Clock(tmp_path, "sh", "-c", f"echo run >> {done}")
    with clock.running() as process:
        clock.until(clock.runs)
        assert [result for _, result in clock.runs()] == ["succeeded"]
        page = clock.get("/metrics")
        assert 'ha_schedule_runs_total{result="succeeded"} 1\n' in page
        assert "ha_schedule_failed 0\n" in page
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(f"{clock.url}/ended", b"{}", timeout=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    with clock.running():  # started again in the same minute
        time.sleep(2)
        assert len(clock.runs()) == 1
    assert done.read_text() == "run\n"


def test_a_stop_ends_the_run_and_is_remembered(tmp_path: Path) -> None:
    began = tmp_path / "began"
    clock = Clock(tmp_path, "sh", "-c", f"touch {began}; exec sleep 600")
    with clock.running() as process:
        clock.until(began.exists)
        assert "ha_schedule_running 1\n" in clock.get("/metrics")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
        assert "was stopped with its container" in process.communicate()[0]
    with clock.running():
        assert [result for _, result in clock.runs()] == ["stopped"]


def test_a_killed_clock_does_not_run_its_time_again(tmp_path: Path) -> None:
    clock = Clock(tmp_path, "sh", "-c", f"echo run >> {tmp_path}/done; exec sleep 30")
    with clock.running() as process:
        clock.until((tmp_path / "done").exists)
        process.send_signal(signal.SIGKILL)
        process.wait(120)
    with clock.running():
        time.sleep(2)
        assert [result for _, result in clock.runs()] == ["lost"]
        assert "ha_schedule_failed 1\n" in clock.get("/metrics")
    assert (tmp_path / "done").read_text() == "run\n"


def report(clock: Clock, *command: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(clock.files), "report", *command]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)


def test_a_run_elsewhere_tells_the_clock(tmp_path: Path) -> None:
    clock = Clock(tmp_path, deadline=120)
    with clock.running():
        assert report(clock, "true").returncode == 0
        assert report(clock, "sh", "-c", "exit 3").returncode == 3
        config = clock.files / "schedule.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"deadline": 1}))
        assert report(clock, "sleep", "60").returncode == 1
        page = clock.get("/metrics")
        counts = {"succeeded": 1, "failed": 1, "over_deadline": 1, "stopped": 0, "lost": 0}
        for result, count in counts.items():
            assert f'ha_schedule_runs_total{{result="{result}"}} {count}\n' in page
        for body in (b"{", b'{"run": "a"}', b'{"run": "a", "result": "good", "code": 0, "seconds": 1}', b"[]"):
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(f"{clock.url}/ended", body, timeout=60)


def test_a_run_does_its_work_also_where_no_clock_answers(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    main = clock.files / "scripts/report.py"
    main.write_text(
        main.read_text().replace("(4, 1.0, 2.0)", "(2, 0.1, 2.0)").replace("(6, 5.0, 5.0)", "(2, 0.1, 2.0)")
    )
    done = report(clock, "touch", str(tmp_path / "work"))
    assert done.returncode == 0
    assert (tmp_path / "work").exists()
    assert "the clock did not hear" in done.stdout


def test_a_zone_that_the_image_does_not_know_is_said(tmp_path: Path) -> None:
    clock = Clock(tmp_path, "true", zone="Mars/Phobos")
    done = subprocess.run(
        [sys.executable, str(clock.files), "keep", "true"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "the clock cannot begin in this image: the time zone Mars/Phobos is not known here" in done.stdout
