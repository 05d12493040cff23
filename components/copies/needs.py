"""What a kind says of components whose copies the copier takes."""

from collections.abc import Iterator

from components.copies.settings import CopiesSettings
from components.kind import Gives, ImageNeed, Reference

IMAGE = ImageNeed("postgres", below="backups", programs=("python3", "pgbackrest"))
"""The copier's: pgBackRest is in the image that databases have for their own backups."""
KEY = "backups"
KEYS = {
    KEY: {
        "outside": "backups.repository",
        "replicas": "",
        "node_labels": "placement.labels",
        "tolerations": "placement.tolerations",
    }
}
"""For `Kind.keys`."""


def uses(settings: CopiesSettings | None) -> Iterator[Reference]:
    """The repository."""
    if settings is not None:
        yield Reference(f"{KEY}.repository", settings.repository, Gives.REPOSITORY)
