"""The program of every stack: load, make the platform, compose, export."""

import gc
import signal

import pulumi

from composition.by_hand import OUTPUT, given, output
from composition.compose import compose
from composition.read import read_stack
from composition.refuse import refuse
from settings.faults import BrokenStack


def main() -> None:
    """Deploy the stack that Pulumi selected."""
    # An engine that stops ends its program by SIGINT, which is no news with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Everything lives until the program ends. With Python's threshold of 700 the collector walks a large stack again
    # and again, for a third of the preview's time (`make bench`).
    gc.set_threshold(100_000)
    held = given()
    try:
        outputs = compose(read_stack(held), stack_name=pulumi.get_stack(), ask_hosts=True)
    except (BrokenStack, pulumi.RunError) as stopped:
        refuse(stopped)
    if held:
        outputs[OUTPUT] = output(held)
    for name, value in outputs.items():
        pulumi.export(name, value)


main()
