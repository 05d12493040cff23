"""A planned change of a database's primary: the script of the kind, run beside the database with its own secrets."""

from collections.abc import Sequence
from pathlib import Path

from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.progress import say
from cli.stack_file import StackFile
from cli.workloads import Workload

SCRIPT = Path(__file__).resolve().parent.parent / "components/postgres_ha/files/switchover.py"
COMPONENT = "PostgresHA"
SECONDS = 150.0
"""For the container to start (30 s), the change (60 s) and the endpoint (30 s), and some to say so."""


def switch_over(on: Operations, resources: Resources, stack: StackFile, database: str, to: str) -> str:
    """What changed: one sentence. Raises CommandError where it was refused, or is not known to have ended."""
    job, endpoint = parts(on.workloads(resources), stack, database, "switchover")
    say(f"switchover: {database} of stack {stack.name}, while a write every 0.1 s measures what clients notice")
    directory = "/etc/ha-settings"
    files = (f"{directory}/wanted.json", f"{directory}/passwords.json")
    command = ("python3", "-c", SCRIPT.read_text(), *files, on.host(endpoint), *([to] if to else []))
    code, said = on.run_beside(job, "switchover", command, SECONDS)
    if code:
        raise CommandError(f"{database}: {said.strip() or f'it ended with {code} and said nothing'}.")
    return said.strip().splitlines()[-1]


def parts(workloads: Sequence[Workload], stack: StackFile, database: str, verb: str) -> tuple[Workload, Workload]:
    """The settings job, which may talk to the members, and the write endpoint. Raises CommandError."""
    names = sorted({one.component.partition(" ")[2] for one in workloads if one.component.startswith(f"{COMPONENT} ")})
    if not names:
        raise CommandError(f"stack {stack.name} runs no database of its own.")
    there = f"stack {stack.name} has {', '.join(names)}"
    if not database:
        raise CommandError(f"DB is missing; {there}: `{stack.make(verb)} DB={names[0]}`.")
    words = {one.word: one for one in workloads if one.component == f"{COMPONENT} {database}"}
    found = [words.get(f"{database}-{part}") for part in ("pg-settings", "rw")]
    if found[0] is None or found[1] is None:
        raise CommandError(f"DB={database} is no database that the stack runs; {there}.")
    return found[0], found[1]
