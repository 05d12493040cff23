"""Rules across components that shared volumes have."""

from collections.abc import Iterator

from components.context import Context
from model import Origin
from settings.faults import Fault
from settings.plain_secrets import is_secret


def options_hold_no_secrets(context: Context) -> Iterator[Fault]:
    """Options of a driver are visible to everybody who may inspect a service or a volume."""
    for name, settings in context.parts("volumes").items():
        for option, text in settings.options.items():
            if is_secret(option, text):
                yield Fault(
                    path=str(Origin(key="volumes", name=name).at("options", option)),
                    rule="looks like a secret, and options can be read by inspecting the service",
                    fix="Use a server that knows its clients by address (NFS), or a driver that has its own login.",
                )


RULES = (options_hold_no_secrets,)
