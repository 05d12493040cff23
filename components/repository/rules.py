"""Rules across components that repositories have."""

from collections.abc import Iterator

from components.context import Context
from components.repository.settings import RepositorySettings
from model import Origin
from settings.faults import Fault


def repositories_are_apart(context: Context) -> Iterator[Fault]:
    """Two repositories in one place are one: losing it loses both, and each would remove the other's backups."""
    seen: dict[tuple[str, int, str, str | None], Origin] = {}
    for name, settings in context.parts("repositories").items():
        assert isinstance(settings, RepositorySettings)
        s3, origin = settings.s3, Origin(key="repositories", name=name)
        place = (s3.endpoint, s3.port, s3.bucket, settings.prefix)
        if place in seen:
            yield Fault(
                path=str(origin),
                rule=f"is the place of {seen[place].path}: the same bucket and `prefix`",
                fix="Name another bucket or `prefix`, or leave one of the two out.",
            )
        seen.setdefault(place, origin)


RULES = (repositories_are_apart,)
