"""Annotations of an application's account, by which clouds give it rights."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from components.placement import LabelKey
from settings.references import process_text

_OF_THE_PLATFORM = ("pulumi.com/", "ha-platform/", "kubernetes.io/", "k8s.io/")


def _key(text: str) -> str:
    """Not one by which the platform, the engine or the cluster is told something."""
    if any(text.startswith(prefix) or f".{prefix}" in text for prefix in _OF_THE_PLATFORM):
        raise ValueError("belongs to the platform or the cluster itself; leave it out")
    return text


AccountAnnotations = dict[
    Annotated[LabelKey, AfterValidator(_key)],
    Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(process_text)],
]
"""Key -> value."""
