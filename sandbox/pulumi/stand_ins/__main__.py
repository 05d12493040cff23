"""`python -m sandbox.pulumi.stand_ins NAME ADDRESS`: one plugin, as the CLI starts it."""

import os
import sys

from sandbox.pulumi.stand_ins.environment import ALLOWED


def main(name: str, *arguments: str) -> int:
    """2 where it is not the sandbox that started the CLI: then the official plugin is wanted."""
    if not os.environ.get(ALLOWED):
        print(f"{name}: this is a stand-in for tests on sandbox hosts; install Pulumi's own plugin", file=sys.stderr)
        return 2
    # Importing the other protocols' code would only cost time.
    if name == "pulumi-language-python":
        from sandbox.pulumi.stand_ins.language import serve_language

        return serve_language(arguments[-1])
    from sandbox.pulumi.stand_ins.provider import serve_provider

    return serve_provider(name.removeprefix("pulumi-resource-"), arguments[-1])


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads that wait for the CLI would hold the process, and the CLI waits for that
