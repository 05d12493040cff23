"""The commands, each from its stack file to its exit code."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from cli import copies, dumps, sandbox
from cli.alert_test import alert_test as send_alert
from cli.answer import show_answers
from cli.backups import has_some, in_place, show, take
from cli.check import check
from cli.checked import say_what_was_checked
from cli.drift import Drift
from cli.encryption import check_encryption
from cli.engines import Engine
from cli.errors import CommandError
from cli.fixed import check_fixed
from cli.holders import check_holder
from cli.logs import Asked
from cli.logs import show as show_lines
from cli.operations import Operations
from cli.outputs import stack_outputs
from cli.owners import check_owners
from cli.places import chosen_place
from cli.platforms import operations
from cli.progress import say, warn
from cli.promises import show_promises
from cli.reasons import tell
from cli.recover import take_up, unlock, warn_of_pending
from cli.restarts import restart_each
from cli.scale import Asked as AskedCount
from cli.scale import asked as asked_count
from cli.scale import hold
from cli.stack_file import StackFile
from cli.status import show_status
from cli.strangers import strangers, unheld
from cli.switchover import switch_over
from cli.verify_images import verify_images as _verify
from cli.workloads import chosen
from composition.promises import promised
from settings.types import whole_seconds

SECRET_NAME = re.compile(r"[a-z][a-z0-9_]*")


def up(stack: StackFile, count: AskedCount | None = None) -> int:
    """Deploy, wait until healthy, and show one real answer; `count`: with another count by hand."""
    started = time.monotonic()
    settings = check(stack)
    on = operations(stack)
    engine = _engine(stack, on.hosts.environment, "up")
    say(f"up: stack {stack.name} on {on.hosts.description}, engine {engine.name}")
    began = unlock(engine, stack)
    resources = engine.resources()
    if names := strangers(on, engine, resources):
        raise CommandError(unheld(stack, on, names))
    settings = hold(stack, settings, engine, resources, lambda said: say(f"up: {said}"), count)
    check_owners(settings, on.owned(resources))
    check_fixed(settings, resources)
    check_encryption(settings, resources)
    if on.hosts.sandbox:
        sandbox.stays(on)
        sandbox.start(on)
    else:
        on.prepare(settings)
    on.check_hosts(settings)
    if take_up(engine, on, began):
        resources = engine.resources()
    on.check_ports(settings)
    for name in on.close_failed_jobs() if resources else []:
        say(f"up: {name} failed before; its service is scaled to 0, so that this runs it again")
    drift = Drift(on, resources)
    drift.tell(say, "this sets it again")
    if code := _apply(on, engine, drift.urns):
        return code
    drift.rescale()
    resources = engine.resources()
    outputs = stack_outputs(resources)
    not_asked = show_answers(settings, on.entries(resources), outputs, status=stack.make("status"))
    answered = [name for name in outputs.get("balancers", {}) if name not in not_asked]
    if not answered or not_asked:
        say_what_was_checked(on, resources, not_asked, status=stack.make("status"))
    done = (
        "answered" if answered and not not_asked else f"answered at {', '.join(answered)}" if answered else "deployed"
    )
    say(f"up: stack {stack.name} {done} after {time.monotonic() - started:.0f} s, engine {engine.name}")
    return 0


def _apply(on: Operations, engine: Engine, drifted: Sequence[str]) -> int:
    """An update; where the CLI's fails, also what failed on the hosts. The sandbox engine says that itself."""
    if engine.name != "pulumi":
        return engine.up(drifted)
    with on.watch() as watch:
        code = engine.up(drifted)
    if code and (reasons := watch.reasons()):
        tell(reasons, engine.exported(secrets=True))
    return code


def preview(stack: StackFile, *, as_json: bool = False) -> int:
    """Show what `up` would change."""
    settings = check(stack)
    on = operations(stack)
    engine = _engine(stack, on.hosts.environment, "preview")
    unlock(engine, stack)
    resources = engine.resources()
    if names := strangers(on, engine, resources):
        warn(f"preview: {unheld(stack, on, names)}")
    settings = hold(stack, settings, engine, resources, lambda said: warn(f"preview: {said}"))
    check_owners(settings, on.owned(resources))
    check_fixed(settings, resources)
    check_encryption(settings, resources)
    warn_of_pending(engine, stack.make("up"))
    drifted: Sequence[str] = ()
    try:
        on.check_hosts(settings)
        drift = Drift(on, resources)
        drift.tell(warn, f"`{stack.make('up')}` sets it again")
        drifted = drift.urns
    except CommandError as problem:  # a preview shows what it can, also without its hosts
        warn(f"preview: {problem}")
    code = engine.preview(drifted, as_json=as_json)
    if code == 0 and not as_json:
        show_promises(promised(settings), stack_outputs(resources).get("promises", {}))
    return code


def down(stack: StackFile) -> int:
    """Remove the stack, with its volumes if it says `data: delete`, and the sandbox hosts if nothing else is there.

    It goes by the state: a stack file that has faults elsewhere than in where it runs is enough.
    """
    on = operations(stack)
    place = chosen_place()
    known = any(state.place == place for state in check_holder(stack, place, "down"))
    engine = Engine(stack, on.hosts.environment, place)
    began = unlock(engine, stack)
    resources = engine.resources()
    _say_faults("down", stack)
    if on.hosts.sandbox and not sandbox.runs(on) and (resources or sandbox.has_data(on)):
        warn(f"down: {on.hosts.description}, does not run; it is started to remove the stack in order")
        sandbox.start(on)
    leftovers = on.leftovers(resources)
    if (others := strangers(on, engine, resources)) and not sandbox.goes(on):
        raise CommandError(unheld(stack, on, others))
    if not resources:
        say(f"down: stack {stack.name} is not deployed")
    thrown_away = on.hosts.sandbox and sandbox.runs(on) and not stack.keeps_data and not leftovers.others()
    if thrown_away and (resources or sandbox.goes(on) or not leftovers.volumes()):
        for volume in leftovers.volumes():
            say(f"down: volume {volume} goes with its host, because the stack says `data: delete`")
        _say_removed(sandbox.throw_away(on, engine.forget))  # an `up` at work has the state's lock
        return _remove_record(stack, engine, known=known)
    if resources:
        take_up(engine, on, began, adopt=False)
        if code := engine.destroy():
            return code
    if resources or (on.hosts.sandbox and sandbox.runs(on)):
        leftovers.settle()
    if on.hosts.sandbox and not (sandbox.runs(on) and leftovers.hold_the_sandbox(on.profile)):
        _say_removed(sandbox.remove(on))
    return _remove_record(stack, engine, known=known)


def _say_removed(removed: Sequence[str]) -> None:
    for one in removed:
        say(f"down: removed {one}")


def _remove_record(stack: StackFile, engine: Engine, *, known: bool) -> int:
    """The CLI says how an empty stack is removed, and that would delete the stack's file."""
    if engine.name != "pulumi" or engine.resources():
        return 0
    careful = f"pulumi stack rm {stack.name} --preserve-config"
    if not known:
        engine.remove()  # this command made it
    elif engine.place.is_ours:
        engine.remove()
        say(f"down: the empty stack is removed from the {engine.place.said} too; `pulumi stack rm` has nothing to do")
    else:
        say(f"down: the empty stack and its history stay in {engine.place.backend}; `{careful}` removes them "
            f"(without --preserve-config it deletes {stack.path.name})")  # fmt: skip
    return 0


def status(stack: StackFile) -> int:
    """Show what runs; exit 1 when something that is wanted does not. It goes by the state, as `down` does."""
    on = operations(stack)
    engine = _engine(stack, on.hosts.environment, "status")
    resources = _deployed(stack, on, engine)
    _say_faults("status", stack)
    say(f"status: stack {stack.name} on {on.hosts.description}, engine {engine.name}")
    rows = list(on.rows(resources))
    well = show_status(rows)
    show_promises(stack_outputs(resources).get("promises", {}))
    if well:
        return 0
    if any(row.drift for row in rows):
        say(f"status: `{stack.make('up')}` sets again what differs from the stack")
    return 1


DRIFTED = 2
"""The exit code of `drift` where something is not as it was deployed."""


def drift(stack: StackFile) -> int:
    """Show what was changed by hand since the last update: on standard output a line each, and nothing else."""
    on = operations(stack)
    found = Drift(on, _deployed(stack, on, _engine(stack, on.hosts.environment, "drift"))).lines()
    for line in found:
        print(line)
    return DRIFTED if found else 0


def logs(stack: StackFile, app: str, *, since: str = "", follow: bool = False) -> int:
    """Print recent lines of all replicas or members of `app`, and with `follow` what comes after them."""
    on = operations(stack)
    asked = Asked(since_seconds=_seconds(since) if since else None, follow=follow)
    workloads = on.workloads(_deployed(stack, on, _engine(stack, on.hosts.environment, "logs")))
    show_lines([on.logs(workload, asked) for workload in chosen(workloads, app, stack, "logs")], asked)
    return 0


def restart(stack: StackFile, app: str) -> int:
    """Replace the replicas or members of `app` one after another, as an update would."""
    on = operations(stack)
    resources = _deployed(stack, on, _engine(stack, on.hosts.environment, "restart"))
    restart_each(on, resources, chosen(on.workloads(resources), app, stack, "restart"), app)
    say(f"restart: {app} of stack {stack.name} is ready again")
    return 0


def scale(stack: StackFile, app: str, to: str = "", lasts: str = "") -> int:
    """Run `up` with `to` replicas of `app`, and keep them for the time `lasts`; `0` ends that."""
    count = asked_count(stack, check(stack), app, to, lasts)
    on = operations(stack)
    _deployed(stack, on, _engine(stack, on.hosts.environment, "scale"))
    return up(stack, count)


def switchover(stack: StackFile, database: str, to: str = "") -> int:
    """Let another member of `database` lead, and say how long writes were away."""
    on = operations(stack)
    resources = _deployed(stack, on, _engine(stack, on.hosts.environment, "switchover"))
    say(f"switchover: {switch_over(on, resources, stack, database, to)}")
    return 0


def alert_test(stack: StackFile, severity: str = "", component: str = "") -> int:
    """Send one alert through the stack's own Alertmanager; exit 1 when a receiver did not get it."""
    on = operations(stack)
    resources = _deployed(stack, on, _engine(stack, on.hosts.environment, "alert-test"))
    return 0 if send_alert(on, resources, stack, severity or "critical", component or "monitoring") else 1


def backup(stack: StackFile, database: str, *, cache: str = "", broker: str = "", full: bool = False) -> int:
    """Take a backup of `database`, or a copy of `cache` or `broker`, now."""
    copied = _copied(database, cache, broker)
    on = operations(stack)
    resources = _deployed(stack, on, _engine(stack, on.hosts.environment, "backup"))
    if copied:
        say(f"backup: {copies.take(on, resources, stack, *copied)}")
    else:
        say(f"backup: {take(on, resources, stack, database, full=full)}")
    return 0


def backups(stack: StackFile, database: str = "", *, cache: str = "", broker: str = "") -> int:
    """Show the backups of `database`, the copies of `cache` or `broker`, or those of every store; exit 1 when something
    is not well."""
    one = _copied(database, cache, broker)
    on = operations(stack)
    resources = _deployed(stack, on, _engine(stack, on.hosts.environment, "backups"))
    named = [one] if one else [] if database else [(name, "") for name in copies.named(on, resources, stack)]
    well = [copies.show(on, resources, stack, *each) for each in named]
    if not one and (database or not named or has_some(on, resources, stack)):
        well.append(show(on, resources, stack, database))
    return 0 if all(well) else 1


def restore(
    stack: StackFile,
    database: str,
    to: str,
    timeline: str = "",
    overwrite: str = "",
    *,
    cache: str = "",
    broker: str = "",
    dump: str = "",
    of: str = "",
    into: str = "",
) -> int:
    """Bring `database` back to a moment, or `cache` or `broker` to a copy, in place; or the database `of` a `dump`
    `into` an empty one beside it."""
    copied = _copied(database, cache, broker)
    if copied and timeline:
        raise CommandError("TIMELINE is for databases: a copy has no log.")
    if dump and (copied or to or timeline or overwrite):
        raise CommandError("DUMP is of a database, and goes into an empty one: with it stand DB, FROM and INTO alone.")
    if (of or into) and not dump:
        raise CommandError("FROM and INTO are for a dump: say which one (DUMP=latest, or one of `make backups`).")
    on = operations(stack)
    resources = _deployed(stack, on, _engine(stack, on.hosts.environment, "restore"))
    if dump:
        say(f"restore: {dumps.restore(on, resources, stack, database, dump, of, into)}")
    elif copied:
        say(f"restore: {copies.restore(on, resources, stack, *copied, to, overwrite=overwrite == copied[0])}")
    else:
        say(f"restore: {in_place(on, resources, stack, database, to, timeline, overwrite=overwrite == database)}")
    return 0


def _copied(database: str, cache: str, broker: str) -> tuple[str, str] | None:
    """The component that is copied, and the argument that names it; None: it is a database, or not said."""
    named = [(name, key) for name, key in ((database, "DB"), (cache, "CACHE"), (broker, "BROKER")) if name]
    if len(named) > 1:
        raise CommandError(f"{' and '.join(f'{key}={name}' for name, key in named)}: name one of them.")
    return named[0] if named and not database else None


def _seconds(text: str) -> int:
    try:
        return whole_seconds(text)
    except ValueError as error:
        raise CommandError(f"SINCE={text}: {error}.") from None


def _engine(stack: StackFile, environment: Mapping[str, str], command: str) -> Engine:
    """The engine, on the place that holds the stack. Raises CommandError where another place holds it."""
    place = chosen_place()
    check_holder(stack, place, command)
    return Engine(stack, environment, place)


def _deployed(stack: StackFile, on: Operations, engine: Engine) -> list[dict[str, Any]]:
    if resources := engine.resources():
        return resources
    if names := strangers(on, engine, ()):
        raise CommandError(unheld(stack, on, names))
    raise CommandError(f"stack {stack.name} is not deployed; `{stack.make('up')}` deploys it.")


def verify_images(stack: StackFile) -> int:
    """Pull the images that the stack pins, and check them; exit 1 when one is not what its pin says."""
    settings = check(stack)
    say(f"verify-images: the pinned images of stack {stack.name}, source {settings.images.source}")
    return 0 if _verify(settings, operations(stack)) else 1


def _say_faults(command: str, stack: StackFile) -> None:
    """`down` and `status` work on a stack file that `up` refuses, and say that it is one."""
    if count := len(stack.loaded.faults):
        said = "1 fault" if count == 1 else f"{count} faults"
        keeps = "; volumes are kept" if ("data",) in stack.loaded.broken else ""
        warn(f"{command}: {stack.path} has {said}, so `up` would refuse it; this command uses what is deployed{keeps}")


def secret(stack: StackFile, key: str) -> int:
    """Give a secret: its value is read from standard input, so that it is in no argument and no shell history."""
    if not SECRET_NAME.fullmatch(key):
        said = f"KEY={key} is not a name of a secret (a-z, 0-9, _)" if key else "KEY is missing"
        raise CommandError(f"{said}; write `{stack.make('secret')} KEY=openai_api_key < file`.")
    if sys.stdin.isatty():
        warn(f"secret: type the value of {key}, then Enter and Ctrl-D")
    value = sys.stdin.read()
    if not value.removesuffix("\n"):  # both engines take one line break at the end for the terminal's
        raise CommandError(f"the value of {key} is empty; give it on standard input.")
    if code := _engine(stack, {}, "secret").set_secret(key, value):
        return code
    say(f"secret: {key} is stored, encrypted, in {stack.path}; `{stack.make('up')}` applies it")
    return 0
