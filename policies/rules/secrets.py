"""Secrets. A violation never shows a value."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from rules.base import workload_policy
from rules.plain_secrets import holds_a_secret, is_secret, secrets_in_arguments
from views import WorkloadView

_NOT_SECRET = "HA_PLAIN_TEXTS"
"""A container's variable that names what the stack file excepts."""
_CONFIGURATIONS = {
    "kubernetes:core/v1:ConfigMap": ("data",),
    "docker:index/serviceConfig:ServiceConfig": ("data", "dataRaw"),
}


def no_secret_in_environment(level: EnforcementLevel) -> ResourceValidationPolicy:
    """Variables and arguments are readable by everybody who may inspect a service or pod."""
    return workload_policy(
        "no-secret-in-environment", "Plain variables and arguments hold no secrets.", level, _secrets
    )


def _secrets(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        excepted = str(container.environment.get(_NOT_SECRET) or "").split(",")
        for name, value in container.environment.items():
            if isinstance(value, str) and name not in excepted and is_secret(name, value):
                yield f"{workload.name}: variable {name} looks like a secret; mount it as a file."
        if not {"args", "command", "migrations.command"} & set(excepted):
            for index in secrets_in_arguments(container.arguments):
                yield f"{workload.name}: argument {index} looks like a secret; mount it as a file."


def no_secret_in_configuration(level: EnforcementLevel) -> ResourceValidationPolicy:
    """ConfigMaps and Swarm configs are not protected as secrets are."""

    def validate(arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        keys = _CONFIGURATIONS.get(arguments.resource_type, ())
        if keys and _excepted(arguments.props):
            return
        for text in (text for key in keys for text in _texts(arguments.props.get(key))):
            if holds_a_secret(text):
                report(f"{arguments.name}: the configuration holds what looks like a password or key; use a secret.")

    return ResourceValidationPolicy(
        name="no-secret-in-configuration",
        description="Configuration files hold no passwords, keys or URLs with passwords.",
        enforcement_level=level,
        validate=validate,
    )


def _excepted(properties: Mapping[str, Any]) -> bool:
    """Whether the stack file says that the text is no secret: an annotation, or a label."""
    annotations = (properties.get("metadata") or {}).get("annotations") or {}
    labels = {label.get("label"): label.get("value") for label in properties.get("labels") or ()}
    return annotations.get("ha-platform/not-secret") == "true" or labels.get("ha-platform.not-secret") == "true"


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield _decoded(data)
    elif hasattr(data, "values"):
        yield from (value for value in data.values() if isinstance(value, str))


def _decoded(data: str) -> str:
    import base64

    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:  # not base64, or no text in it
        return data
