"""The passphrase that secrets are encrypted with, in the stack file and in the state."""

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from cli.errors import CommandError
from cli.stack_file import StackFile
from cli.state import made, state_directory

_NAMES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
SIGN = "incorrect passphrase"
"""What either engine says."""


def passphrase(stack: StackFile) -> dict[str, str]:
    """The variable for the generated passphrase, which is made once; nothing where the person's own is set. Raises
    CommandError where a new one would be wrong for sure."""
    if any(name in os.environ for name in _NAMES):
        return {}
    path = _generated()
    if stack.salt and not path.exists():
        raise CommandError(wrong_passphrase(stack, f"{path} is missing"))
    made(path.parent)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written ({error.strerror}); set HA_STATE to a directory that can be."
        ) from None
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}


def is_wrong(environment: Mapping[str, str], salts: Iterable[str]) -> bool:
    """Whether the passphrase does not belong to one of the salts, as a stack file or a state records them."""
    from sandbox.engine.crypto import Passphrase, passphrase_from
    from sandbox.engine.errors import EngineError

    try:
        for salt in salts:
            Passphrase(passphrase_from(environment), salt)
    except EngineError as error:
        return SIGN in str(error)
    return False


def wrong_passphrase(stack: StackFile, reason: str = "") -> str:
    """What a wrong passphrase means, and the ways out."""
    own = next((name for name in _NAMES if name in os.environ), "")
    used = reason or f"{own or _generated()} is another one"
    return (
        f"incorrect passphrase: secrets of stack {stack.name} were encrypted with one that is not here: {used}.\n"
        "  If you know it, set PULUMI_CONFIG_PASSPHRASE to it. If `make` had generated it, put the old "
        f"{_generated()} back.\n"
        f"  If it is lost, remove `encryptionsalt` and every `secure:` from {stack.path}, and give each secret again "
        f"(`{stack.make('secret')} KEY=...`). What a state holds under it is lost too: the generated passwords."
    )


def _generated() -> Path:
    return state_directory() / "passphrase"
