"""Which texts are references to an image: with a tag or a digest, in the characters that registries take."""

import pytest
from pydantic import TypeAdapter, ValidationError

from settings.types import ImageRef

_REF = TypeAdapter(ImageRef)
_DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "ref",
    [
        "redis:7.2",
        f"redis@{_DIGEST}",
        f"registry.example.com:5000/team/chat_app:v1.0-rc.1@{_DIGEST}",
        "127.0.0.1:5000/ha-platform/chat:_1",
        "redis:" + "a" * 128,
        "localhost/chat:1",
        "registry/chat__app/a-b--c:1",
    ],
)
def test_references(ref: str) -> None:
    assert _REF.validate_python(ref) == ref


@pytest.mark.parametrize(
    "ref",
    [
        "redis",
        "redis:",
        "Redis:7",
        "redis:-7",
        "redis:" + "a" * 129,
        "redis:7.2é",
        "redis:\u0667",  # a digit, of another script
        "registry.example.com:\u0665000/redis:7",
        "redis@sha256:abc",
        "redis:7\n",
        "registry.example.com//x/web:1.0",
        "registry.example.com/web/:1.0",
        "/web:1.0",
        "web:1.0:2.0",
        f"web@{_DIGEST}:1.0",
        f"web@{_DIGEST}@{_DIGEST}",
        "registry.example.com:70000/web:1",
        "registry.example.com:/web:1",
        "-registry.example.com/web:1",
        f"{'a' * 64}.example.com/web:1",
        "chat___app:1",
        "chat..app:1",
        "chat.:1",
        "a" * 256 + ":1",
        "",
        "a/" * 256 + "a:1",
    ],
)
def test_other_texts(ref: str) -> None:
    with pytest.raises(ValidationError):
        _REF.validate_python(ref)
