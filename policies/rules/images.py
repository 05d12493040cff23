"""Images."""

import re
from collections.abc import Iterator

from rules.rule import ADVISORY, Rule
from views import WorkloadView

_OWN = re.compile(r"(localhost|127\.0\.0\.1)(:[0-9]+)?/")
"""A registry on the host itself: it has what was built there, under tags that name the content."""


def _unpinned(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        image = container.image
        if image is None or "@sha256:" in image:
            continue
        _, _, tag = image.rsplit("/", 1)[-1].partition(":")
        if tag in ("", "latest"):
            yield f"{workload.name}: image {image} has no fixed version."


def _undigested(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if container.image and "@sha256:" not in container.image and not _OWN.match(container.image):
            yield f"{workload.name}: image {container.image} has no digest."


RULES = (
    Rule(
        name="image-is-pinned",
        says="Images carry a digest, or a tag other than latest.",
        why="Otherwise two hosts may run two versions, and there is no version to go back to.",
        fix="Give it a tag or a digest.",
        of_workload=_unpinned,
    ),
    Rule(
        name="image-has-a-digest",
        says="Images of registries carry a digest.",
        why="A tag can be moved to another content, by its owner or by who took over their account.",
        fix="Add `@sha256:...`, as `docker buildx imagetools inspect` shows it.",
        level=ADVISORY,
        of_workload=_undigested,
    ),
)
