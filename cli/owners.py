"""Data whose owner leaves the stack file: said before anything changes, and refused unless the stack gives it up.

Engines delete what is not registered any more, and no hook of the program runs for it. What was deployed and what is
wanted is known here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.errors import CommandError
from cli.progress import warn
from components.app_tier.volumes import shared_uses
from composition.kinds import components, keepers
from composition.stack import Stack
from model import ROOT
from platforms.kubernetes.names import ORIGIN_ANNOTATION
from platforms.shared import KEY as SHARED
from platforms.swarm.names import ORIGIN_LABEL, label_of


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A volume or claim that is deployed: the path of its owner in the stack file, and the command that removes it."""

    owner: str
    what: str
    removal: str
    goes: bool = False
    """Whether it is deleted with its owner."""


def on_services(resources: Sequence[dict[str, Any]]) -> Iterator[Owned]:
    """The volumes of a state's services that are on a host's own disk. A file server's have an owner of their own."""
    for resource in resources:
        if resource["type"] != "docker:index/service:Service":
            continue
        inputs = resource["inputs"]
        task = inputs["taskSpec"]
        constraints = (task.get("placement") or {}).get("constraints") or []
        host = "".join(f" on {text.partition('==')[2]}" for text in constraints if text.startswith("node.hostname=="))
        shared = _shared_names(inputs)
        for mount in task["containerSpec"].get("mounts") or []:
            name, options = mount.get("source"), mount.get("volumeOptions") or {}
            if (
                mount["type"] != "volume"
                or options.get("driverName", "local") != "local"
                or options.get("driverOptions")
            ):
                continue
            # A member's volume has the name of its service; another one is shared.
            if name == inputs["name"]:
                owner = (label_of(inputs, ORIGIN_LABEL) or "").removeprefix(f"{ROOT}.")
            elif mount["target"] in shared:
                owner = f"volumes.{shared[mount['target']]}"
            else:
                continue  # A job's: its application mounts the same, and says which it is.
            if _is_missed(owner):
                yield Owned(owner=owner, what=f"volume {name}{host}", removal=f"docker volume rm {name}")


def _is_missed(owner: str) -> bool:
    """Whether it keeps data: a part (`databases.main`), or a key of a single one (`monitoring.prometheus`). What
    is below goes with its part, or is disposable: a restore drill's volume, what a schedule's clock remembers."""
    return owner.count(".") == 1


def _shared_names(service: Mapping[str, Any]) -> dict[str, str]:
    """The shared volumes of a service's containers, by the path of their mount."""
    return {path: name for path, (name, _) in json.loads(label_of(service, SHARED) or "{}").items()}


def in_claims(resources: Sequence[dict[str, Any]], *, keeps_data: bool) -> Iterator[Owned]:
    """The claims of a state."""
    for resource in resources:
        if resource["type"] == "kubernetes:core/v1:PersistentVolumeClaim" and "id" in resource:
            namespace, name = resource["id"].split("/")
            owner = resource["inputs"]["metadata"]["annotations"][ORIGIN_ANNOTATION].removeprefix(f"{ROOT}.")
            if not _is_missed(owner):
                continue
            yield Owned(
                owner=owner,
                what=f"claim {name} of namespace {namespace}",
                removal=f"kubectl -n {namespace} delete pvc {name}",
                goes=not keeps_data,
            )


def check_owners(settings: Stack, deployed: Iterable[Owned]) -> None:
    """Warns of data that the stack gives up. Raises CommandError where data would be without an owner otherwise."""
    kept = set(keepers(settings))
    held: dict[str, dict[str, Owned]] = {}
    for one in deployed:
        held.setdefault(one.owner, {})[one.what] = one
    left = {path: list(volumes.values()) for path, volumes in held.items() if path not in kept}
    for path in left.keys() & set(_given_up(settings)):
        warn(_farewell(path, left.pop(path)))
    if left:
        fix = f"If the data may be lost, set `abandon_data: [{', '.join(sorted(left))}]` in the stack."
        problems = [_problem(settings, path, left[path], kept - held.keys()) for path in sorted(left)]
        raise CommandError("\n".join([*problems, fix]))


def _problem(settings: Stack, path: str, volumes: Sequence[Owned], new: Iterable[str]) -> str:
    there = any(part.origin.path == path for _, part in components(settings))
    why = "keeps no data any more" if there else "is not in the stack file any more"
    names = ", ".join(one.what for one in volumes)
    becomes = f"{names} would be DELETED, as `data: delete` says" if volumes[0].goes else f"{names} would stay behind"
    alike = sorted(one for one in new if one.partition(".")[0] == path.partition(".")[0])
    renamed = f" {' and '.join(alike)} would start empty: data does not follow a new name." if alike else ""
    return f"{ROOT}.{path}: {why}, and nobody would have its data: {becomes}.{renamed} Put it back."


def _given_up(settings: Stack) -> Iterator[str]:
    yield from settings.abandon_data
    for app in settings.apps.values():
        for use in shared_uses(app.shared_volumes).values():
            if use.instead_of:
                yield f"volumes.{use.instead_of}"
    for repository in settings.repositories.values():
        if repository.volume and repository.volume.instead_of:
            yield f"volumes.{repository.volume.instead_of}"


def _farewell(path: str, volumes: Sequence[Owned]) -> str:
    if volumes[0].goes:
        becomes = f"{', '.join(one.what for one in volumes)} will be DELETED, as `data: delete` says."
    else:
        becomes = " ".join(f"{one.what} stays behind (`{one.removal}` removes it)." for one in volumes)
    return f"{ROOT}.{path}: its data is ABANDONED, as the stack says. {becomes}"
