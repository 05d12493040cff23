"""The fields of a service's container, as pulumi-docker 5.2 has them."""

from __future__ import annotations

from sandbox.engine.providers.docker.fields import (
    Fields,
    block,
    blocks,
    duration,
    flag,
    labels,
    mapping,
    number,
    text,
    texts,
)
from sandbox.engine.providers.docker.rules import one_of

# Octal 0444: what the provider mounts secrets and configs with.
_FILE_MODE = 0o444


def _mounted_file(kind: str) -> Fields:
    return {
        f"{kind}Id": text(required=True),
        f"{kind}Name": text(),
        "fileName": text(required=True),
        "fileUid": text(default="0"),
        "fileGid": text(default="0"),
        "fileMode": number(default=_FILE_MODE),
    }


_MOUNT: Fields = {
    "target": text(required=True),
    "source": text(),
    "type": text(one_of("bind", "volume", "tmpfs"), required=True),
    "readOnly": flag(),
    "bindOptions": block(
        {"propagation": text(one_of("private", "rprivate", "shared", "rshared", "slave", "rslave"), default="rprivate")}
    ),
    "volumeOptions": block(
        {
            "noCopy": flag(),
            "labels": labels(replace=True),
            "driverName": text(),
            "driverOptions": mapping(),
        }
    ),
    "tmpfsOptions": block({"sizeBytes": number(), "mode": number()}),
}

_HEALTHCHECK: Fields = {
    "tests": texts(required=True),
    "interval": duration(default="0s"),
    "timeout": duration(default="0s"),
    "startPeriod": duration(default="0s"),
    "retries": number(default=0),
}

CONTAINER: Fields = {
    "image": text(required=True),
    "labels": labels(replace=True),
    "commands": texts(),
    "args": texts(),
    "hostname": text(),
    "env": mapping(),
    "dir": text(),
    "user": text(),
    "groups": texts(),
    "readOnly": flag(),
    "mounts": blocks(_MOUNT, unordered=True),
    "stopSignal": text(),
    "stopGracePeriod": duration(computed=True),
    "healthcheck": block(_HEALTHCHECK, computed=True),
    "hosts": blocks(
        {"ip": text(required=True, replace=True), "host": text(required=True, replace=True)},
        unordered=True,
        replace=True,
    ),
    "dnsConfig": block({"nameservers": texts(required=True), "searches": texts(), "options": texts()}, computed=True),
    "secrets": blocks(_mounted_file("secret"), unordered=True),
    "configs": blocks(_mounted_file("config"), unordered=True),
    "isolation": text(one_of("default", "process", "hyperv"), default="default"),
    "sysctl": mapping(replace=True),
    "capAdds": texts(),
    "capDrops": texts(),
    "init": flag(computed=True),
}
