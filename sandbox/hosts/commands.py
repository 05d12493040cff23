"""Run the machine's programs; a failure is one sentence with what the program said last."""

import subprocess
from collections.abc import Sequence

from sandbox.hosts.errors import HostError


def run(*argv: str, stdin: str | None = None, env: dict[str, str] | None = None, seconds: float = 600) -> str:
    """The standard output of a program; HostError when it fails, is missing, or takes longer than `seconds`."""
    try:
        done = subprocess.run(argv, input=stdin, env=env, capture_output=True, text=True, timeout=seconds, check=False)
    except FileNotFoundError:
        raise HostError(f"the program '{argv[0]}' is missing; `apt-get install` its package") from None
    except subprocess.TimeoutExpired:
        raise HostError(f"`{_short(argv)}` did not end within {seconds:g} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise HostError(f"`{_short(argv)}` failed: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout


def _short(argv: Sequence[str]) -> str:
    text = " ".join(argv)
    return text if len(text) <= 160 else f"{text[:157]}..."
