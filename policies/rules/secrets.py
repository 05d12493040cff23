"""Secrets. A fault never shows a value."""

import base64
from collections.abc import Iterator

from rules.plain_secrets import holds_a_secret, is_secret, secrets_in_arguments
from rules.rule import Rule
from views import Resource, WorkloadView
from views.plain import pairs

_NOT_SECRET = "HA_PLAIN_TEXTS"
"""A container's variable that names what the stack file excepts."""
_CONFIGURATIONS = {
    "kubernetes:core/v1:ConfigMap": ("data", "binaryData"),
    "docker:index/serviceConfig:ServiceConfig": ("data", "dataRaw"),
}
_ENCODED = ("binaryData", "data")
"""May be base64."""


def _in_environment(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        excepted = str(container.environment.get(_NOT_SECRET) or "").split(",")
        for name, value in container.environment.items():
            if value is not None and name not in excepted and is_secret(name, value):
                yield f"{workload.name}: variable {name} looks like a secret."
        if not any(one in ("args", "command") or one.endswith(".command") for one in excepted):
            for index in secrets_in_arguments(container.arguments):
                yield f"{workload.name}: argument {index} looks like a secret."


def _in_configuration(resource: Resource) -> Iterator[str]:
    keys = _CONFIGURATIONS.get(resource.type, ())
    if keys and _is_excepted(resource):
        return
    for key in keys:
        if any(holds_a_secret(text) for text in _texts(key, resource.properties.get(key))):
            yield f"{resource.name}: the configuration holds what looks like a password or key."


def _is_excepted(resource: Resource) -> bool:
    """Whether the stack file says that the text is no secret: an annotation, or a label."""
    annotations = resource.metadata.get("annotations") or {}
    label = pairs(resource.properties.get("labels")).get("ha-platform.not-secret")
    return "true" in (annotations.get("ha-platform/not-secret"), label)


def _texts(key: str, data: object) -> Iterator[str]:
    values = [data] if isinstance(data, str) else list(data.values()) if isinstance(data, dict) else []
    for text in (one for one in values if isinstance(one, str)):
        yield text
        if key in _ENCODED:
            yield from _decoded(text)


def _decoded(data: str) -> Iterator[str]:
    try:
        yield base64.b64decode(data, validate=True).decode()
    except ValueError:  # not base64, or no text in it
        return


RULES = (
    Rule(
        name="no-secret-in-environment",
        says="Plain variables and arguments hold no secrets.",
        why="They are shown to everybody who may inspect a service or pod, and stand in crash reports.",
        fix="Mount it as a file of a secret.",
        of_workload=_in_environment,
    ),
    Rule(
        name="no-secret-in-configuration",
        says="Configuration files hold no passwords, keys or URLs with passwords.",
        why="ConfigMaps and Swarm configs are not protected as secrets are.",
        fix="Use a secret.",
        of_resource=_in_configuration,
    ),
)
