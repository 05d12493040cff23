"""Secrets. A violation never shows a value."""

import re
from collections.abc import Iterator

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from rules.base import workload_policy
from views import WorkloadView

_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?|DSN)$", re.IGNORECASE)
_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@$]+@")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_PASSWORD_LINE = re.compile(
    r"^\s*[\w.-]*(password|requirepass|masterauth|secret_key)\s*[:= ]\s*[^\s$#{/]{6,}", re.I | re.M
)
_CONFIGURATIONS = {
    "kubernetes:core/v1:ConfigMap": ("data",),
    "docker:index/serviceConfig:ServiceConfig": ("data", "dataRaw"),
}


def no_secret_in_environment(level: EnforcementLevel) -> ResourceValidationPolicy:
    """Variables are readable by everybody who may inspect a service or pod."""
    return workload_policy("no-secret-in-environment", "Plain variables hold no secrets.", level, _secret_variables)


def _secret_variables(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        for name, value in container.environment.items():
            if not value or not isinstance(value, str):
                continue
            if _SECRET_NAME.search(name) or _URL_WITH_PASSWORD.search(value):
                yield f"{workload.name}: variable {name} looks like a secret; mount it as a file."


def no_secret_in_configuration(level: EnforcementLevel) -> ResourceValidationPolicy:
    """ConfigMaps and Swarm configs are not protected as secrets are."""

    def validate(arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        keys = _CONFIGURATIONS.get(arguments.resource_type, ())
        for text in (text for key in keys for text in _texts(arguments.props.get(key))):
            if _URL_WITH_PASSWORD.search(text) or _PRIVATE_KEY.search(text) or _PASSWORD_LINE.search(text):
                report(f"{arguments.name}: the configuration holds what looks like a password or key; use a secret.")

    return ResourceValidationPolicy(
        name="no-secret-in-configuration",
        description="Configuration files hold no passwords, keys or URLs with passwords.",
        enforcement_level=level,
        validate=validate,
    )


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield _decoded(data)
    elif hasattr(data, "values"):
        yield from (value for value in data.values() if isinstance(value, str))


def _decoded(data: str) -> str:
    import base64
    import binascii

    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return data
