"""The registry's storage: what is written is whole, addressed by digest, and found again."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from sandbox.images.layers import _mark_deletions
from sandbox.images.storage import Storage


@pytest.fixture
def layer_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "layer"
    (directory / "etc").mkdir(parents=True)
    (directory / "etc/name").write_text("value\n")
    return directory


def test_a_layer_is_the_directory_and_its_digest_the_hash_of_its_bytes(tmp_path: Path, layer_directory: Path) -> None:
    storage = Storage(tmp_path / "registry")
    blob = storage.put_directory(layer_directory)
    content = storage.path(blob.digest).read_bytes()
    assert blob.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert blob.size == len(content)
    with tarfile.open(storage.path(blob.digest)) as archive:
        assert archive.extractfile("./etc/name").read() == b"value\n"  # type: ignore[union-attr]


def test_an_image_is_found_by_its_tag(tmp_path: Path, layer_directory: Path) -> None:
    storage = Storage(tmp_path / "registry")
    layer = storage.put_directory(layer_directory)
    assert storage.digest("ha-platform/x", "1") is None
    digest = storage.put_image("ha-platform/x", "1", {"os": "linux"}, [layer])
    assert storage.digest("ha-platform/x", "1") == digest
    manifest = json.loads(storage.path(digest).read_bytes())
    assert [entry["digest"] for entry in manifest["layers"]] == [layer.digest]
    assert json.loads(storage.path(manifest["config"]["digest"]).read_bytes()) == {"os": "linux"}


def test_an_image_that_lacks_a_layer_is_missing(tmp_path: Path, layer_directory: Path) -> None:
    storage = Storage(tmp_path / "registry")
    layer = storage.put_directory(layer_directory)
    storage.put_image("ha-platform/x", "1", {}, [layer])
    storage.path(layer.digest).unlink()
    assert storage.digest("ha-platform/x", "1") is None, "it must be built again, not served broken"


def test_an_ordinary_file_is_not_taken_for_a_deletion(layer_directory: Path) -> None:
    _mark_deletions(layer_directory)
    assert sorted(path.name for path in layer_directory.rglob("*")) == ["etc", "name"]


def test_prune_keeps_what_a_kept_image_shares(tmp_path: Path, layer_directory: Path) -> None:
    storage = Storage(tmp_path / "registry")
    shared = storage.put_directory(layer_directory)
    (layer_directory / "etc/more").write_text("x" * 4096)
    own = storage.put_directory(layer_directory)
    storage.put_image("ha-platform/x", "new", {"os": "linux"}, [shared])
    storage.put_image("ha-platform/x", "old", {"os": "linux", "old": True}, [shared, own])
    assert storage.prune({("ha-platform/x", "new")}) > own.size
    assert storage.digest("ha-platform/x", "new")
    assert storage.digest("ha-platform/x", "old") is None
    assert not storage.path(own.digest).exists()
    assert storage.prune({("ha-platform/x", "new")}) == 0
