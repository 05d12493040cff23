"""The program of every stack: load, make the platform, compose, export."""

import gc

import pulumi

from composition.compose import compose
from composition.read import read_stack
from composition.refuse import refuse
from settings.faults import BrokenStack


def main() -> None:
    """Deploy the stack that Pulumi selected."""
    # Everything lives until the program ends. With Python's threshold of 700 the collector walks a large stack again
    # and again, for a third of the preview's time (`make bench`).
    gc.set_threshold(100_000)
    try:
        outputs = compose(read_stack(), stack_name=pulumi.get_stack())
    except BrokenStack as broken:
        refuse(broken)
    for name, value in outputs.items():
        pulumi.export(name, value)


main()
