"""A person's own Docker in place of the sandbox: it must be a Swarm with the stack's nodes, and have the images."""

import io
import json
import tarfile
from typing import Any

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.progress import say, step
from cli.sandbox import faults
from composition.stack import Stack
from platforms.swarm.settings import SwarmSettings


def prepare(settings: Stack, hosts: Hosts) -> None:
    """Check the nodes, and load sandbox images that the Swarm's only node lacks. Raises CommandError."""
    assert isinstance(settings.platform, SwarmSettings)
    with answering(hosts):
        client = docker_client(hosts)
        nodes = sorted(node["Description"]["Hostname"] for node in client.nodes())
        _check_nodes(list(settings.platform.nodes), nodes, hosts)
        if settings.images.source == "sandbox" and settings.images.registry is None:
            _load_images(client, nodes, hosts)


def _check_nodes(named: list[str], there: list[str], hosts: Hosts) -> None:
    if missing := [name for name in named if name not in there]:
        raise CommandError(
            f"platform.nodes names {', '.join(missing)}, but the Swarm of {hosts.description} has the nodes "
            f"{', '.join(there)}; write these names in a copy of the stack file, and set STACK_FILE to it."
        )


def _load_images(client: Any, nodes: list[str], hosts: Hosts) -> None:
    with faults():
        from sandbox.images import ensure_images
        from sandbox.images.build import reference
        from sandbox.images.recipe import recipes

        missing = [name for name in recipes() if name != "base" and not _has(client, reference(name))]
        if not missing:
            return
        if len(nodes) > 1:
            raise CommandError(
                f"{hosts.description} lacks sandbox images ({', '.join(missing)}) and its Swarm has {len(nodes)} "
                "nodes; push them to a registry that all nodes reach and set images.registry, or use "
                "`images: {source: upstream}`."
            )
        with step("  images: built"):
            ensure_images(missing, say=lambda line: say(f"  image {line}"))
        for name in missing:
            with step(f"  image {name}: loaded into {hosts.description}"):
                client.load_image(_archive(name))


def _has(client: Any, reference: str) -> bool:
    import docker

    for ask in (client.inspect_image, client.inspect_distribution):
        try:
            ask(reference)
        except docker.errors.APIError:
            continue
        return True
    return False


def _archive(name: str) -> bytes:
    """The image in the format of `docker save`, from the storage of the sandbox's registry."""
    from sandbox.hosts.profiles import registry_storage
    from sandbox.images.build import reference, repository
    from sandbox.images.recipe import tag
    from sandbox.images.storage import Storage

    storage = Storage(registry_storage())
    digest = storage.digest(repository(name), tag(name))
    manifest = storage.manifest(digest) if digest else None
    assert manifest is not None, f"{name} was built just now"
    blobs = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
    names = [blob.replace(":", "-") for blob in blobs]
    index = [{"Config": names[0], "RepoTags": [reference(name)], "Layers": names[1:]}]
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for blob, file in dict(zip(blobs, names, strict=True)).items():
            archive.add(storage.path(blob), arcname=file)
        text = json.dumps(index).encode()
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return target.getvalue()
