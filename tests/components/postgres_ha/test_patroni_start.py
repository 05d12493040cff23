"""How Patroni is started, with modules in its place."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from components.postgres_ha.files.patroni_start import Clock, Everybody

_START = Path(__file__).parents[3] / "components/postgres_ha/files/patroni_start.py"
_MAIN = """
import sys
from patroni import postgresql
from patroni import ha
from patroni.dcs import etcd3
def main():
    wait = getattr(postgresql, "STOP_POLLING_INTERVAL", None)
    print(sys.argv, wait, etcd3.Condition.__name__, type(ha.time).__name__)
"""


def patroni(directory: Path, constant: str) -> str:
    """What a Patroni prints that is in `directory`."""
    for name, text in (
        ("patroni/__init__.py", ""),
        ("patroni/__main__.py", _MAIN),
        ("patroni/postgresql/__init__.py", constant),
        ("patroni/ha.py", "import time\n"),
        ("patroni/dcs/__init__.py", ""),
        ("patroni/dcs/etcd3.py", "from threading import Condition\n"),
    ):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return started(directory, {"PYTHONPATH": str(directory)})


def started(directory: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-S", _START, "/config"],
        capture_output=True, text=True, check=True, cwd=directory, env={"PATH": f"{directory}:/usr/bin:/bin", **env},
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize(("constant", "found"), [("STOP_POLLING_INTERVAL = 1", "0.1"), ("", "None")])
def test_it_waits_less_than_patroni_would(tmp_path: Path, constant: str, found: str) -> None:
    assert patroni(tmp_path, constant) == f"['patroni', '/config'] {found} Everybody Clock"


def test_only_the_sleep_of_a_server_that_stops_is_shorter() -> None:
    clock = Clock()

    def on_shutdown() -> float:
        began = clock.monotonic()  # type: ignore[operator]
        clock.sleep(0.5)
        return float(clock.monotonic() - began)  # type: ignore[operator]

    def demote() -> float:
        began = time.monotonic()
        clock.sleep(0.5)
        return time.monotonic() - began

    waited = demote()
    assert waited >= 0.5
    assert on_shutdown() < waited


def test_a_patroni_of_another_python_is_started_as_it_is(tmp_path: Path) -> None:
    program = tmp_path / "patroni"
    program.write_text('#!/bin/sh\necho "itself $1"\n')
    program.chmod(0o755)
    assert started(tmp_path, {}) == "itself /config"


@pytest.mark.parametrize(("condition", "woken"), [(Everybody, 2), (threading.Condition, 1)])
def test_all_who_wait_are_woken(condition: type[threading.Condition], woken: int) -> None:
    one, waiting, awake = condition(), threading.Semaphore(0), []

    def wait() -> None:
        with one:
            waiting.release()
            awake.append(one.wait(2))

    threads = [threading.Thread(target=wait) for _ in range(2)]
    for thread in threads:
        thread.start()
        waiting.acquire()
    with one:
        one.notify()
    begun = time.monotonic()
    for thread in threads:
        thread.join()
    assert awake.count(True) == woken, f"after {time.monotonic() - begun:.1f} s"
