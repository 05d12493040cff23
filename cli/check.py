"""The stack file against every rule, before a host is started for it."""

from cli.errors import CommandError
from cli.places import chosen_place
from cli.stack_file import ROOT, StackFile
from composition.read import check as check_settings
from composition.stack import Stack
from settings.document import changed_by_the_cli
from settings.faults import BrokenStack, Fault


def check(stack: StackFile) -> Stack:
    """The typed settings. Raises CommandError with the whole report when the stack is broken."""
    changed = changed_by_the_cli(stack.document) if chosen_place().engine == "pulumi" else ()
    try:
        return check_settings(
            stack.document,
            source=str(stack.path),
            secret_names=stack.secret_names,
            give_secret=f"{stack.make('secret')} KEY=",
            faults=[_changed(path) for path in changed],
        )
    except BrokenStack as broken:
        raise CommandError(str(broken)) from None


def _changed(path: str) -> Fault:
    return Fault(
        path=f"{ROOT}.{path}",
        rule="starts with a line break or tab and has several lines, and the Pulumi CLI loses what it starts with",
        fix="Let the application add it.",
    )
