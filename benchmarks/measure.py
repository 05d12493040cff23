"""One preview, timed, with the memory of the largest process."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cli.stack_file import REPOSITORY


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Wall-clock seconds, and the peak resident memory of the largest process, in MiB."""

    seconds: float
    mebibytes: float


_RUNNER = (
    "import resource, subprocess, sys\n"
    "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    "sys.exit(code)\n"
)


def preview(directory: Path, *, stack_file: Path | None, state: Path) -> Sample:
    """A preview of a stack that does not exist yet, by the sandbox engine; no cluster and no Docker host is asked."""
    command = [sys.executable, "-m", "sandbox.engine", "preview", "--stack", "bench", "--cwd", str(directory)]
    if stack_file:
        command += ["--stack-file", str(stack_file)]
    environment = {
        **os.environ,
        "HA_STATE": str(state),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PYTHONPATH": str(REPOSITORY),
        "KUBECONFIG": "/nonexistent",
        "DOCKER_HOST": "unix:///nonexistent.sock",
    }
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER, *command], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    if done.returncode != 0:
        raise SystemExit(f"bench: the preview in {directory} failed:\n{done.stderr[-2000:]}")
    return Sample(seconds=seconds, mebibytes=int(done.stdout.split()[-1]) / 1024)
