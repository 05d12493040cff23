"""Rules of application tiers that need the whole stack: pinned images, no secrets in plain variables, known facts."""

import difflib
from collections.abc import Iterable, Iterator

from components.app_tier.uses import Use, each_use
from components.context import Context
from components.contracts import Admitting, Offering, Terms
from components.facts import FactText
from model import Origin
from settings.faults import Fault
from settings.plain_secrets import is_secret, secrets_in_arguments
from settings.references import image_ref


def app_images_are_pinned(context: Context) -> Iterator[Fault]:
    """An application's image is a pin's name or a reference with a tag or digest, and not `latest`."""
    images = context.images
    if images is None:
        return
    for app, settings in context.parts("apps").items():
        path = str(Origin(key="apps", name=app).at("image"))
        if images.pin(settings.image):
            for key in sorted({"run_as", "http_tool"} & settings.model_fields_set):
                yield Fault(
                    path=str(Origin(key="apps", name=app).at(key)),
                    rule=f"is for images given by reference; the pin `{settings.image}` says it",
                    fix="Leave it out, or name the image by its reference.",
                )
            continue
        try:
            image_ref(settings.image)
        except ValueError as error:
            known = ", ".join(images.names())
            yield Fault(
                path=path,
                rule=f"is neither a reference with a tag or digest nor a pinned image: {error}",
                got=repr(settings.image),
                fix=f"Write `registry/repository:tag`; pinned in source `{images.source}`: {known}.",
            )
            continue
        if settings.image.endswith(":latest"):
            yield Fault(path=path, rule="`latest` is not a version", got=repr(settings.image), fix="Name a tag.")


def plain_texts_hold_no_secrets(context: Context) -> Iterator[Fault]:
    """Variables and arguments are visible to everybody who may inspect a service or pod."""
    for app, settings in context.parts("apps").items():
        origin = Origin(key="apps", name=app)
        texts: dict[tuple[str, ...], str] = {("env", variable): value for variable, value in settings.env.items()}
        for name, use in each_use(settings.uses).items():
            texts |= {("uses", name, "env", variable): text for variable, text in use.env.items()}
        for keys, value in texts.items():
            variable = keys[-1]
            if variable not in settings.not_secret and is_secret(variable, value):
                path = str(origin.at(*keys))
                yield _secret(path, f"{context.give_secret}{variable.lower()}", variable)
        migration = settings.migrations.command if settings.migrations else ()
        lists = {"command": settings.command or (), "args": settings.args, "migrations.command": migration}
        lists |= {f"schedules.{each}.command": one.command for each, one in settings.schedules.items()}
        for key, arguments in lists.items():
            for index in secrets_in_arguments(arguments) if key not in settings.not_secret else ():
                yield _secret(f"{origin.at(key)}[{index}]", f"{context.give_secret}<name>", key)


def _secret(path: str, command: str, excepted: str) -> Fault:
    return Fault(
        path=path,
        rule="looks like a secret, and plain texts can be read by inspecting the service",
        fix=f"Set it by `{command}` and name it under `secrets` or `secret_env`; if it is not a secret, write "
        f"`not_secret: [{excepted}]`.",
    )


def uses_name_facts(context: Context) -> Iterator[Fault]:
    """Templates name facts, and presets, that the used component's contract has."""
    for app, settings in context.parts("apps").items():
        for name, use in each_use(settings.uses).items():
            component = context.component(name)
            if isinstance(component, Offering) and component.terms().facts:
                yield from _unknown(Origin(key="apps", name=app).at("uses", name), name, use, component.terms())


def uses_name_roles(context: Context) -> Iterator[Fault]:
    """A role is one that logs in and may do something in the used database."""
    for app, settings in context.parts("apps").items():
        for name, use in each_use(settings.uses).items():
            component = context.component(name)
            if use.role is None or component is None:
                continue
            roles = component.roles_of(name.partition("/")[2]) if isinstance(component, Admitting) else ()
            if use.role not in roles:
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("uses", name, "role")),
                    rule=f"is no role that logs in and may do something in `{name}`",
                    got=repr(use.role),
                    fix=_known(use.role, roles) if roles else "It has none: leave the key out.",
                )


def uses_name_poolers(context: Context) -> Iterator[Fault]:
    """`pooled` is for what has a pooler."""
    for app, settings in context.parts("apps").items():
        for name, use in each_use(settings.uses).items():
            component = context.component(name)
            if (
                use.pooled
                and component is not None
                and not (isinstance(component, Offering) and component.terms().pooled)
            ):
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("uses", name, "pooled")),
                    rule=f"leads to a pooler, and `{name}` has none",
                    got="true",
                    fix=f"Leave it out; a database that the stack runs has one by `databases.{name.partition('/')[0]}"
                    ".pooler: {}`.",
                )


def uses_name_users(context: Context) -> Iterator[Fault]:
    """Who is told a password that a server takes only with its user is told the user as well."""
    for app, settings in context.parts("apps").items():
        for name, use in each_use(settings.uses).items():
            component = context.component(name)
            if not isinstance(component, Offering) or not component.terms().named:
                continue
            told = {fact for text in use.env.values() for fact in FactText(text).facts}
            if "password" in told and "user" not in told and use.prefix is None:
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("uses", name, "env")),
                    rule=f"tells the password and not the user: `{name}` knows each application by its name",
                    fix="Write `{user}` in the texts (`redis://{user}:{password}@...`), or, for an application that "
                    f"can send no user, `default_user: apps` at `{name}`.",
                )


def uses_lead_to_ports(context: Context) -> Iterator[Fault]:
    """An application that another one uses has a port: only an application's contract can be empty."""
    for app, settings in context.parts("apps").items():
        for name in settings.uses:
            used = context.component(name)
            if isinstance(used, Offering) and not used.terms().facts:
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("uses", name)),
                    rule="leads to an app without a port",
                    got=repr(name),
                    fix=f"Give apps.{name}.port, or remove the use.",
                )


def updates_find_devices(context: Context) -> Iterator[Fault]:
    """A replica that starts beside the old ones needs devices of its own: an update could wait for them for ever."""
    for name, settings in context.parts("apps").items():
        if settings.devices and settings.order == "start-first":
            extra = {kind: count * settings.rollout.parallelism for kind, count in settings.devices.items()}
            needed = ", ".join(f"{kind}: {count}" for kind, count in extra.items())
            yield Fault(
                path=str(Origin(key="apps", name=name).at("devices")),
                rule=f"an update starts new replicas before old ones stop, and waits until {needed} more are free",
                fix="Keep that many free, or set `rollout.order: stop-first` (on Kubernetes with one replica).",
            )


def presets_fit(context: Context) -> Iterator[Fault]:
    """A preset is for what the used component does well."""
    for app, settings in context.parts("apps").items():
        for name, use in each_use(settings.uses).items():
            component = context.component(name)
            if use.preset is None or not isinstance(component, Offering):
                continue
            if wrong := component.terms().unfit.get(use.preset):
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("uses", name, "preset")), rule=wrong, got=repr(use.preset)
                )


def _unknown(origin: Origin, name: str, use: Use, terms: Terms) -> Iterator[Fault]:
    if use.preset is not None and use.preset not in terms.presets:
        yield Fault(
            path=str(origin.at("preset")),
            rule=f"is no preset of `{name}`",
            got=repr(use.preset),
            fix=_known(use.preset, terms.presets) if terms.presets else "It has none: name its facts under `env`.",
        )
    for variable, text in use.env.items():
        for fact in FactText(text).facts:
            if fact not in terms.facts:
                yield Fault(
                    path=str(origin.at("env", variable)),
                    rule=f"names a fact that `{name}` does not have",
                    got=f"{{{fact}}}",
                    fix=_known(fact, terms.facts),
                )


def _known(word: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"{f'Did you mean `{close[0]}`? ' if close else ''}Known here: {', '.join(names)}."


RULES = (
    app_images_are_pinned,
    plain_texts_hold_no_secrets,
    uses_lead_to_ports,
    uses_name_facts,
    uses_name_poolers,
    uses_name_roles,
    uses_name_users,
)
ADVICE = (updates_find_devices, presets_fit)
