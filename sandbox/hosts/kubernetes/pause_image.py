"""The image of a pod's first process, made from the program `pause` alone: it must come from no registry."""

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path

PAUSE_IMAGE = "sandbox.invalid/pause:1"

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_OCI = "application/vnd.oci.image"


def write(program: Path, archive: Path) -> None:
    """Write an OCI image archive whose one layer holds `program` as /pause."""
    layer = _tar({"pause": (program.read_bytes(), 0o755)})
    config = json.dumps({
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Entrypoint": ["/pause"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }).encode()  # fmt: skip
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _descriptor(config, "config.v1+json"),
        "layers": [_descriptor(layer, "layer.v1.tar")],
    }).encode()  # fmt: skip
    named = {**_descriptor(manifest, "manifest.v1+json"), "annotations": {"io.containerd.image.name": PAUSE_IMAGE}}
    files = {
        "oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
        "index.json": json.dumps({"schemaVersion": 2, "manifests": [named]}).encode(),
        **{f"blobs/sha256/{_digest(blob).removeprefix('sha256:')}": blob for blob in (layer, config, manifest)},
    }
    archive.write_bytes(_tar({name: (content, 0o644) for name, content in files.items()}))


def _descriptor(blob: bytes, kind: str) -> dict[str, object]:
    return {"mediaType": f"{_OCI}.{kind}", "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
