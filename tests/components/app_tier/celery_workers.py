"""Celery's workers as they are rendered, run as real processes; Celery itself is in an environment of its own."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from components.app_tier import AppTier
from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract, Terms
from components.facts import FactText
from drills.waiting import wait_for
from model import Image
from sandbox.hosts.profiles import cache_dir
from tests.components.recorder import Recorder, recorded
from tests.live.require import refuse
from tests.loopback import free_port

REQUIREMENTS = ("celery[redis]==5.7.0", "redis==8.1.0")
READY_SECONDS = 180
TASKS = """
import os, time
from celery import Celery

app = Celery("tasks")

def said(word, name):
    with open(os.environ["SAID"], "a") as file:
        file.write(f"{word} {name}\\n")

@app.task
def work(name, seconds):
    said("began", name)
    if seconds is None:
        while not os.path.exists(name):
            time.sleep(0.05)
    else:
        time.sleep(seconds)
    said("ended", name)

@app.task
def fail():
    raise ValueError("as it should")
"""


def python() -> str:
    """An interpreter with Celery, made once."""
    place = cache_dir() / f"celery-{'-'.join(one.rpartition('==')[2] for one in REQUIREMENTS)}"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "made").exists():
            uv = [sys.executable, "-m", "uv", "--quiet"]
            make = [*uv, "venv", "--clear", "--python", sys.executable, str(place / "env")]
            install = [*uv, "pip", "install", "--python", str(place / "env/bin/python"), *REQUIREMENTS]
            for command in (make, install):
                done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                if done.returncode != 0:
                    refuse(f"Celery cannot be installed: {done.stderr[-300:]}")
            (place / "made").touch()
    return str(place / "env/bin/python")


class Workers:
    """Of one broker: `values` are the facts of its contract."""

    def __init__(self, directory: Path, terms: Terms, values: dict[str, str], **worker: Any) -> None:
        self.directory = directory
        self.said = directory / "said"
        self.said.touch()
        self._python = python()
        self._running: list[Worker] = []
        self._exporter: subprocess.Popen[bytes] | None = None
        self._terms, self._values = terms, values
        texts = self._rendered(worker)
        run = directory / "run"
        (run / "ha_celery").mkdir(parents=True)
        self.metrics_port = free_port()
        told = json.loads(texts["worker-celery-json"]) | {"metrics_port": self.metrics_port}
        (run / "celery.json").write_text(json.dumps(told))
        (run / "__main__.py").write_text(texts["worker-celery-main"])
        for name, text in texts.items():
            program = name.removeprefix("worker-celery-program-")
            if program != name:
                (run / f"ha_celery/{program}.py").write_text(text)
        (directory / "tasks.py").write_text(TASKS)

    def start(self, *, grace: int) -> "Worker":
        """Returns when its own check says that it consumes."""
        worker = Worker(self, len(self._running), grace)
        self._running.append(worker)
        wait_for("the worker consumes", worker.alive, seconds=READY_SECONDS, every=0.5)
        return worker

    def start_exporter(self) -> None:
        """Returns when it has heard of the worker."""
        with (self.directory / "exporter.log").open("wb") as log:
            self._exporter = subprocess.Popen(
                self.command("exporter"), cwd=self.directory, env=self.env(), stdout=log, stderr=log
            )
        wait_for("the exporter hears", lambda: self.figures().get("ha_celery_workers") == 1, seconds=300, every=0.5)

    def figures(self) -> dict[str, float]:
        """What the exporter says: a series with its labels -> value. Empty while it does not answer."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=60)
        except httpx.TransportError:
            return {}
        lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
        return {series: float(value) for series, _, value in lines}

    def send(self, *tasks: tuple[str, float | None]) -> None:
        """Names, and how long each takes; None: until it is let go."""
        calls = f"[tasks.work.apply_async(task, queue='jobs') for task in {list(tasks)!r}]"
        told = "import json, pathlib, tasks; from ha_celery import broker, worker; "
        told += "worker.configure(tasks.app, json.loads(pathlib.Path('run/celery.json').read_text())); "
        subprocess.run(
            [self._python, "-c", told + calls], env=self.env() | {"PYTHONPATH": "run"}, cwd=self.directory, timeout=300,
            check=True,
        )  # fmt: skip

    def let_go(self, name: str) -> None:
        (self.directory / name).touch()

    def count(self, word: str) -> Counter[str]:
        """How often each task began, or ended."""
        lines = [line.split() for line in self.said.read_text().splitlines()]
        return Counter(name for said, name in lines if said == word)

    def env(self) -> dict[str, str]:
        """What a container gets: the preset's variables with their values."""
        found = {"PATH": os.environ["PATH"], "SAID": str(self.said)}
        for name, text in self._terms.presets["celery"].items():
            found[f"CELERY{name}"] = FactText(text).filled(self._values, self._terms.facts)
        return found

    def stop(self) -> None:
        for worker in self._running:
            worker.kill()
        if self._exporter:
            self._exporter.kill()
            self._exporter.wait()

    def command(self, mode: str) -> list[str]:
        return [self._python, str(self.directory / "run"), mode]

    def _rendered(self, worker: dict[str, Any]) -> dict[str, str]:
        settings = AppTierSettings.model_validate(
            {
                "image": "registry.example.com/x/app:1.0.0",
                "uses": {"jobs": {"prefix": "CELERY", "preset": "celery"}},
                "celery": {"app": "tasks", "worker": {"queues": ["jobs"], "time_limit": "2m", **worker}},
            }
        )

        def build(platform: Recorder) -> AppTier:
            return AppTier(
                "worker",
                settings,
                platform=platform,
                image=Image(ref="x/app:1.0.0", uid=1, gid=1),
                contracts={"jobs": ClientContract(terms=self._terms, values=dict(self._values))},
                given={},
            )

        return recorded(build, type_="ha-platform:app:AppTier")[1].texts


class Worker:
    """One process, with children."""

    def __init__(self, workers: Workers, number: int, grace: int) -> None:
        self._workers = workers
        self._tmp = workers.directory / f"tmp-{number}"
        self._tmp.mkdir()
        self._env = workers.env() | {"GRACE_SECONDS": str(grace), "TMPDIR": str(self._tmp)}
        with self.log.open("wb") as log:
            # A host of its own, as containers are: the queue for orders has the host's name, and is one worker's alone.
            named = ["unshare", "--uts", "sh", "-c", f'hostname worker-{number} && exec "$@"', "sh"]
            self.process = subprocess.Popen(
                [*named, *workers.command("worker")], cwd=workers.directory, env=self._env, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        return self._tmp / "log"

    def alive(self) -> bool:
        """As a platform asks."""
        check = self._workers.command("alive")
        return subprocess.run(check, env=self._env, capture_output=True, timeout=120, check=False).returncode == 0

    def stop(self, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> float:
        """As a platform stops a container: the first process alone is told. Returns how long it took."""
        began = time.monotonic()
        self.process.terminate()
        meanwhile()
        self.process.wait(seconds)
        return time.monotonic() - began

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
