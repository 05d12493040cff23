"""The variables with which plain `pulumi` works on the stack as `make` does."""

import os
import shlex

from cli.engines import Engine
from cli.holders import check_holder
from cli.outputs import stack_outputs
from cli.places import cli_place
from cli.platforms import operations
from cli.scale import give
from cli.stack_file import StackFile
from composition.by_hand import VARIABLE, recorded

_WANTED = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_PYTHON_CMD")


def show_environment(stack: StackFile) -> int:
    """Prints lines for a shell to read, and no secret. Raises CommandError where the CLI does not hold the stack."""
    place = cli_place()
    check_holder(stack, place, "up")
    hosts = operations(stack).hosts
    engine = Engine(stack, hosts.environment, place)
    held = recorded(stack_outputs(engine.resources()))
    give(engine, [one for one in held if not one.ended()])
    for name in (*_WANTED, VARIABLE, *hosts.environment):
        if value := engine.environment.get(name):
            print(f"export {name}={shlex.quote(value)}")
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        print("# PULUMI_CONFIG_PASSPHRASE: as it is set already")
    return 0
