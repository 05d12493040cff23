"""The stack file held against every rule, before a host is started for it."""

from cli.errors import CommandError
from cli.stack_file import StackFile
from composition.read import check as check_settings
from composition.stack import Stack
from settings.faults import BrokenStack


def check(stack: StackFile) -> Stack:
    """The typed settings. Raises CommandError with the whole report when the stack is broken."""
    try:
        return check_settings(
            stack.settings,
            source=str(stack.path),
            secret_names=stack.secret_names,
            give_secret=f"{stack.make('secret')} KEY=",
        )
    except BrokenStack as broken:
        raise CommandError(str(broken)) from None
