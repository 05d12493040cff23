"""The commands, each from its stack file to its exit code."""

import re
import sys
import time

from cli import own_docker, sandbox
from cli.answer import show_answers
from cli.check import check
from cli.engines import Engine
from cli.entry import Entries
from cli.errors import CommandError
from cli.hosts import hosts_of
from cli.leftovers import Leftovers
from cli.node_labels import check_labels
from cli.ports import ensure_free
from cli.progress import say, warn
from cli.stack_file import StackFile
from cli.status import show_status

SECRET_NAME = re.compile(r"[a-z][a-z0-9_]*")


def up(stack: StackFile) -> int:
    """Deploy, wait until healthy, and show one real answer."""
    started = time.monotonic()
    settings = check(stack)
    hosts = hosts_of(stack)
    engine = Engine(stack, hosts.environment)
    say(f"up: stack {stack.name} on {hosts.description}, engine {engine.name}")
    if hosts.sandbox:
        sandbox.start(stack, hosts)
    elif settings.platform.kind == "swarm":
        own_docker.prepare(settings, hosts)
    if settings.platform.kind == "swarm":
        check_labels(settings, hosts)
        ensure_free(settings, stack.name, hosts)
    if code := engine.up():
        return code
    show_answers(stack, Entries(stack.platform, hosts, engine.resources()), engine.outputs())
    say(f"up: stack {stack.name} answered after {time.monotonic() - started:.0f} s, engine {engine.name}")
    return 0


def preview(stack: StackFile, *, as_json: bool = False) -> int:
    """Show what `up` would change."""
    settings = check(stack)
    hosts = hosts_of(stack)
    if settings.platform.kind == "swarm":
        try:
            check_labels(settings, hosts)
        except CommandError as problem:  # a preview shows what it can, also without its hosts
            warn(f"preview: {problem}")
    return Engine(stack, hosts.environment).preview(as_json=as_json)


def down(stack: StackFile) -> int:
    """Remove the stack, with its volumes if it says `data: delete`, and the sandbox hosts if nothing else is there."""
    hosts = hosts_of(stack)
    engine = Engine(stack, hosts.environment)
    resources = engine.resources()
    kept_before = stack.keeps_data and hosts.sandbox and sandbox.has_data(stack)
    if hosts.sandbox and not sandbox.runs(stack) and (resources or kept_before):
        warn(f"down: {hosts.description}, does not run; it is started to remove the stack in order")
        sandbox.start(stack, hosts)
    leftovers = Leftovers(stack, hosts, resources)
    if resources:
        if code := engine.destroy():
            return code
    else:
        say(f"down: stack {stack.name} is not deployed")
    if resources or (hosts.sandbox and sandbox.runs(stack)):
        leftovers.settle()
    if hosts.sandbox and not (sandbox.runs(stack) and leftovers.hold_the_sandbox()):
        for removed in sandbox.remove(stack):
            say(f"down: removed {removed}")
    return 0


def status(stack: StackFile) -> int:
    """Show what runs; exit 1 when something that is wanted does not."""
    hosts = hosts_of(stack)
    engine = Engine(stack, hosts.environment)
    resources = engine.resources()
    if not resources:
        raise CommandError(f"stack {stack.name} is not deployed; `{stack.make('up')}` deploys it.")
    say(f"status: stack {stack.name} on {hosts.description}, engine {engine.name}")
    return 0 if show_status(stack.platform, hosts, resources) else 1


def secret(stack: StackFile, key: str) -> int:
    """Give a secret: its value is read from standard input, so that it is in no argument and no shell history."""
    if not SECRET_NAME.fullmatch(key):
        said = f"KEY={key} is no name of a secret (a-z, 0-9, _)" if key else "KEY is missing"
        raise CommandError(f"{said}; write `{stack.make('secret')} KEY=openai_api_key < file`.")
    if sys.stdin.isatty():
        warn(f"secret: type the value of {key}, then Enter and Ctrl-D")
    value = sys.stdin.read().rstrip("\n")
    if not value:
        raise CommandError(f"the value of {key} is empty; give it on standard input.")
    if code := Engine(stack, {}).set_secret(key, value):
        return code
    say(f"secret: {key} is stored, encrypted, in {stack.path}; `{stack.make('up')}` applies it")
    return 0
