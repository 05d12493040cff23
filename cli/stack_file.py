"""What the commands must know of a stack before any engine reads it."""

import os
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError
from settings.document import BadDocument, ordered, read_document
from settings.load import Loaded, load

if TYPE_CHECKING:
    from composition.stack import Stack
    from platforms.table import PlatformSettings

PROJECT = "ha-platform"
ROOT = f"{PROJECT}:stack"

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT = "dev"


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """A stack's name and file, and its typed settings as far as they can be read."""

    name: str
    path: Path
    document: object = None
    """What stands under `ha-platform:stack`."""
    secret_names: frozenset[str] = frozenset()
    salt: str = ""
    """The file's `encryptionsalt`: its secrets' passphrase belongs to it."""
    given: str = ""
    """STACK_FILE as it was given; empty: the stack's own file in the repository."""

    def make(self, command: str) -> str:
        """What a person types to run `command` on this stack."""
        file = [f"STACK_FILE={shlex.quote(self.given)}"] if self.given else []
        return " ".join(["make", command, f"STACK={self.name}", *file])

    @cached_property
    def loaded(self) -> "Loaded[Stack]":
        """The settings, sound part by sound part: `down` and `status` need only where the stack runs."""
        from composition.stack import Stack

        return load(Stack, ordered(self.document), root=ROOT)

    @property
    def platform(self) -> "PlatformSettings":
        """Where it runs. Raises CommandError when just that cannot be read."""
        return self._sound("platform").platform

    @property
    def sandbox(self) -> bool:
        """Whether it runs on sandbox images, and so on sandbox hosts unless others are named."""
        return self._sound("images").images.source == "sandbox"

    @property
    def keeps_data(self) -> bool:
        """Whether volumes outlive the stack: unless the file says `data: delete`, and says it soundly."""
        return self.loaded.sound.data == "keep"

    def _sound(self, key: str) -> "Stack":
        if (key,) in self.loaded.broken or () in self.loaded.broken or not hasattr(self.loaded.sound, key):
            at = f"{ROOT}.{key}"
            faults = [f for f in self.loaded.faults if f.path in (ROOT, at) or f.path.startswith((f"{at}.", f"{at}["))]
            said = "".join(f"\n  {fault}" for fault in faults)
            raise CommandError(f"{self.path}: where the stack runs cannot be read:{said}")
        return self.loaded.sound


def stack_file(name: str = "") -> StackFile:
    """The stack `name`, from STACK_FILE or `Pulumi.<name>.yaml`.

    Without a name it is the one that STACK_FILE is named after: `Pulumi.<name>.yaml`, or `<name>.yaml`. Without
    STACK_FILE as well, it is `dev`.
    """
    given = os.environ.get("STACK_FILE", "")
    name = name or (_named_after(given) if given else DEFAULT)
    path = _path(name, given)
    try:
        document = read_document(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not YAML: it is not UTF-8.") from None
    except BadDocument as bad:
        raise CommandError("\n  ".join([f"{path} cannot be read as it is written:", *bad.problems])) from None
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise CommandError(f"{path} has no `config:` map; see Pulumi.dev.yaml for an example.")
    settings, secrets = config.get("ha-platform:stack"), config.get("ha-platform:secrets")
    return StackFile(
        name=name,
        path=path,
        document=settings,
        secret_names=frozenset(map(str, secrets)) if isinstance(secrets, dict) else frozenset(),
        salt=str(document.get("encryptionsalt") or ""),
        given=given,
    )


def _named_after(file: str) -> str:
    stem = Path(file).stem.removeprefix("Pulumi.")
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.")
    if not name:
        raise CommandError(f"STACK_FILE={file} does not name a stack (Pulumi.<stack>.yaml does); set STACK=<name>.")
    return name


def _path(name: str, given: str) -> Path:
    if not given:
        path = REPOSITORY / f"Pulumi.{name}.yaml"
        if not path.is_file():
            stacks = ", ".join(sorted(file.name.split(".")[1] for file in REPOSITORY.glob("Pulumi.*.yaml")))
            raise CommandError(
                f"there is no stack {name}; the stacks here are {stacks}. If its file is elsewhere, write "
                f"`STACK_FILE=<folder>/Pulumi.{name}.yaml`, or `STACK={name} STACK_FILE=<path>`."
            )
        return path
    # `make -C` changes the directory; the path is meant from where make was called.
    from_caller = Path(os.environ.get("CALLED_FROM", ""), Path(given).expanduser())
    path = (from_caller if from_caller.is_file() else Path(given)).resolve()
    if not path.is_file():
        raise CommandError(f"STACK_FILE={given}: there is no file {path}.")
    return path
