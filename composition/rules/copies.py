"""What the copier needs."""

from collections.abc import Iterator

from components.context import Context
from composition.kinds import components
from settings.faults import Fault


def the_copier_has_pgbackrest(context: Context) -> Iterator[Fault]:
    """It reaches repositories by it."""
    pin = context.images.pin("postgres") if context.images else None
    if pin is None or pin.pgbackrest:
        return  # that there is none is said by another rule
    for kind, part in components(context.stack):
        if kind.copied(part.settings) is not None:
            yield Fault(
                path=str(part.origin.at("backups")),
                rule="needs pgBackRest, which the image `postgres` does not have",
                got=pin.ref,
                fix="Build one from it that has (README of PostgresHA), and pin it by `images.override.postgres` with "
                "`pgbackrest: true`.",
            )


RULES = (the_copier_has_pgbackrest,)
