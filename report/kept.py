"""Whether a plan would destroy data that is to be kept. Reads what `preview --json` printed, of either engine.

python -m report.kept STACK <plan.json
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

DESTROYS = 3
"""The exit code of a plan that would."""
_ENDS = ("delete", "replace", "delete-replaced", "create-replacement")
_DATA = (
    "kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:PersistentVolume", "kubernetes:core/v1:Namespace",
    "docker:index/volume:Volume",
)  # fmt: skip
_WHY = {
    "Namespace": "everything in it goes with it, claims too",
    "StatefulSet": "its claims are deleted with it",
}


def destroyed(plan: Mapping[str, Any]) -> Iterator[str]:
    """A line for each object whose end would take kept data with it."""
    for step in plan.get("steps") or ():
        old = step.get("oldState") or {}
        if step.get("op") not in _ENDS or not old.get("custom", True):
            continue
        kind = str(old.get("type") or step["urn"].split("::")[2].rpartition("$")[2])
        if _stays(kind, old):
            continue
        name = kind.rpartition(":")[2]
        yield f"{name} {step['urn'].rpartition('::')[2]}: {step['op']}; {_WHY.get(name, 'what is in it is lost')}"


def _stays(kind: str, old: Mapping[str, Any]) -> bool:
    """Whether its end costs no data."""
    if kind == "kubernetes:apps/v1:StatefulSet":
        spec = (old.get("inputs") or {}).get("spec") or {}
        policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
        return str(policy.get("whenDeleted", "Retain")) != "Delete"
    return kind not in _DATA or bool(old.get("retainOnDelete"))


def main(stack: str, text: str) -> int:
    """0; 1 where it is no plan; 3 where kept data would be destroyed and the stack says `data: keep`."""
    try:
        plan = json.loads(text)
    except ValueError:
        print(f"plan: of {stack}: this is no preview in JSON", file=sys.stderr)
        return 1
    counts = ", ".join(f"{count} {op}" for op, count in sorted((plan.get("changeSummary") or {}).items()))
    print(f"plan: {stack}: {counts or 'no changes'}")
    lines = [*destroyed(plan)]
    if not lines:
        return 0
    if _thrown_away(plan):
        for line in lines:
            print(f"plan: {line} (the stack says `data: delete`)")
        return 0
    print(f"plan: {stack} says `data: keep`, and this would destroy:", file=sys.stderr)
    for line in lines:
        print(f"  {line}", file=sys.stderr)
    print(
        "plan: stopped, nothing was changed. Take the change apart so that the object stays, or move its data first; "
        "who means it runs `make up` by hand.",
        file=sys.stderr,
    )
    return DESTROYS


def _thrown_away(plan: Mapping[str, Any]) -> bool:
    """Whether the stack says `data: delete`. Where the plan does not say it, data is kept."""
    settings = (plan.get("config") or {}).get("ha-platform:stack")
    if isinstance(settings, Mapping):
        settings = settings.get("value", settings)
    if isinstance(settings, str):
        try:
            settings = json.loads(settings)
        except ValueError:
            return False
    return isinstance(settings, Mapping) and settings.get("data") == "delete"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.stdin.read()))
