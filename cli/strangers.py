"""What runs under the stack's name though no state is known here: it was deployed from elsewhere."""

from cli import sandbox
from cli.engines import Engine
from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.places import places
from cli.stack_file import StackFile

_NAMED = 3


def strangers(on: Operations, engine: Engine, resources: Resources) -> list[str]:
    """Names of what runs as the stack's and is another deployment's: the state has nothing, or other workloads that do
    not run. Nothing where the hosts do not answer, which others report, or where an update was killed."""
    own = {workload.id for workload in on.workloads(resources)}
    if (resources and not own) or (on.hosts.sandbox and not sandbox.runs(on)):
        return []
    try:
        running = on.running()
    except CommandError:
        return []
    if not running or own & running.keys() or engine.exported()["deployment"].get("pending_operations"):
        return []
    return sorted(running.values())


def unheld(stack: StackFile, on: Operations, names: list[str]) -> str:
    """What is said where a state should be and is not."""
    some = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    looked = ", ".join(place.said for place in places())
    gone = (
        f" `.venv/bin/python -m sandbox.hosts down {on.profile}` removes it with its host." if on.hosts.sandbox else ""
    )
    return (
        f"{len(names)} workloads of stack {stack.name} run on the {on.hosts.description} ({some}), and no state that "
        f"is known here has them: not the {looked}. They were deployed from another folder, machine or backend. Go on "
        f"from there, or name the state: HA_STATE, PULUMI_BACKEND_URL.{gone}"
    )
