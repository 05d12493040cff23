"""Rules across components that repositories have."""

from collections.abc import Iterator, Mapping

from components.context import Context
from components.contracts import Sharing, Writing
from components.repository.settings import RepositorySettings
from model import Origin
from settings.faults import Fault


def repositories_are_apart(context: Context) -> Iterator[Fault]:
    """Two repositories in one place are one: losing it loses both, and each would remove the other's backups."""
    seen: dict[tuple[str, ...], Origin] = {}
    for origin, settings in _repositories(context):
        place = _place(context, settings)
        if place in seen:
            yield Fault(
                path=str(origin),
                rule=f"is the place of {seen[place].path}: the same {place[0]} and `prefix`",
                fix=f"Name another {place[0]} or `prefix`, or leave one of the two out.",
            )
        seen.setdefault(place, origin)


def volumes_outlive_hosts(context: Context) -> Iterator[Fault]:
    """A backup that is lost with the host that the data was on is none."""
    for origin, volume in _on_volumes(context):
        shared = context.component(volume)
        if isinstance(shared, Sharing) and shared.of_one_host:
            yield Fault(
                path=str(origin.at("volume", "name")),
                rule="is a directory of the host itself, and lost with what is on it",
                got=repr(volume),
                fix=f"Mount one from a file server by `volumes.{volume}.options`, or use `sftp` or `s3`.",
            )


def nobody_else_writes(context: Context) -> Iterator[Fault]:
    """Who may write where backups are may remove them: who breaks into an application could."""
    for origin, volume in _on_volumes(context):
        for path, written in _written(context):
            if written == volume:
                yield Fault(
                    path=str(origin.at("volume", "name")),
                    rule=f"is a volume to which an application writes ({path}), and it could remove backups",
                    got=repr(volume),
                    fix="Give backups a volume of their own, or write `read_only: true` there.",
                )


def _written(context: Context) -> Iterator[tuple[str, str]]:
    """Path below the stack's root, and shared volume, of everything that writes to one."""
    for key in type(context.stack).model_fields:
        parts = getattr(context.stack, key, None)
        for name, settings in parts.items() if isinstance(parts, Mapping) else ():
            if isinstance(settings, Writing):
                for below, volume in settings.writes_to().items():
                    yield Origin(key=key, name=name).at(below).path, volume


def _place(context: Context, settings: RepositorySettings) -> tuple[str, ...]:
    """The noun of the place, and what it is known by: of a file server's directory the same, whatever its name here."""
    prefix = settings.prefix or "<stack>"  # the stack's name is not known here, and no prefix is like this
    shared = context.component(settings.on_volume) if settings.on_volume else None
    if isinstance(shared, Sharing) and shared.known_by:
        return ("volume", *shared.known_by, prefix)
    return settings.store.same(prefix)


def _repositories(context: Context) -> Iterator[tuple[Origin, RepositorySettings]]:
    for name, settings in context.parts("repositories").items():
        assert isinstance(settings, RepositorySettings)
        yield Origin(key="repositories", name=name), settings


def _on_volumes(context: Context) -> Iterator[tuple[Origin, str]]:
    for origin, settings in _repositories(context):
        if settings.on_volume:
            yield origin, settings.on_volume


RULES = (repositories_are_apart, volumes_outlive_hosts, nobody_else_writes)
