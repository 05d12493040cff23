"""The program of every stack: load, make the platform, compose, export."""

import pulumi

from composition.compose import compose
from composition.read import read_stack
from composition.refuse import refuse
from settings.faults import BrokenStack


def main() -> None:
    """Deploy the stack that Pulumi selected."""
    try:
        outputs = compose(read_stack(), stack_name=pulumi.get_stack())
    except BrokenStack as broken:
        refuse(broken)
    for name, value in outputs.items():
        pulumi.export(name, value)


main()
