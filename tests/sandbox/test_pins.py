"""The pins: the sandbox's are what its recipes say, and both files are complete."""

import re
import tomllib

import pytest

from sandbox.hosts.registry import ADDRESS
from sandbox.images import pins
from sandbox.images.recipe import recipes

PLATFORM_IMAGES = (
    "haproxy",
    "nginx",
    "postgres",
    "etcd",
    "valkey",
    "redis",
    "prometheus",
    "alertmanager",
    "node-exporter",
)
STORES = ("postgres", "etcd", "valkey", "redis", "prometheus", "alertmanager")


def _read(name: str) -> dict[str, dict[str, object]]:
    return tomllib.loads((pins.PATH.parent / f"{name}.toml").read_text())


def test_the_sandbox_pins_are_fresh() -> None:
    assert pins.is_fresh(), "a recipe or a copied file changed; run `python -m sandbox.images pins` and commit the file"


def test_the_sandbox_pins_every_image_in_the_loopback_registry() -> None:
    read = _read("sandbox")
    assert set(read) == set(recipes())
    for name, pin in read.items():
        assert re.fullmatch(rf"{re.escape(ADDRESS)}/ha-platform/{name}:[0-9a-f]{{12}}", str(pin["ref"]))


@pytest.mark.parametrize("source", ["upstream", "sandbox"])
def test_every_platform_image_is_pinned(source: str) -> None:
    read = _read(source)
    assert [name for name in PLATFORM_IMAGES if name not in read] == []
    assert [name for name in STORES if "data_dir" not in read[name]] == [], "a store needs a directory for its volume"


@pytest.mark.parametrize("source", ["upstream", "sandbox"])
def test_a_pin_has_a_digest_or_says_that_it_is_unverified(source: str) -> None:
    for name, pin in _read(source).items():
        digest = pin.get("digest")
        assert (digest is None) == (pin.get("unverified") is True), f"{source}.toml: {name}"
        assert digest is None or re.fullmatch(r"sha256:[0-9a-f]{64}", str(digest))


def test_every_upstream_tag_names_a_version() -> None:
    for name, pin in _read("upstream").items():
        tag = str(pin["ref"]).rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{name}: the tag '{tag}' names no version"
