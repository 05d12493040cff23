"""A container of a service in the words of the Docker API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.engine.providers.docker import labels
from sandbox.engine.providers.docker.rules import nanoseconds

Spec = dict[str, Any]


def present(spec: Mapping[str, Any]) -> Spec:
    """`spec` without the fields that say nothing."""
    return {key: value for key, value in spec.items() if value is not None}


def container_spec(given: Mapping[str, Any]) -> Spec:
    """The ContainerSpec of the (checked, plain) inputs of `containerSpec`."""
    return present(
        {
            "Image": given["image"],
            "Labels": labels.to_api(given.get("labels")),
            "Command": given.get("commands"),
            "Args": given.get("args"),
            "Hostname": given.get("hostname"),
            "Env": [f"{key}={value}" for key, value in sorted((given.get("env") or {}).items())] or None,
            "Dir": given.get("dir"),
            "User": given.get("user"),
            "Groups": given.get("groups"),
            "ReadOnly": given.get("readOnly"),
            "Mounts": [_mount(mount) for mount in given.get("mounts") or []] or None,
            "StopSignal": given.get("stopSignal"),
            # The real provider sends 0 for what the program left out; the daemon would take 10 s.
            "StopGracePeriod": nanoseconds(given.get("stopGracePeriod")),
            "HealthCheck": _healthcheck(given.get("healthcheck")),
            "Hosts": [f"{entry['ip']} {entry['host']}" for entry in given.get("hosts") or []] or None,
            "DNSConfig": _dns(given.get("dnsConfig")),
            "Secrets": [_file("Secret", item) for item in given.get("secrets") or []] or None,
            "Configs": [_file("Config", item) for item in given.get("configs") or []] or None,
            "Isolation": given.get("isolation"),
            "Sysctls": given.get("sysctl"),
            "CapabilityAdd": given.get("capAdds"),
            "CapabilityDrop": given.get("capDrops"),
            "Init": bool(given.get("init")),
        }
    )


def _healthcheck(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None
    return {
        "Test": given["tests"],
        "Interval": nanoseconds(given.get("interval")),
        "Timeout": nanoseconds(given.get("timeout")),
        "StartPeriod": nanoseconds(given.get("startPeriod")),
        "Retries": given.get("retries") or 0,
    }


def _dns(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None
    return present(
        {"Nameservers": given["nameservers"], "Search": given.get("searches"), "Options": given.get("options")}
    )


def _file(kind: str, given: Mapping[str, Any]) -> Spec:
    key = kind.lower()
    return {
        f"{kind}ID": given[f"{key}Id"],
        f"{kind}Name": given.get(f"{key}Name") or "",
        "File": {
            "Name": given["fileName"],
            "UID": given["fileUid"],
            "GID": given["fileGid"],
            "Mode": given["fileMode"],
        },
    }


def _mount(given: Mapping[str, Any]) -> Spec:
    bind, volume, tmpfs = given.get("bindOptions"), given.get("volumeOptions"), given.get("tmpfsOptions")
    return present(
        {
            "Target": given["target"],
            "Source": given.get("source"),
            "Type": given["type"],
            "ReadOnly": given.get("readOnly"),
            "BindOptions": None if bind is None else present({"Propagation": bind.get("propagation")}),
            "VolumeOptions": None if volume is None else _volume_options(volume),
            "TmpfsOptions": None
            if tmpfs is None
            else present({"SizeBytes": tmpfs.get("sizeBytes"), "Mode": tmpfs.get("mode")}),
        }
    )


def _volume_options(given: Mapping[str, Any]) -> Spec:
    driver = present({"Name": given.get("driverName"), "Options": given.get("driverOptions")})
    return present(
        {
            "NoCopy": given.get("noCopy"),
            "Labels": labels.to_api(given.get("labels")),
            "DriverConfig": driver or None,
        }
    )
