"""Rules of databases that depend on the server in the image."""

import difflib
from collections.abc import Iterator

from components.context import Context
from components.contracts import Keeping
from components.postgres_ha import wal
from components.postgres_ha.connections import RESERVED
from components.postgres_ha.parameters import majors, parameters, value_of
from components.postgres_ha.restore_settings import RestoreFromSettings
from components.postgres_ha.settings import PostgresSettings
from model import Origin
from settings.faults import Fault, shown
from settings.types import size_text

_PRELOADED = frozenset({"pg_stat_statements", "pgaudit"})


def parameters_are_known(context: Context) -> Iterator[Fault]:
    """Every parameter is one of the pinned PostgreSQL's, with a value that it takes."""
    pin = context.images.pin("postgres") if context.images else None
    if pin is None:
        return
    for origin, settings in _own(context):
        if settings.parameters and pin.major not in majors():
            yield Fault(
                path=str(origin.at("parameters")),
                rule=f"needs a PostgreSQL whose parameters are known: {', '.join(map(str, majors()))}",
                got=str(pin.major) if pin.major else None,
                fix="Pin another image, or say its version by `images.override.postgres.major`.",
            )
        elif settings.parameters:
            yield from _faults(origin, settings, pin.major or 0)


def _own(context: Context) -> Iterator[tuple[Origin, PostgresSettings]]:
    """The sound databases that the stack runs itself."""
    for name, settings in context.parts("databases").items():
        if isinstance(settings, PostgresSettings):
            yield Origin(key="databases", name=name), settings


def _faults(origin: Origin, settings: PostgresSettings, major: int) -> Iterator[Fault]:
    known = parameters(major)
    sound = {}
    for name, text in settings.parameters.items():
        path = str(origin.at("parameters", name))
        if "." not in name and name not in known:
            lower = {each.lower(): each for each in known}
            close = difflib.get_close_matches(name.lower(), lower, n=1)
            yield Fault(
                path=path,
                rule=f"is not a parameter of PostgreSQL {major}",
                fix=f"Did you mean `{lower[close[0]]}`?" if close else "An extension's has a dot: `extension.name`.",
            )
            continue
        try:
            sound[name] = value_of(name, text, major)
        except ValueError as error:
            yield Fault(path=path, rule=str(error), got=shown(path, text))
    yield from _against_keys(origin, settings, sound)


def _against_keys(origin: Origin, settings: PostgresSettings, sound: dict[str, int | str]) -> Iterator[Fault]:
    if sum(int(sound.get(name, default)) for name, default in RESERVED.items()) >= settings.max_connections:
        first = next(name for name in RESERVED if name in sound)
        yield Fault(
            path=str(origin.at("parameters", first)),
            rule=f"leaves none of the {settings.max_connections} `max_connections`, and PostgreSQL does not start",
            got=str(sound[first]),
            fix="Lower it, or raise `max_connections`.",
        )
    for name, rule, fix in wal.faults(sound, volume=settings.volume, members=settings.members):
        yield Fault(path=str(origin.at("parameters", name)), rule=rule, got=settings.parameters[name], fix=fix)
    if settings.synchronous and sound.get("synchronous_commit") in ("off", "local"):
        yield Fault(
            path=str(origin.at("parameters", "synchronous_commit")),
            rule="acknowledges writes that no replica has, against `synchronous`",
            got=str(sound["synchronous_commit"]),
            fix="Leave out one of the two.",
        )


def the_image_has_extensions(context: Context) -> Iterator[Fault]:
    """Every extension is one that the pinned image can create, and starts with the server if it must."""
    pin = context.images.pin("postgres") if context.images else None
    if pin is None:
        return
    for origin, settings in _own(context):
        named = [(f"{origin.at('extensions')}[{index}]", each) for index, each in enumerate(settings.extensions)]
        for database, below in settings.databases.items():
            at = origin.at("databases", database, "extensions")
            named += [(f"{at}[{index}]", each) for index, each in enumerate(below.extensions)]
        for path, extension in named:
            preloaded = settings.parameters.get("shared_preload_libraries", "").replace(",", " ").split()
            if extension not in pin.extensions:
                known = f"It has {', '.join(pin.extensions)}" if pin.extensions else "None is known of it"
                yield Fault(
                    path=path,
                    rule="is not an extension of the image `postgres`",
                    got=repr(extension),
                    fix=f"{known}. Another image says its own by `images.override.postgres.extensions`.",
                )
            elif extension in _PRELOADED and extension not in preloaded:
                yield Fault(
                    path=path,
                    rule="works only if its library starts with the server",
                    got=repr(extension),
                    fix=f"Write `parameters.shared_preload_libraries: {' '.join([*preloaded, extension])}`.",
                )


def the_image_has_pgbackrest(context: Context) -> Iterator[Fault]:
    """Backups are taken by the members themselves, and dumps go the same way."""
    pin = context.images.pin("postgres") if context.images else None
    for origin, settings in _own(context):
        wanted = {"backups": settings.backups, "dumps": settings.dumps, "restore_from": settings.restore_from}
        for key in (key for key, value in wanted.items() if value is not None and pin and not pin.pgbackrest):
            yield Fault(
                path=str(origin.at(key)),
                rule="needs pgBackRest, which the image `postgres` does not have",
                got=pin.ref if pin else None,
                fix="Build one from it that has (README of the component), and pin it by `images.override.postgres` "
                "with `pgbackrest: true`.",
            )


def a_copy_has_a_source(context: Context) -> Iterator[Fault]:
    """What a database begins with is another one's, has backups where they are read, and fits."""
    parts = context.parts("databases")
    for origin, settings in _own(context):
        begins = settings.restore_from
        if begins is None or ("databases", begins.database) in context.broken or not context.knows("databases"):
            continue
        other = parts.get(begins.database)
        at = origin.at("restore_from", "database")
        if begins.database == origin.name:
            yield Fault(
                path=str(at),
                rule="is this database itself",
                got=repr(begins.database),
                fix=f"A copy has a name of its own; in place it is `make restore DB={origin.name}`.",
            )
        elif not isinstance(other, PostgresSettings) or other.backups is None:
            yield Fault(
                path=str(at),
                rule="names no database of this stack with `backups`",
                got=repr(begins.database),
                fix="Name one that has, or take `restore_from` out: after the first start it does nothing.",
            )
        else:
            yield from _unlike(origin, settings, begins, other)
            known = other.backups.repositories
            if begins.repository not in known and begins.repository in context.names("repositories"):
                yield Fault(
                    path=str(origin.at("restore_from", "repository")),
                    rule=f"is none where `{begins.database}` has its backups",
                    got=repr(begins.repository),
                    fix=f"Name one of {', '.join(known)}.",
                )


def _unlike(
    origin: Origin, settings: PostgresSettings, begins: RestoreFromSettings, other: PostgresSettings
) -> Iterator[Fault]:
    if settings.database != other.database:
        yield Fault(
            path=str(origin.at("database")),
            rule=f"is not the name that the data of `{begins.database}` has, with which it begins",
            got=repr(settings.database),
            fix=f"Write `database: {other.database}`.",
        )
    if settings.volume < other.volume:
        yield Fault(
            path=str(origin.at("volume")),
            rule=f"is smaller than that of `{begins.database}`, whose data it begins with",
            got=size_text(settings.volume),
            fix=f"Set {size_text(other.volume)} or more.",
        )


def two_servers_have_one_replica(context: Context) -> Iterator[Fault]:
    """What is lost with two: said, for it is a fair choice."""
    for origin, settings in _own(context):
        if settings.members == 2:
            waits = "and writes are acknowledged by one server alone, in spite of `synchronous`"
            if settings.synchronous == "strict":
                waits = "and no write is acknowledged meanwhile, for `synchronous` is `strict`"
            yield Fault(
                path=str(origin.at("members")),
                rule="has one replica: while a server is away, or copies the data, nothing is left to take over"
                + (f", {waits}" if settings.synchronous else ""),
                got="2",
                fix="Set 3 to survive a second loss.",
            )


def servers_wait_for_a_volume(context: Context) -> Iterator[Fault]:
    """A mount comes before the process: said, for it is a fair choice."""
    for origin, settings in _own(context):
        repositories = settings.backups.repositories if settings.backups else ()
        named = {f"{origin.at('backups', 'repositories')}[{at}]": one for at, one in enumerate(repositories)}
        if settings.restore_from:
            named[str(origin.at("restore_from", "repository"))] = settings.restore_from.repository
        for path, repository in named.items():
            place = context.component(repository)
            if isinstance(place, Keeping) and place.on_volume:
                yield Fault(
                    path=path,
                    rule="is on a volume that every server mounts: while the file server is away, a server that runs "
                    "goes on, and one that starts waits for it",
                    got=repr(repository),
                    fix="Use a repository of `sftp` or `s3` where servers must start without it.",
                )


RULES = (parameters_are_known, the_image_has_extensions, the_image_has_pgbackrest, a_copy_has_a_source)
