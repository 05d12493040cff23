"""The launcher behind `Container.secret_env`, the same on both platforms.

A platform mounts each secret as the file `secret_path(variable)`; the launcher exports the content under the
variable's name and then becomes the command. Only the process and its children see the values. A check that runs a
command in the container is a process of its own: it starts through the launcher too.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from model import Container, ExecCheck, Probe, Probes

SECRET_ENV_DIRECTORY = "/run/secret-env"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_variable(name: str) -> bool:
    """Whether a shell can export `name`."""
    return _VARIABLE.fullmatch(name) is not None


def secret_path(variable: str) -> str:
    """Where the secret of `variable` is mounted."""
    return f"{SECRET_ENV_DIRECTORY}/{variable}"


def launch(variables: Iterable[str], command: Sequence[str]) -> tuple[str, ...]:
    """The whole argument vector that runs `command` with `variables` exported.

    Newlines at the end of a secret are dropped, as a shell does. A missing file ends the container with an error that
    names the file. `exec` keeps the command process 1, so that it receives the stop signal.
    """
    exports = "".join(f'{name}="$(cat {secret_path(name)})"; export {name}; ' for name in sorted(variables))
    return ("sh", "-c", f'set -eu; {exports}exec "$@"', "launcher", *command)


def launched(probes: Probes, container: Container) -> Probes:
    """The probes of `container`, their commands run with the variables of its `secret_env`."""

    def one(probe: Probe) -> Probe:
        if not container.secret_env or not isinstance(probe.check, ExecCheck):
            return probe
        return replace(probe, check=ExecCheck(command=launch(container.secret_env, probe.check.command)))

    return replace(probes, ready=one(probes.ready), live=one(probes.live))
