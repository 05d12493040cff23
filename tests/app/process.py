"""`python -m app` as the image runs it: the package is called `app`, the settings are variables."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.loopback import free_port

SANDBOX = Path(__file__).parents[2] / "sandbox"


def run_module(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs `python -m <module>` to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=SANDBOX,
        env=_environment(env or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class AppProcess:
    """One replica; killed when the block ends, if it still runs."""

    def __init__(self, env: Mapping[str, str], module: str = "app") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # A file, not a pipe: nobody reads while the replica runs, and a full pipe would stop it.
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=SANDBOX,
            env=_environment({"PORT": str(self.port), "DRAIN_SECONDS": "0.5", **env}),
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> "AppProcess":
        deadline = time.monotonic() + 120
        while True:
            try:
                httpx.get(f"{self.url}/health", trust_env=False).raise_for_status()
                return self
            except httpx.HTTPError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.__exit__(None, None, None)
                    raise
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def metric(self, name: str, **labels: str) -> float:
        """The sum over the labels that are not given."""
        families = text_string_to_metric_families(httpx.get(f"{self.url}/metrics", trust_env=False, timeout=60).text)
        samples = (sample for family in families for sample in family.samples if sample.name == name)
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def terminate(self) -> None:
        """SIGTERM, as both platforms stop a replica."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, as a lost host does."""
        self._process.kill()

    def wait(self) -> tuple[int, str]:
        """The exit code and everything that was logged."""
        code = self._process.wait(120)
        self._output.seek(0)
        return code, self._output.read()


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **env}
