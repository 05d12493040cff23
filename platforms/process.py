"""What no platform can do with a container's process: its variables, its texts, its signal."""

from collections.abc import Iterator

from model import Container, Job
from platforms.base import Refused
from platforms.launcher import is_variable

_SIGNALS = frozenset({"SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH"})
"""Those by which servers are asked to stop. (SIGKILL asks nobody.)"""


def runs_as_root(container: Container) -> bool:
    """Whether it does, as it may: any other root is refused."""
    return container.image.uid == 0 and container.security.allow_root


def refusals(container: Container) -> Iterator[Refused]:
    """Fields of the process that cannot be honoured."""
    if container.image.uid == 0 and not container.security.allow_root:
        yield Refused(
            "container.image",
            f"{container.image.ref} (uid 0)",
            "runs as root; use an image that runs as a user, or say `security.allow_root` where there is that key",
        )
    if container.secret_env and not container.command:
        yield Refused(
            "container.secret_env",
            ", ".join(sorted(container.secret_env)),
            "a launcher exports the secrets and then runs the command, so `command` must be given",
        )
    for field, variables in (("container.env", container.env), ("container.secret_env", container.secret_env)):
        for variable in variables:
            if not is_variable(variable):
                yield Refused(field, variable, "a shell cannot export this name; use letters, digits and `_`")
    for variable in sorted({*container.env} & {*container.secret_env}):
        yield Refused("container.env", variable, "is a variable of `secret_env` too; keep one of them")
    yield from _texts(container)
    if container.stop.signal not in _SIGNALS:
        yield Refused(
            "container.stop.signal",
            container.stop.signal,
            f"does not ask a server to stop; use one of {', '.join(sorted(_SIGNALS))}",
        )


def job_refusals(word: Job) -> Iterator[Refused]:
    """Fields of a job's process that cannot be honoured."""
    yield from refusals(word.container)
    if not word.container.command:
        yield Refused("container.command", "none", "a job needs a command: its success is waited for")


def _texts(container: Container) -> Iterator[Refused]:
    """A process receives its texts as bytes that end with a NUL."""
    texts = [
        *(("container.env", name, value) for name, value in container.env.items()),
        *(("container.command", part, part) for part in container.command),
        *(("container.args", part, part) for part in container.args),
    ]
    for field, shown, text in texts:
        if "\0" in text:
            yield Refused(field, shown.replace("\0", "\\0"), "a process cannot get a NUL character; remove it")
