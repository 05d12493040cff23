"""The registry's storage on disk: layers, configurations and manifests by digest, and tags that point at them.

The layout is the one of the filesystem driver of the CNCF registry (distribution), which reads it at each request.
Layers are not compressed: they only ever travel over loopback.
"""

import hashlib
import json
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar"


@dataclass(frozen=True)
class Blob:
    """A stored blob: `sha256:...` and its size in bytes."""

    digest: str
    size: int


class Storage:
    """The storage under `root`."""

    def __init__(self, root: Path) -> None:
        self._v2 = root / "docker/registry/v2"

    def digest(self, repository: str, tag: str) -> str | None:
        """The manifest that the tag points at, when all of the image is there."""
        link = self._tag(repository, tag) / "current/link"
        if not link.exists():
            return None
        digest = link.read_text()
        manifest = self.manifest(digest)
        blobs = [manifest["config"], *manifest["layers"]] if manifest else []
        return digest if blobs and all(self.path(blob["digest"]).exists() for blob in blobs) else None

    def manifest(self, digest: str) -> dict[str, Any] | None:
        """A stored manifest."""
        path = self.path(digest)
        read: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
        return read

    def put(self, content: bytes) -> Blob:
        """Store some bytes."""
        blob = Blob(f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))
        _write(self.path(blob.digest), content)
        return blob

    def put_directory(self, directory: Path) -> Blob:
        """Store a directory's content as a layer."""
        unfinished = self._v2 / f"uploads/{uuid.uuid4().hex}"
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        hashed, size = hashlib.sha256(), 0
        tar = ["tar", "--create", "--numeric-owner", "--sort=name", "--directory", str(directory), "."]
        with unfinished.open("wb") as file, subprocess.Popen(tar, stdout=subprocess.PIPE) as process:
            assert process.stdout
            while chunk := process.stdout.read(1 << 20):
                hashed.update(chunk)
                size += len(chunk)
                file.write(chunk)
        if process.returncode:
            unfinished.unlink()
            raise OSError(f"tar of {directory} ended with {process.returncode}")
        blob = Blob(f"sha256:{hashed.hexdigest()}", size)
        self.path(blob.digest).parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(self.path(blob.digest))
        return blob

    def put_image(self, repository: str, tag: str, config: dict[str, Any], layers: list[Blob]) -> str:
        """Store an image of these layers under a tag; returns the manifest's digest."""
        stored = self.put(_json(config))
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": _CONFIG_TYPE, "size": stored.size, "digest": stored.digest},
            "layers": [{"mediaType": _LAYER_TYPE, "size": layer.size, "digest": layer.digest} for layer in layers],
        }
        digest = self.put(_json(manifest)).digest
        links = self._v2 / "repositories" / repository
        for blob in (stored, *layers):
            self._link(links / "_layers" / blob.digest.replace(":", "/"), blob.digest)
        self._link(links / "_manifests/revisions" / digest.replace(":", "/"), digest)
        self._link(self._tag(repository, tag) / "index" / digest.replace(":", "/"), digest)
        self._link(self._tag(repository, tag) / "current", digest)  # last: the image is whole from here on
        return digest

    def prune(self, kept: set[tuple[str, str]]) -> int:
        """Remove every (repository, tag) that is not kept, and the blobs that no image has; returns the bytes freed."""
        tags = {link.parents[1] for link in self._v2.glob("repositories/**/_manifests/tags/*/current/link")}
        stay = {self._tag(repository, tag) for repository, tag in kept}
        for tag in tags - stay:
            shutil.rmtree(tag)
        used: set[Path] = set()
        for tag in tags & stay:
            digest = (tag / "current/link").read_text()
            manifest = self.manifest(digest) or {"config": {"digest": digest}, "layers": []}
            used |= {self.path(blob["digest"]) for blob in (manifest["config"], *manifest["layers"])} | {
                self.path(digest)
            }
        freed = 0
        for blob in set(self._v2.glob("blobs/*/*/*/data")) - used:
            freed += blob.stat().st_size
            shutil.rmtree(blob.parent)
        return freed

    def path(self, digest: str) -> Path:
        """The file of a blob."""
        algorithm, _, hexadecimal = digest.partition(":")
        return self._v2 / "blobs" / algorithm / hexadecimal[:2] / hexadecimal / "data"

    def _tag(self, repository: str, tag: str) -> Path:
        return self._v2 / "repositories" / repository / "_manifests/tags" / tag

    def _link(self, directory: Path, digest: str) -> None:
        _write(directory / "link", digest.encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    unfinished.write_bytes(content)
    unfinished.rename(path)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()
