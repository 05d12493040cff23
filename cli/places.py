"""Where the state of a stack can be: with the sandbox engine, or in a backend of the Pulumi CLI."""

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CommandError
from cli.stack_file import REPOSITORY, StackFile
from cli.state import state_directory

ENGINES = {"sandbox": "sandbox engine", "pulumi": "Pulumi CLI"}
BACKEND = "PULUMI_BACKEND_URL"


@dataclass(frozen=True, kw_only=True)
class Place:
    """An engine, and for the CLI the URL of its backend."""

    engine: str
    backend: str = ""

    @property
    def said(self) -> str:
        """`Pulumi CLI in file:///...`"""
        return f"{ENGINES[self.engine]} in {self.backend or state_directory()}"

    @property
    def is_ours(self) -> bool:
        """Whether it is in the state directory of the commands, and no backend of the person."""
        return self in (_SANDBOX, own_backend())

    def without(self, stack: StackFile) -> str:
        """What a person types to give up what is recorded there, and nothing that runs."""
        if self == _SANDBOX:
            state = shlex.quote(str(state_directory() / f"{stack.name}.json"))
            return f"mv {state} {state}.old"
        return f"{BACKEND}={shlex.quote(self.backend)} pulumi stack rm {stack.name} --force --preserve-config"

    def line(self, command: str, stack: StackFile) -> str:
        """What a person types to run `command` there."""
        backend = "" if self.is_ours else f"{BACKEND}={shlex.quote(self.backend)} "
        return f"{backend}{stack.make(command)} ENGINE={self.engine}"


_SANDBOX = Place(engine="sandbox")


def own_backend() -> Place:
    """The CLI in the backend that `make` uses where none is named."""
    return Place(engine="pulumi", backend=f"file://{state_directory() / 'pulumi'}")


def _backend(url: str) -> Place:
    """The CLI in the backend of a URL, which has one spelling where it is a directory."""
    if not url.startswith("file://"):
        return Place(engine="pulumi", backend=url)
    _, mark, options = url.partition("?")
    return Place(engine="pulumi", backend=f"file://{directory(url)}{mark}{options}")


def directory(url: str) -> Path:
    """`file:///a`, `file://./a` and `file://~/a`, as the CLI reads them."""
    return (REPOSITORY / Path(url.removeprefix("file://").partition("?")[0]).expanduser()).resolve()


def chosen_place() -> Place:
    """What ENGINE and PULUMI_BACKEND_URL say; without ENGINE the CLI where there is one. Raises CommandError."""
    engine = os.environ.get("ENGINE", "")
    if engine not in ("", *ENGINES):
        raise CommandError(f"ENGINE is `sandbox` or `pulumi`, not `{engine}`.")
    found = shutil.which("pulumi") is not None
    if engine == "pulumi" and not found:
        raise CommandError("ENGINE=pulumi, but there is no `pulumi` on PATH; install it, or use ENGINE=sandbox.")
    if engine == "sandbox" or not (engine or found):
        return _SANDBOX
    return cli_place()


def cli_place() -> Place:
    """The CLI, in the backend that PULUMI_BACKEND_URL names or the commands' own."""
    named = os.environ.get(BACKEND, "")
    return _backend(named) if named else own_backend()


def places() -> Iterator[Place]:
    """Every place that is known here, each once."""
    named = (_backend(url) for url in (os.environ.get(BACKEND, ""), _login()) if url)
    yield from dict.fromkeys((_SANDBOX, own_backend(), *named))


def _login() -> str:
    """The backend of `pulumi login`: the CLI writes down which is the current one. Nothing else of that file is read
    into a variable."""
    home = os.environ.get("PULUMI_CREDENTIALS_PATH") or os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"
    try:
        return str(json.loads((Path(home) / "credentials.json").read_text(encoding="utf-8")).get("current") or "")
    except (OSError, ValueError, AttributeError):
        return ""
