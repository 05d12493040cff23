"""`python -m cli up|preview|down|status|secret STACK [KEY]`: what the Makefile calls."""

import argparse
import json
import sys
import time

from cli import hosts as host_choice
from cli.answer import show_answers
from cli.engines import Engine
from cli.errors import CommandError
from cli.stack_file import StackFile, stack_file
from cli.status import show_status


def main() -> int:
    """Run one command; a fault is one sentence on standard error and exit 1."""
    parser = argparse.ArgumentParser(prog="cli", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("stack")
    parser.add_argument("key", nargs="?", default="")
    arguments = parser.parse_args()
    try:
        return COMMANDS[arguments.command](stack_file(arguments.stack), arguments.key)
    except CommandError as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 1


def up(stack: StackFile, _key: str) -> int:
    """Deploy, wait until healthy, and show one real answer."""
    started = time.monotonic()
    hosts = host_choice.chosen(stack) or host_choice.sandbox_up(stack)
    engine = Engine(stack, hosts.environment)
    print(f"up: stack {stack.name} on {hosts.description}, engine {engine.name}")
    if code := engine.up():
        return code
    show_answers(stack, hosts.address, json.loads(engine.outputs()))
    print(f"up: stack {stack.name} answered after {time.monotonic() - started:.0f} s, engine {engine.name}")
    return 0


def preview(stack: StackFile, _key: str) -> int:
    """Show what `up` would change."""
    hosts = host_choice.chosen(stack) or host_choice.sandbox_hosts(stack)
    return Engine(stack, hosts.environment).preview()


def down(stack: StackFile, _key: str) -> int:
    """Remove the stack, and the sandbox hosts if it ran on them."""
    hosts = host_choice.chosen(stack)
    if hosts is not None:
        return Engine(stack, hosts.environment).destroy()
    code = Engine(stack, host_choice.sandbox_hosts(stack).environment).destroy()
    if code == 0:
        for removed in host_choice.sandbox_down(stack):
            print(f"down: removed {removed}")
    return code


def status(stack: StackFile, _key: str) -> int:
    """Show what runs; exit 1 when something that is wanted does not."""
    hosts = host_choice.chosen(stack) or host_choice.sandbox_hosts(stack)
    exported = Engine(stack, hosts.environment).export()
    return 0 if show_status(stack.platform, hosts, exported) else 1


def secret(stack: StackFile, key: str) -> int:
    """Give a secret: its value is read from standard input, so that it is in no argument and no shell history."""
    if not key:
        raise CommandError("KEY is missing: make secret STACK=dev KEY=openai_api_key < file")
    if sys.stdin.isatty():
        print(f"secret: type the value of {key}, then Enter and Ctrl-D", file=sys.stderr)
    value = sys.stdin.read().rstrip("\n")
    if not value:
        raise CommandError(f"the value of {key} is empty; give it on standard input.")
    return Engine(stack, {}).set_secret(key, value)


COMMANDS = {"up": up, "preview": preview, "down": down, "status": status, "secret": secret}

if __name__ == "__main__":
    sys.exit(main())
