"""Images."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from rules.base import workload_policy
from views import WorkloadView


def image_is_pinned(level: EnforcementLevel) -> ResourceValidationPolicy:
    """An image has a digest, or a tag that is not `latest`: otherwise two hosts may run two versions."""
    return workload_policy("image-is-pinned", "Images carry a digest or a tag other than latest.", level, _unpinned)


def _unpinned(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        image = container.image
        if image is None or "@sha256:" in image:
            continue
        _, _, tag = image.rsplit("/", 1)[-1].partition(":")
        if tag in ("", "latest"):
            yield f"{workload.name}: image {image} has no fixed version; give it a tag or digest."
