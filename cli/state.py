"""The directory of the commands: states of both engines, the generated passphrase, and the CLI's own files."""

import os
from pathlib import Path

from cli.errors import CommandError
from cli.stack_file import REPOSITORY


def state_directory() -> Path:
    """Where the engines keep their state: HA_STATE, default `.state` in the repository."""
    return Path(os.environ.get("HA_STATE") or REPOSITORY / ".state").resolve()


def made(directory: Path) -> Path:
    """The directory, made where it is not there. Raises CommandError where it cannot be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"the state directory {directory} cannot be made ({error.strerror}); set HA_STATE to one that can."
        ) from None
    return directory
