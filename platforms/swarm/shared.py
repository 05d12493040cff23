"""Shared volumes as named volumes of a driver, made on each host by the first task that mounts them.

A host keeps a volume as it was made and does not look at options again, so the name follows from them: with other
options it is another volume on every host, and never an old one on some.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pulumi_docker as docker

from model import Agent, Members, SharedMount, SharedVolume, SharedVolumeRef, Workload
from platforms import shared
from platforms.base import Refused
from platforms.mounts import normal
from platforms.swarm.expansion import literal
from platforms.swarm.names import Names, label_of
from platforms.swarm.settings import SwarmSettings

LOCAL = "local"
_LOCAL_OPTIONS = ("type", "o", "device")
_OF_A_NETWORK = ("nfs", "nfs4", "cifs", "ceph")
"""Types that the kernel mounts from elsewhere, without a helper: `local` asks the kernel itself."""
_WITH_AN_ADDRESS = ("nfs", "nfs4", "cifs")
_DEVICES = {
    "nfs": (re.compile(r":/"), ":/exports/files"),
    "nfs4": (re.compile(r":/"), ":/exports/files"),
    "cifs": (re.compile(r"^(//|\\\\)[^/\\]+[/\\][^/\\]"), "//files.example.com/share"),
    "ceph": (re.compile(r"[:=]/"), "192.0.2.20:/files"),
}
"""A directory of a server, for each type, with an example. (For `none` alone Docker mounts nothing.)"""
_NOT_A_MOUNT = ("bind", "rbind", "remount")
"""Options with which the kernel ignores the type: it shows a directory of the host itself."""
_WHERE = {
    *("addr", "ip", "port", "mountaddr", "mounthost", "mountport", "mountprog", "nfsprog"),
    *("unc", "source", "prefixpath", "snapshot"),
    *("mon_addr", "fs", "mds_namespace", "fsid"),
}
"""Mount options that say which data it is: of NFS, CIFS and Ceph."""
_EXAMPLE = 'driver: local, options: {type: nfs, o: "addr=10.0.0.5,rw,nfsvers=4.1", device: ":/exports/files"}'


def refusals(word: SharedVolume, settings: SwarmSettings) -> Iterator[Refused]:
    """Without a driver that can share, or with what is a cluster's."""
    if word.storage_class is not None:
        yield Refused("storage_class", word.storage_class, f"is Kubernetes'; Swarm has volume drivers: `{_EXAMPLE}`")
    if word.driver is None:
        yield Refused(
            "driver", "none", f"nothing says how hosts share it; name a volume driver that every host has: `{_EXAMPLE}`"
        )
    elif word.driver == LOCAL:
        yield from _local_refusals(word.options, hosts=len(settings.nodes))


def _local_refusals(options: Mapping[str, str], *, hosts: int) -> Iterator[Refused]:
    """What Docker's own driver does not take, and what it would make of each host's own disk."""
    if not options:
        if hosts > 1:
            yield Refused(
                "driver",
                LOCAL,
                f"makes a directory on each of the {hosts} hosts, with files of its own; mount one from a file server: "
                f"`{_EXAMPLE}`",
            )
        return
    if unknown := [key for key in options if key not in _LOCAL_OPTIONS]:
        yield Refused("options", ", ".join(unknown), f"`local` takes {', '.join(_LOCAL_OPTIONS)} alone")
    if missing := [key for key in ("type", "device") if not options.get(key)]:
        yield Refused("options", ", ".join(options), f"`local` also needs {' and '.join(missing)}: `{_EXAMPLE}`")
        return
    kind, mount_options = options["type"], options.get("o", "").split(",")
    if kind not in _OF_A_NETWORK:
        yield Refused(
            "options",
            f"type: {kind}",
            f"is on each host's own disk or memory; types that hosts share are {', '.join(_OF_A_NETWORK)}",
        )
    elif not _DEVICES[kind][0].search(options["device"]):
        yield Refused(
            "options",
            f"device: {options['device']}",
            f"names no directory of a server, as {kind} does it: `{_DEVICES[kind][1]}`",
        )
    if own := [one for one in mount_options if one.strip() in _NOT_A_MOUNT]:
        yield Refused(
            "options",
            f"o: {', '.join(own)}",
            "makes it a directory of each host itself, whatever the type; leave it out",
        )
    if kind in _WITH_AN_ADDRESS and not any(one.startswith("addr=") and one != "addr=" for one in mount_options):
        yield Refused("options", f"type: {kind}", "needs the server as `addr=<address>` in `o`, for the kernel asks it")


def reference(word: SharedVolume, names: Names) -> SharedVolumeRef:
    """How containers mount it."""
    made_from = json.dumps([word.driver, dict(word.options)], sort_keys=True)
    name = names.shared_volume(word.name, hashlib.sha256(made_from.encode()).hexdigest()[:8])
    place = f"volume {name}"
    if word.driver == LOCAL and word.options:
        told = (one for one in word.options.get("o", "").split(",") if one.partition("=")[0] in _WHERE)
        where = sorted(told, key=lambda one: one.partition("=")[0])  # the kernel takes the last of one key
        place = " ".join(filter(None, (word.options.get("type"), word.options.get("device"), *where)))
    return SharedVolumeRef(name=word.name, object_name=name, place=place, driver=word.driver, options=word.options)


def mount(word: SharedMount) -> docker.ServiceTaskSpecContainerSpecMountArgs:
    """The mount in a task. Without labels for the volume: a changed one replaces the whole service, which nothing that
    watches updates would see."""
    source = word.source
    return docker.ServiceTaskSpecContainerSpecMountArgs(
        type="volume",
        source=source.object_name,
        target=literal(normal(word.path)),
        read_only=word.read_only or None,
        volume_options=docker.ServiceTaskSpecContainerSpecMountVolumeOptionsArgs(
            # Where there is a server, it alone says who owns what: a copy of the image's owner would fail there.
            no_copy=source.driver != LOCAL or bool(source.options),
            driver_name=source.driver,
            driver_options=dict(source.options) or None,
        ),
    )


def watch(word: Workload | Members | Agent) -> list[pulumi.ResourceHook]:
    """The hook of what mounts them."""
    return shared.watch(word, _recorded)


def _recorded(inputs: Mapping[str, Any]) -> str | None:
    return label_of(inputs, shared.KEY)
