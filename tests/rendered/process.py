"""What the process of an application finds: its variables, and the files that are mounted for it."""

from dataclasses import dataclass
from typing import Any

from platforms.launcher import SECRET_ENV_DIRECTORY
from tests.mock_engine import Recorded
from tests.rendered.texts import content, holds_text


@dataclass(frozen=True, kw_only=True)
class Process:
    """`env` holds what a launcher exports, too; `files` the content of every file by its path."""

    env: dict[str, str]
    files: dict[str, str]


def process(registered: list[Recorded], app: str) -> Process:
    """Of the application `app`, on whichever platform was rendered."""
    (word,) = (one for one in registered if one.name == app and one.type.rpartition(":")[2] in ("Service", "Deployment")
               and ("taskSpec" in one.inputs or "template" in one.inputs["spec"]))  # fmt: skip
    contents = {_object_name(one): content(one) for one in registered if holds_text(one)}
    env, mounted = _swarm(word.inputs) if "taskSpec" in word.inputs else _kubernetes(word.inputs)
    files = {path: contents[name] for path, name in mounted.items()}
    exported = {path: text for path, text in files.items() if path.startswith(f"{SECRET_ENV_DIRECTORY}/")}
    return Process(
        env=env | {path.rpartition("/")[2]: text for path, text in exported.items()},
        files={path: text for path, text in files.items() if path not in exported},
    )


def _swarm(inputs: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    spec = inputs["taskSpec"]["containerSpec"]
    secrets = {one["fileName"]: one["secretName"] for one in spec.get("secrets", ())}
    return spec["env"], secrets | {one["fileName"]: one["configName"] for one in spec.get("configs", ())}


def _kubernetes(inputs: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    pod = inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    paths = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    mounted = {
        f"{paths[volume['name']]}/{item['path']}": held["name"]
        for volume in pod["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
        for held in source.values()
        for item in held["items"]
    }
    return {one["name"]: one["value"] for one in container["env"]}, mounted


def _object_name(one: Recorded) -> str:
    return str(one.outputs.get("metadata", one.outputs)["name"])
