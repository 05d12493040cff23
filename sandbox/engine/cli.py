"""The command line of the sandbox engine. Exit codes: 0 done, 1 a fault of user, program or deployment, 2 usage."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.engine import operations
from sandbox.engine.config_edit import set_config
from sandbox.engine.crypto import Passphrase, passphrase_from
from sandbox.engine.digest import Digest
from sandbox.engine.display import Display, show
from sandbox.engine.errors import EngineError
from sandbox.engine.lock import locked
from sandbox.engine.providers.base import ProviderError
from sandbox.engine.run import Run
from sandbox.engine.stack_config import StackConfig, load_stack_config, stack_file
from sandbox.engine.state import State
from sandbox.engine.urns import STACK_TYPE, name_of
from sandbox.engine.values import Properties, plain

ENGINE = "sandbox engine"
# Operations mostly wait for the cluster, so there may be many more than processors.
_PARALLEL = 16
_VERBS = {
    "create": ("+", "created", "to create"),
    "update": ("~", "updated", "to update"),
    "replace": ("+-", "replaced", "to replace"),
    "delete": ("-", "deleted", "to delete"),
    "refresh": ("~>", "drifted", "drifted"),
}


def parser() -> argparse.ArgumentParser:
    """The options of every command."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-s", "--stack", required=True, metavar="STACK")
    common.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="the directory of Pulumi.yaml")
    common.add_argument("--stack-file", type=Path, metavar="PATH", help="instead of Pulumi.STACK.yaml")
    working = argparse.ArgumentParser(add_help=False)
    working.add_argument("--parallel", type=_positive, default=_PARALLEL, metavar="N", help="operations at a time")
    working.add_argument("--verbose", action="store_true", help="also show debug messages")
    judged = argparse.ArgumentParser(add_help=False)
    judged.add_argument("--policy-pack", type=Path, action="append", default=[], metavar="DIR")
    judged.add_argument("--policy-pack-config", type=Path, action="append", default=[], metavar="FILE")
    judged.add_argument("--expect-no-changes", action="store_true", help="changes are a failure")
    judged.add_argument("--doubt", action="append", default=[], metavar="URN", help="compare this object first")

    result = argparse.ArgumentParser(prog="python -m sandbox.engine", description=__doc__, allow_abbrev=False)
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, parents=[common, *parents], allow_abbrev=False)

    preview = add("preview", "show what an update would do", working, judged)
    preview.add_argument("--json", action="store_true", help="in the shape of `pulumi preview --json`")
    preview.add_argument("--show-sames", action="store_true", help="with --json: unchanged resources too")
    add("up", "create, change and delete what the program asks for", working, judged)
    destroy = add("destroy", "delete everything", working)
    destroy.add_argument("--exclude-protected", action="store_true", help="keep protected resources")
    refresh = add("refresh", "compare every object with the state", working)
    refresh.add_argument("--apply", action="store_true", help="record what is found")
    refresh.add_argument("--expect-no-changes", action="store_true", help="drift is a failure")
    outputs = add("outputs", "show the stack's outputs")
    outputs.add_argument("--json", action="store_true")
    outputs.add_argument("--show-secrets", action="store_true")
    export = add("export", "write the state as `pulumi stack export` does")
    export.add_argument("--show-secrets", action="store_true")
    imports = add("import", "replace the state by an exported one")
    imports.add_argument("file", type=Path)
    config = add("config", "change the stack file")
    config.add_argument("action", choices=["set"])
    config.add_argument("key")
    config.add_argument("value", nargs="?", help="read from standard input when left out")
    config.add_argument("--secret", action="store_true", help="encrypt the value")
    config.add_argument("--path", action="store_true", help="the key is a path into a value: ns:key.part[0]")
    return result


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        return _dispatch(options)
    except (EngineError, ProviderError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1


def _crypter(salt: str) -> Passphrase:
    known = _crypter.__dict__.setdefault("known", {})
    if salt not in known:
        made = Passphrase(passphrase_from(os.environ), salt)
        known[salt] = known[made.state] = made
    found: Passphrase = known[salt]
    return found


def _dispatch(options: argparse.Namespace) -> int:
    directory = options.cwd.resolve()
    if options.command == "config":
        value = sys.stdin.read().removesuffix("\n") if options.value is None else options.value
        path = options.stack_file or stack_file(directory, options.stack)
        set_config(path, directory, options.key, value, secret=options.secret, path=options.path, crypter=_crypter)
        return 0
    config = load_stack_config(directory, options.stack, options.stack_file, _crypter)
    path = Path(os.environ.get("HA_STATE") or directory / ".state") / f"{options.stack}.json"
    if options.command in ("preview", "outputs", "export"):
        return _command(options, directory, config, _state(path, config))
    with locked(path.with_name(f"{path.name}.lock")):
        return _command(options, directory, config, _state(path, config))


def _state(path: Path, config: StackConfig) -> State:
    return State(path, lambda salt: _crypter(salt or config.salt))


def _command(options: argparse.Namespace, directory: Path, config: StackConfig, state: State) -> int:
    match options.command:
        case "outputs":
            _print_outputs(_recorded_outputs(state), options.json, options.show_secrets)
            return 0
        case "export":
            print(json.dumps(state.export(options.show_secrets), indent=4))
            return 0
        case "import":
            try:
                document = json.loads(options.file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise EngineError(f"{options.file}: cannot be read as a deployment: {error}") from None
            state.adopt(document, str(options.file))
            return 0
    job = operations.Job(
        directory=directory,
        config=config,
        state=state,
        parallel=options.parallel,
        packs=tuple(_packs(options)),
        doubted=tuple(getattr(options, "doubt", ())),
    )
    if options.command == "preview" and options.json:
        digest = Digest(options.show_sames)
        run = operations.preview(job, digest)
        print(json.dumps(digest.document(run), indent=2))
        return _exit_code(run, options)
    display = Display(verbose=options.verbose)
    begun = time.monotonic()
    try:
        run = _show(options, job, display)
    finally:
        display.close()
    if run.preview and run.ending:
        # What was planned up to a fault says little; the fault is told.
        return 1
    display.say(f"{_summary(run)}  ({ENGINE}, {time.monotonic() - begun:.1f} s)")
    return _exit_code(run, options)


def _packs(options: argparse.Namespace) -> Iterator[tuple[Path, Path | None]]:
    packs, configs = getattr(options, "policy_pack", ()), getattr(options, "policy_pack_config", ())
    if configs and len(configs) != len(packs):
        raise EngineError(f"{len(packs)} times --policy-pack, and {len(configs)} times --policy-pack-config: as many")
    for index, pack in enumerate(packs):
        yield pack.resolve(), configs[index].resolve() if configs else None


def _show(options: argparse.Namespace, job: operations.Job, display: Display) -> Run:
    match options.command:
        case "preview":
            return operations.preview(job, display)
        case "up":
            run = operations.update(job, display)
            if run.outputs and not run.ending and not run.preview:
                display.close()
                display.say("outputs:")
                _print_outputs(run.outputs, False, False)
            return run
        case "destroy":
            run, staying = operations.destroy(job, display, options.exclude_protected)
            for resource in staying:
                done = "kept" if resource.protect else "forgotten, not deleted:"
                display.say(f"  {done} {resource.type}  {name_of(resource.urn)}")
            return run
        case _:
            return operations.refresh(job, display, options.apply)


def _recorded_outputs(state: State) -> Properties:
    return next((r.outputs for r in state.live.values() if r.type == STACK_TYPE), {})


def _print_outputs(outputs: Properties, as_json: bool, show_secrets: bool) -> None:
    if as_json:
        values: Mapping[str, Any] = {
            key: plain(value, None) if show_secrets or show(value) != "[secret]" else "[secret]"
            for key, value in sorted(outputs.items())
        }
        print(json.dumps(values, indent=2))
        return
    for key, value in sorted(outputs.items()):
        bare = plain(value, "[unknown]")
        text = bare if isinstance(bare, str) else json.dumps(bare)
        print(f"  {key}: {text if show_secrets or show(value) != '[secret]' else '[secret]'}")


def _summary(run: Run) -> str:
    changed = Counter({op: count for op, count in run.counts.items() if op != "same"})
    parts = [
        f"{sign} {changed[op]} {todo if run.preview else done}"
        for op, (sign, done, todo) in _VERBS.items()
        if changed[op]
    ]
    if not parts and not run.failures:
        return f"no changes, {run.counts['same']} unchanged"
    if run.counts["same"]:
        parts.append(f"{run.counts['same']} unchanged")
    if run.failures:
        parts.append(f"{len(set(run.failures))} failed")
    return ", ".join(parts)


def _exit_code(run: Run, options: argparse.Namespace) -> int:
    if run.ending:
        return 1
    if run.stopped_by_policy:
        print("error: a mandatory policy is violated", file=sys.stderr)
        return 1
    if getattr(options, "expect_no_changes", False) and any(op != "same" for op in run.counts):
        print("error: changes where none were expected", file=sys.stderr)
        return 1
    return 0
