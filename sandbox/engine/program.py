"""Starting the program of a stack and waiting for its end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from sandbox.engine.processes import bound
from sandbox.engine.run import Run

_ROOT = Path(__file__).resolve().parents[2]


def run_program(run: Run, directory: Path, address: str) -> int:
    """Runs `directory`/__main__.py against the monitor at `address`; its output is passed to standard error, and its
    exit code returned."""
    config = run.config
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
        # The SDK keeps the event loop busy with these when gRPC forks; the program forks nothing.
        "GRPC_ENABLE_FORK_SUPPORT": "false",
    }
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        environment.pop(name, None)  # the engine decrypts; the program has no use for it
    command = [sys.executable, "-u", "-m", "sandbox.engine.runner", "--address", address]
    command += ["--project", config.project, "--stack", config.stack, "--directory", str(directory)]
    command += ["--parallel", str(run.parallel), *(["--preview"] if run.preview else [])]
    # Its own session: Ctrl-C is for the engine, which lets operations at work finish.
    process = subprocess.Popen(
        bound(command),
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=sys.stderr.fileno(),
        start_new_session=True,
    )
    settings = {"values": config.values, "secret_keys": sorted(config.secret_keys)}
    try:
        # Not in the environment: the kernel takes at most 128 KiB there, and other processes could read it.
        with contextlib.suppress(BrokenPipeError):  # it ended already; its exit code says so
            process.communicate(json.dumps(settings).encode())
        return process.wait()
    finally:
        process.kill()
        process.wait()
