"""`python -m cli up|preview|down|status|secret [STACK] [KEY]`: what the Makefile calls."""

import argparse
import sys

from cli.commands import down, preview, secret, status, up
from cli.errors import CommandError
from cli.progress import fail
from cli.stack_file import stack_file


def main() -> int:
    """Run one command; a fault is one sentence on standard error and exit 1."""
    parser = argparse.ArgumentParser(prog="cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, said in (
        ("up", "deploy, and show one real answer"),
        ("preview", "show what `up` would change"),
        ("down", "remove the stack, and the sandbox hosts it ran on"),
        ("status", "show what runs; exit 1 when something is not as the stack wants it"),
        ("secret", "give a secret, whose value is read from standard input"),
    ):
        command = commands.add_parser(name, help=said, description=said)
        command.add_argument("stack", nargs="?", default="", help="default: as STACK_FILE is named, otherwise dev")
    commands.choices["preview"].add_argument("--json", action="store_true", help="as `pulumi preview --json`")
    commands.choices["secret"].add_argument("key", nargs="?", default="")
    arguments = parser.parse_args()
    try:
        stack = stack_file(arguments.stack)
        match arguments.command:
            case "up":
                return up(stack)
            case "preview":
                return preview(stack, as_json=arguments.json)
            case "down":
                return down(stack)
            case "status":
                return status(stack)
            case _:
                return secret(stack, arguments.key)
    except CommandError as error:
        fail(f"{arguments.command}: {error}")
        return 1
    except KeyboardInterrupt:
        fail(f"{arguments.command}: interrupted; `make up` goes on from here, `make down` removes what is there.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
