"""`python -m cli VERB [STACK] [APP or KEY]`: what the Makefile calls."""

import argparse
import os
import sys

from cli.commands import (
    alert_test,
    backup,
    backups,
    down,
    drift,
    logs,
    preview,
    restart,
    restore,
    scale,
    secret,
    status,
    switchover,
    up,
    verify_images,
)
from cli.environment import show_environment
from cli.errors import CommandError
from cli.progress import fail
from cli.stack_file import stack_file
from cli.take_over import take_over

_AFTER_INTERRUPT = {
    "up": "`make up` goes on from here, `make down` removes what is there",
    "down": "`make down` goes on from here",
    "alert-test": "the alert ends by itself within 10 minutes",
    "backup": "a backup that was begun goes on, and `make backups` shows it",
    "restore": "the restore goes on as far as it is; run it again with the same words to end it",
    "switchover": "what was begun goes on by itself, and the database's log shows who leads",
    "take-over": "`make take-over` goes on from here",
    "scale": "`make scale` with the same words goes on from here",
    "restart": "what was begun goes on by itself, and `make status` shows it",
}


def main() -> int:
    """Run one command; a fault is one sentence on standard error and exit 1."""
    parser = argparse.ArgumentParser(prog="cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, said in (
        ("up", "deploy, and show one real answer"),
        ("preview", "show what `up` would change"),
        ("down", "remove the stack, and the sandbox hosts it ran on"),
        ("status", "show what runs; exit 1 when something is not as the stack wants it"),
        ("drift", "show what was changed by hand since the last update; exit 2 when something was"),
        ("logs", "print recent lines of every replica or member of a component"),
        ("restart", "replace the replicas or members of a component one after another"),
        ("scale", "set the replicas of an application by hand, for a time"),
        ("switchover", "let another member of a database lead, and say how long writes were away"),
        ("alert-test", "send one alert through the stack's Alertmanager, and say who hears of it"),
        (
            "backup",
            "take a backup of a database, cache or broker now, beside those that its schedule takes",
        ),
        ("backups", "show the backups of the stack's databases, caches and brokers"),
        ("restore", "bring a database back to a moment, a cache or broker to a copy, or a dump into an empty database"),
        ("verify-images", "pull the pinned images, and check that they are what their pins say"),
        ("take-over", "move the stack's state to the engine that ENGINE names; nothing that runs changes"),
        ("env", "print the variables with which plain `pulumi` works on the stack"),
        ("secret", "give a secret, whose value is read from standard input"),
    ):
        command = commands.add_parser(name, help=said, description=said)
        command.add_argument("stack", nargs="?", default="", help="default: as STACK_FILE is named, otherwise dev")
    commands.choices["preview"].add_argument("--json", action="store_true", help="as `pulumi preview --json`")
    commands.choices["secret"].add_argument("key", nargs="?", default="")
    for name in ("backup", "backups", "restore"):
        commands.choices[name].add_argument("database", nargs="?", default="", help="a database of the stack")
        commands.choices[name].add_argument("--cache", default="", help="in its place a cache of the stack")
        commands.choices[name].add_argument("--broker", default="", help="or a broker")
    commands.choices["alert-test"].add_argument("severity", nargs="?", default="", help="default: critical")
    commands.choices["alert-test"].add_argument("component", nargs="?", default="", help="default: monitoring")
    commands.choices["backup"].add_argument("--full", action="store_true", help="not only what changed")
    commands.choices["restore"].add_argument("to", nargs="?", default="", help="a time, a backup, or `latest`")
    commands.choices["restore"].add_argument("--timeline", default="", help="not the newest: a number")
    commands.choices["restore"].add_argument("--dump", default="", help="a logical dump, or `latest`, in its place")
    commands.choices["restore"].add_argument("--of", default="", help="the database of the dump")
    commands.choices["restore"].add_argument("--into", default="", help="a database that has no tables, for the dump")
    commands.choices["restore"].add_argument("--overwrite", default="", help="the database, whose data is lost")
    for name in ("logs", "restart", "scale"):
        commands.choices[name].add_argument("app", nargs="?", default="", help="a component of the stack")
    commands.choices["scale"].add_argument("to", nargs="?", default="", help="how many replicas")
    commands.choices["scale"].add_argument("lasts", nargs="?", default="", help="how long; default: 1h; 0: ends it")
    commands.choices["switchover"].add_argument("database", nargs="?", default="", help="a database of the stack")
    commands.choices["switchover"].add_argument("to", nargs="?", default="", help="the member that shall lead")
    commands.choices["logs"].add_argument("--since", default="", help="of the last time, for example 10m")
    commands.choices["logs"].add_argument("--follow", action="store_true", help="go on with what comes")
    arguments = parser.parse_args()
    copied = {key: getattr(arguments, key, "") for key in ("cache", "broker")}
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
            case "drift":
                return drift(stack)
            case "logs":
                return logs(stack, arguments.app, since=arguments.since, follow=arguments.follow)
            case "restart":
                return restart(stack, arguments.app)
            case "scale":
                return scale(stack, arguments.app, arguments.to, arguments.lasts)
            case "switchover":
                return switchover(stack, arguments.database, arguments.to)
            case "alert-test":
                return alert_test(stack, arguments.severity, arguments.component)
            case "backup":
                return backup(stack, arguments.database, full=arguments.full, **copied)
            case "backups":
                return backups(stack, arguments.database, **copied)
            case "restore":
                words = (arguments.to, arguments.timeline, arguments.overwrite)
                return restore(
                    stack,
                    arguments.database,
                    *words,
                    **copied,
                    dump=arguments.dump,
                    of=arguments.of,
                    into=arguments.into,
                )
            case "take-over":
                return take_over(stack)
            case "env":
                return show_environment(stack)
            case "verify-images":
                return verify_images(stack)
            case _:
                return secret(stack, arguments.key)
    except CommandError as error:
        fail(f"{arguments.command}: {error}")
        return 1
    except BrokenPipeError:  # `make logs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        if next_step := _AFTER_INTERRUPT.get(arguments.command):
            fail(f"{arguments.command}: interrupted; {next_step}.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
