"""`python -m sandbox.pulumi`: finds or builds the Pulumi CLI, and says where it is."""

import sys

from sandbox.hosts.errors import HostError
from sandbox.pulumi import command


def main() -> int:
    """1, with one sentence, where there is no CLI and none can be built."""
    try:
        found = command.ensure()
    except HostError as error:
        print(f"pulumi: NO PULUMI CLI, the sandbox engine is used instead: {error}", file=sys.stderr)
        return 1
    print(f"pulumi: {found}")
    if command.on_path() is None:
        print("pulumi: the command alone; its Python language host and its providers come with Pulumi's releases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
