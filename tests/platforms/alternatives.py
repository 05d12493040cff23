"""For each field of each word: another value, which must show in what is rendered."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from ipaddress import IPv4Network
from typing import Any

import model
from model import (
    ConfigRef,
    ExecCheck,
    File,
    Front,
    HostPath,
    HttpTool,
    Issued,
    Outside,
    Port,
    PublicPort,
    Scratch,
    SecretRef,
    Shard,
    SharedMount,
    Tier,
    Toleration,
)
from tests.platforms.words import SCALING, Objects

RESULTS = {"Circle", "Endpoint", "SecretRef", "ConfigRef", "SharedVolumeRef"}
"""Dataclasses of the model that a platform returns; nothing renders them."""


def alternatives(objects: Objects) -> Mapping[str, Any]:
    """By `Class.field`. A field whose value is itself a word has none: its own fields have."""
    return {
        "Agent.depends_on": (objects.resource,),
        "Agent.host_paths": (HostPath(host_path="/sys", mount_path="/host/sys"),),
        "Agent.name": "other",
        "Agent.ports": (Port(name="other", number=7000),),
        "Agent.tier": Tier.APP,
        "CloudBalancer.annotations": {"cloud.example.com/address": "192.0.2.1"},
        "CloudBalancer.sources": ("192.0.2.0/24",),
        "ConfigFile.name": "other",
        "ConfigFile.not_secret": True,
        "ConfigFile.text": "other",
        "Container.args": ("--other",),
        "Container.command": ("other",),
        "Container.devices": {"gpu": 2},
        "Container.env": {"MODE": "other"},
        "Container.files": (File(path="/etc/other/token", source=objects.other_secret),),
        "Container.scratch": (Scratch(path="/var/other"),),
        "Container.shared": (SharedMount(path="/srv/others", source=objects.other_volume),),
        "Container.shm_bytes": 2**20,
        "Container.secret_env": {"OTHER_KEY": objects.secret},
        "ExecCheck.command": ("other", "check"),
        "File.alone": True,
        "File.path": "/etc/other/file",
        "File.source": {SecretRef: objects.other_secret, ConfigRef: objects.other_config},
        "Front.annotations": {"example.com/body": "8m"},
        "Front.any_host": True,
        "Front.hosts": ("other.example.com",),
        "Front.port": "metrics",
        "Front.tls": Issued(name="other", kind="Issuer"),
        "Front.trusted_proxies": (),
        "GivenCertificate.certificate": "other",
        "GivenCertificate.private_key": "other",
        "HostPath.host_path": "/other",
        "HostPath.mount_path": "/host/other",
        "HttpCheck.host": "www.example.com",
        "HttpCheck.path": "/other",
        "HttpCheck.port": 8081,
        "HttpCheck.tls": True,
        "Image.gid": 2001,
        "Image.http_tool": HttpTool.PYTHON,
        "Image.ref": "registry.example/app:2",
        "Image.uid": 2000,
        "Issued.kind": "Issuer",
        "Issued.name": "other",
        "Job.deadline_seconds": 301,
        "Job.depends_on": (objects.resource,),
        "Job.name": "other",
        "Job.account_annotations": {"example.com/role": "reader"},
        "Job.priority": "high",
        "Job.outside": (Outside(port=5433),),
        "Job.retries": 5,
        "Job.tier": Tier.DATA,
        "Origin.root": "other",
        "Origin.key": "others",
        "Origin.name": "other",
        "Origin.below": ("other",),
        "Members.count": 3,
        "Members.depends_on": (objects.resource,),
        "Members.abandon_data_on": ("a",),
        "Members.hosts": ("b", "c"),
        "Members.name": "other",
        "Members.node_labels": {"disk": "fast"},
        "Members.tolerations": (Toleration(key="pool"),),
        "Members.account_annotations": {"example.com/role": "reader"},
        "Members.priority": "high",
        "Members.outside": (Outside(port=5433),),
        "Members.peers": False,
        "Members.electorate": True,
        "Members.shard": Shard(of="store", number=1),
        "Shard.number": 2,
        "Shard.of": "other",
        "Members.ports": (Port(name="other", number=7000),),
        "Members.private_to": ("other",),
        "Members.metrics_port": "metrics",
        "Members.peer_ports": ("other",),
        "Members.public_ports": (PublicPort(port="metrics", published=9100, audience="operators"),),
        "Members.slow_start_seconds": 7200,
        "Members.tier": Tier.APP,
        "Outside.networks": (IPv4Network("10.9.0.0/16"),),
        "Outside.port": 5433,
        "Port.name": "other",
        "Port.number": 7000,
        "Probe.check": ExecCheck(command=("another", "kind")),
        "Probe.failures": 9,
        "Probe.interval_seconds": 20,
        "Probe.timeout_seconds": 4,
        "Probes.start_seconds": 61,
        "PublicPort.audience": "operators",
        "PublicPort.port": "metrics",
        "PublicPort.sources": ("203.0.113.0/24", "2001:db8::/32"),
        "PublicPort.published": 81,
        "Resources.cpu_limit_millis": 600,
        "Resources.cpu_request_millis": 200,
        "Resources.memory_limit_bytes": 256 * 2**20,
        "Resources.memory_request_bytes": 65 * 2**20,
        "Rollout.deadline_seconds": 301,
        "Rollout.parallelism": 2,
        "Rollout.stable_seconds": 6,
        "Rollout.order": "stop-first",
        "Scaling.cpu_percent": 50,
        "Scaling.max_replicas": 11,
        "Scaling.memory_percent": 50,
        "Scaling.metrics": (),
        "Scaling.min_replicas": 4,
        "ScalingMetric.name": "other",
        "ScalingMetric.per_replica": 2.5,
        "ScalingMetric.query": "sum(others)",
        "ScalingWindow.ends": "0 21 * * 1-5",
        "ScalingWindow.min_replicas": 7,
        "ScalingWindow.starts": "0 8 * * 1-5",
        "ScalingWindow.zone": "Europe/Berlin",
        "Scaling.windows": (),
        "ScalingStep.choose": "min",
        "ScalingStep.percent": 50,
        "ScalingStep.period_seconds": 20,
        "ScalingStep.replicas": 5,
        "ScalingStep.stabilization_seconds": 61,
        "Schedule.account_annotations": {"example.com/role": "reader"},
        "Schedule.at": "31 3 * * *",
        "Schedule.deadline_seconds": 601,
        "Schedule.depends_on": (objects.resource,),
        "Schedule.history": 4,
        "Schedule.hosts": ("b",),
        "Schedule.name": "other",
        "Schedule.node_labels": {"disk": "fast"},
        "Schedule.tolerations": (Toleration(key="pool"),),
        "Schedule.outside": (Outside(port=5433),),
        "Schedule.priority": "high",
        "Schedule.start_within_seconds": 601,
        "Schedule.tier": Tier.DATA,
        "Schedule.zone": "Europe/Berlin",
        "Scratch.path": "/var/other",
        "Scratch.size_bytes": 2**20,
        "Secret.name": "other",
        "Secret.value": "other",
        "Security.allow_root": True,
        "Security.capabilities": ("NET_BIND_SERVICE",),
        "Security.read_only_root": False,
        "SharedMount.instead_of": "others",
        "SharedMount.path": "/srv/others",
        "SharedMount.read_only": True,
        "SharedMount.source": objects.other_volume,
        "SharedVolume.driver": "server",
        "SharedVolume.name": "others",
        "SharedVolume.options": {"type": "nfs", "o": "addr=b", "device": ":/b"},
        "SharedVolume.size_bytes": 2**31,
        "SharedVolume.storage_class": "others",
        "Stop.grace_seconds": 31,
        "Stop.signal": "SIGQUIT",
        "TcpCheck.port": 8081,
        "Toleration.effect": "NoExecute",
        "Toleration.key": "other",
        "Toleration.value": "other",
        "Volume.disposable": True,
        "Volume.path": "/var/lib/other",
        "Volume.size_bytes": 2**31,
        "Workload.depends_on": (objects.resource,),
        "Workload.front": Front(port="http", hosts=("www.example.com",), any_host=False, annotations={"a.b/c": "d"}),
        "Workload.name": "other",
        "Workload.node_labels": {"disk": "fast"},
        "Workload.tolerations": (Toleration(key="pool"),),
        "Workload.account_annotations": {"example.com/role": "reader"},
        "Workload.priority": "high",
        "Workload.outside": (Outside(port=5433),),
        "Workload.ports": (Port(name="other", number=7000),),
        "Workload.prefer_spot": True,
        "Workload.public_ports": (PublicPort(port="metrics", published=9100, audience="operators"),),
        "Workload.replicas": 3,
        "Workload.scaling": SCALING,
        "Workload.spread": "require",
        "Workload.tier": Tier.MONITORING,
    }


def model_fields() -> set[str]:
    """`Class.field` of every word whose field is not itself one word."""
    names = set()
    for name in model.__all__:
        word = getattr(model, name)
        if is_dataclass(word) and name not in RESULTS:
            names |= {f"{name}.{field.name}" for field in fields(word) if not _is_word(field.type)}
    return names


def _is_word(annotation: Any) -> bool:
    name = annotation.__name__ if isinstance(annotation, type) and is_dataclass(annotation) else ""
    return name in model.__all__ and name not in RESULTS


Path = tuple[str | int, ...]


def leaves(word: Any, at: Path = ()) -> list[tuple[Path, str]]:
    """Every field of `word` and of the words inside it: its path, and `Class.field`."""
    found: list[tuple[Path, str]] = []
    for field in fields(word):
        value = getattr(word, field.name)
        path = (*at, field.name)
        key = f"{type(word).__name__}.{field.name}"
        if not _is_word(field.type):
            found.append((path, key))
        for index, part in enumerate(value if isinstance(value, tuple) else (value,)):
            if is_dataclass(part) and type(part).__name__ not in RESULTS:
                found += leaves(part, (*path, index) if isinstance(value, tuple) else path)
    return found


def changed(word: Any, path: Path, value: Any) -> Any:
    """`word` with another value at `path`."""
    first, *rest = path
    if not rest:
        old = getattr(word, str(first))
        return replace(
            word, **{str(first): value[type(old)] if isinstance(value, dict) and type(old) in value else value}
        )
    inner = getattr(word, str(first))
    if isinstance(rest[0], int):
        index, tail = rest[0], tuple(rest[1:])
        parts = tuple(changed(part, tail, value) if at == index else part for at, part in enumerate(inner))
        return replace(word, **{str(first): parts})
    return replace(word, **{str(first): changed(inner, tuple(rest), value)})


def dotted(path: Path) -> str:
    """`public_ports[0].port` as refusals name it: `public_ports.port`."""
    return ".".join(str(part) for part in path if not isinstance(part, int))
