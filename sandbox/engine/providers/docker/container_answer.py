"""A container of a service as the API answers it, under the provider's names and with its zero values."""

from __future__ import annotations

from typing import Any

from sandbox.engine.providers.docker import labels
from sandbox.engine.providers.docker.rules import duration_text

Answer = dict[str, Any]


def container_answer(spec: Answer) -> Answer:
    """The `containerSpec` of a ContainerSpec."""
    health, dns = spec.get("Healthcheck") or {}, spec.get("DNSConfig") or {}
    return {
        "image": spec["Image"],
        "labels": labels.from_api(spec.get("Labels")),
        "commands": spec.get("Command"),
        "args": spec.get("Args"),
        "hostname": spec.get("Hostname", ""),
        "env": dict(entry.split("=", 1) for entry in spec.get("Env") or []) or None,
        "user": spec.get("User", ""),
        "dir": spec.get("Dir", ""),
        "groups": spec.get("Groups"),
        "privileges": None,
        "readOnly": spec.get("ReadOnly", False),
        "mounts": [_mount(mount) for mount in spec.get("Mounts") or []],
        "stopSignal": spec.get("StopSignal", ""),
        "stopGracePeriod": duration_text(spec.get("StopGracePeriod")),
        "healthcheck": {
            "tests": health.get("Test") or [],
            "interval": duration_text(health.get("Interval")),
            "timeout": duration_text(health.get("Timeout")),
            "startPeriod": duration_text(health.get("StartPeriod")),
            "retries": health.get("Retries", 0),
        },
        "hosts": [dict(zip(("ip", "host"), entry.split(" ", 1), strict=False)) for entry in spec.get("Hosts") or []],
        "dnsConfig": {
            "nameservers": dns.get("Nameservers"),
            "searches": dns.get("Search"),
            "options": dns.get("Options"),
        },
        "secrets": [_file("Secret", item) for item in spec.get("Secrets") or []],
        "configs": [_file("Config", item) for item in spec.get("Configs") or []],
        "isolation": spec.get("Isolation", "default"),
        "sysctl": spec.get("Sysctls"),
        "capAdds": spec.get("CapabilityAdd"),
        "capDrops": spec.get("CapabilityDrop"),
        "init": spec.get("Init", False),
    }


def _file(kind: str, item: Answer) -> Answer:
    key, target = kind.lower(), item["File"]
    return {
        f"{key}Id": item[f"{kind}ID"],
        f"{key}Name": item.get(f"{kind}Name", ""),
        "fileName": target["Name"],
        "fileUid": target["UID"],
        "fileGid": target["GID"],
        "fileMode": target["Mode"],
    }


def _mount(mount: Answer) -> Answer:
    bind, volume, tmpfs = mount.get("BindOptions"), mount.get("VolumeOptions"), mount.get("TmpfsOptions")
    driver = (volume or {}).get("DriverConfig") or {}
    return {
        "target": mount["Target"],
        "source": mount.get("Source", ""),
        "type": mount["Type"],
        "readOnly": mount.get("ReadOnly", False),
        "bindOptions": bind and {"propagation": bind.get("Propagation")},
        "volumeOptions": None
        if volume is None
        else {
            "noCopy": volume.get("NoCopy", False),
            "labels": labels.from_api(volume.get("Labels")),
            "driverName": driver.get("Name"),
            "driverOptions": driver.get("Options"),
        },
        "tmpfsOptions": tmpfs and {"sizeBytes": tmpfs.get("SizeBytes"), "mode": tmpfs.get("Mode")},
    }
